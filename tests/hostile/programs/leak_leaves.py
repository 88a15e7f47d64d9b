# Tries: leave the word it was given in every place that the next sample could look into.
import atexit
import builtins
import ctypes
import gc
import json
import mmap
import os
import sys
import tempfile
import threading

word = sys.stdin.readline().strip() + os.environ.get("WORD", "") + "".join(sys.argv[1:])
builtins.word = word
os.environ["LEFT"] = word
sys.modules["left"] = word
json.left = word
gc.callbacks.append(lambda *a: word)
atexit.register(print, word)
held = [bytearray(word.encode()) * 10_000 for _ in range(100)]
area = mmap.mmap(-1, 1 << 20)
area.write(word.encode() * 1000)
ctypes.CDLL(None).prctl(15, word.encode()[:15])
threading.Thread(target=lambda: print(word), name=word).start()
for place in ("/work", "/tmp", "/dev/shm", tempfile.gettempdir()):
    with open(f"{place}/{word[:200]}", "w") as file:
        file.write(word * 1000)
try:
    from multiprocessing import shared_memory

    shared = shared_memory.SharedMemory(create=True, size=4096, name=word[:100].replace("/", ""))
    shared.buf[: len(word)] = word.encode()
except (ImportError, OSError, ValueError):
    pass
print(word * 1000)
print(word * 1000, file=sys.stderr)


def add(a, b):
    return word + str(a) + str(b)
