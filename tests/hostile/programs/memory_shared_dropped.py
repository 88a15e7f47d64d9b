# Tries: hold memory that no process has mapped just now: dropped pages of a mapping that is shared.
import mmap
import time

STEP = 16 << 20
kept = []
for _ in range(64):
    piece = mmap.mmap(-1, STEP)
    for at in range(0, STEP, mmap.PAGESIZE):
        piece[at] = 1
    piece.madvise(mmap.MADV_DONTNEED)
    kept.append(piece)
    time.sleep(0.02)
time.sleep(1)
