# Tries: take all memory with files in /tmp.
with open("/tmp/big", "wb") as file, open("/tmp/big2", "wb") as second:
    while True:
        file.write(bytes(1 << 20))
        second.write(bytes(1 << 20))
