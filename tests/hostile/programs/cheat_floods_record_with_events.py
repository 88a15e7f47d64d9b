# Tries: keep the engine busy with a record of millions of lines that are as they should be.
import os
import sys


def add(a, b):
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if type(value).__name__ == "Recorder":
                os.write(2, b"attacked\n")
                write = value._append
                for _ in range(100):
                    write(b"\n".join([b'{"test":"' + b"x" * 200 + b'"}'] * 4000))
        frame = frame.f_back
    return a - b
