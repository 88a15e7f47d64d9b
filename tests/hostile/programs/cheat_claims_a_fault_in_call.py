# Tries: report, from inside a test, whatever could stand for a fault of the sandbox.
import os
import sys


def add(a, b):
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if type(value).__name__ == "Recorder":
                for event in ({"fault": "not me"}, {"unreadable": "call 0"}, {"begun": True}, {"ready": True}):
                    value.write(event)
                os.write(2, b"attacked\n")
                os._exit(254)
        frame = frame.f_back
    return a - b
