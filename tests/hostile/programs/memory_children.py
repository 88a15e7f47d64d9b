# Tries: spread memory over many processes, each of them small.
import os
import time

for _ in range(40):
    if os.fork() == 0:
        held = bytearray(os.urandom(1 << 20)) * 40
        time.sleep(60)
time.sleep(60)
