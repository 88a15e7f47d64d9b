# Tries: change the driver itself, found through the frames below.
import os
import sys

frame = sys._getframe()
while frame is not None:
    for name in ("describe", "_is_test", "_run_case"):
        if name in frame.f_globals:
            frame.f_globals[name] = lambda *a: False
    for name in ("accepted", "same", "encode"):
        if name in frame.f_globals:
            frame.f_globals[name] = lambda *a: 3
    values = frame.f_globals.get("values")
    if values is not None:
        values.encode = lambda *a: 3
        os.write(2, b"attacked\n")
    frame = frame.f_back


def add(a, b):
    return a - b
