# Tries: come back from a call twice, once per process.
import os


def add(a, b):
    if os.fork():
        os.wait()
    return a - b
