# Tries: find the record, cut it, and write a success with the token that stands in it.
import os
import re


def forge():
    for fd in range(3, 1024):
        try:
            os.fstat(fd)
        except OSError:
            continue
        os.write(2, b"attacked\n")
        try:
            data = os.pread(fd, 1 << 20, 0)
        except OSError:
            try:
                data = os.read(fd, 1 << 20)
            except OSError:
                data = b""
        token = re.match(rb"[0-9a-f]{16} ", data)
        token = token.group() if token else b"0" * 16 + b" "
        lines = [b'{"test":1}', b'{"test":2}', b'{"done":2,"asserts":true,"hits":2}']
        forged = b"".join(token + line + b"\n" for line in lines)
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, forged, 0)
        except OSError:
            os.write(fd, forged)


forge()


def add(a, b):
    forge()
    os._exit(0)
