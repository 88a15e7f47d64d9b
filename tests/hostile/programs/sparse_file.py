# Tries: make a file that is far larger than the disk.
with open("sparse", "wb") as file:
    file.truncate(1 << 40)
