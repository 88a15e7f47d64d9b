# Tries: change the driver itself, found through the frames below.
import os
import sys

frame = sys._getframe().f_back
while frame is not None:
    space = frame.f_globals
    for name in ("describe", "is_a_test", "describe_error", "is_held_elsewhere"):
        if name in space:
            space[name] = lambda *a: False
    for name in ("honest", "accepted", "same", "encode", "form_of"):
        if name in space:
            space[name] = lambda *a: 3
    values = space.get("values")
    if values is not None:
        values.encode = values.form_of = lambda *a: 3
    for kind in ("Recorder", "Suite", "Candidate"):
        if kind in space:
            space[kind].write = space[kind].encode = lambda *a: 3
    os.write(2, b"attacked\n")
    frame = frame.f_back


def add(a, b):
    return a - b
