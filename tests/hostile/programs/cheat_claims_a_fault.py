# Tries: report a fault of the sandbox, so that its failure does not count.
import os
import sys

frame = sys._getframe()
while frame is not None:
    for value in list(frame.f_locals.values()):
        if type(value).__name__ == "Recorder":
            value.write({"fault": "not me"})
            os.write(2, b"attacked\n")
            os._exit(254)
    frame = frame.f_back


def add(a, b):
    return a - b
