# Tries: hide memory in anonymous files that no process has mapped.
import os

held = []
block = bytes(1 << 20)
for number in range(60):
    fd = os.memfd_create(str(number))
    held.append(fd)
    for _ in range(60):
        os.write(fd, block)
print("took", sum(os.fstat(fd).st_size for fd in held) >> 20, "MiB")
