# Tries: fill memory with page tables. A page that is only read has none of its own, yet its entry
# in a table has a place.
import mmap
import time

GIB = 1 << 30
kept = []
for _ in range(400):
    area = mmap.mmap(-1, GIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)
    area.madvise(mmap.MADV_NOHUGEPAGE)
    for offset in range(0, GIB, 2 << 20):
        area[offset]
    kept.append(area)
time.sleep(1)
print("held 800 MiB")
