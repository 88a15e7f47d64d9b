# Tries: search its own memory for the token of the record, and forge a success with it.
import os
import re


def add(a, b):
    wanted = set()
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if "rw" not in rights or end - start > 1 << 28:
                continue
            try:
                memory.seek(start)
                wanted |= set(re.findall(rb"(?<![0-9a-f])[0-9a-f]{16} (?=\{|\0)", memory.read(end - start)))
            except (OSError, ValueError):
                pass
    os.write(2, b"attacked\n")
    for token in wanted:
        lines = [b'{"test":1}', b'{"test":2}', b'{"done":2,"asserts":true,"hits":2}']
        for fd in range(3, 1024):
            try:
                os.write(fd, b"".join(token + line + b"\n" for line in lines))
            except OSError:
                pass
    os._exit(0)
