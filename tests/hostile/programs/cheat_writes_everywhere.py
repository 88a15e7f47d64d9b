# Tries: write a forged success to every descriptor there is, before and during the tests.
import os

LINES = b'{"test": 1}\n{"test": 2}\n{"call": 0, "value": 3}\n{"done": 2, "asserts": true, "hits": 2}\n'


def forge():
    for fd in range(3, 4096):
        try:
            os.write(fd, LINES)
            os.write(2, b"attacked\n")
        except OSError:
            pass


forge()


def add(a, b):
    forge()
    os._exit(0)
