# Tries: take all memory with shared anonymous maps, which no heap limit sees.
import mmap
import time

held = []
for _ in range(64):
    area = mmap.mmap(-1, 64 << 20)
    for page in range(0, len(area), 4096):
        area[page] = 1
    held.append(area)
time.sleep(60)
