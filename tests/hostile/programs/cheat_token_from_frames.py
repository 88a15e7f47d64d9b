# Tries: find the driver's recorder in the frames below, and report success through it.
import gc
import os
import sys


def recorders():
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if type(value).__name__ == "Recorder":
                yield value
        frame = frame.f_back
    for value in gc.get_objects():
        if type(value).__name__ == "Recorder":
            yield value


def add(a, b):
    for recorder in recorders():
        recorder.write({"test": 1})
        recorder.write({"test": 2})
        recorder.write({"done": 2, "asserts": True, "hits": 2})
        os.write(2, b"attacked\n")
        os._exit(0)
    return a - b
