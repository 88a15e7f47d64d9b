# Tries: take all memory with files in /dev/shm.
for number in range(1000):
    with open(f"/dev/shm/{number}", "wb") as file:
        file.write(bytes(4 << 20))
