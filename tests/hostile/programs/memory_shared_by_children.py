# Tries: hold memory that only children touched, which are gone.
import mmap
import os
import time

STEP, SIZE = 16 << 20, 1 << 30
shared = mmap.mmap(-1, SIZE)
for start in range(0, SIZE, STEP):
    if os.fork() == 0:
        for at in range(start, start + STEP, mmap.PAGESIZE):
            shared[at] = 1
        os._exit(0)
    os.wait()
time.sleep(1)
