# Tries: use up the kernel's memory with empty files in every place, as many as time allows.
import os

for number in range(10_000_000):
    for place in ("/work", "/tmp", "/dev/shm"):
        os.symlink("x" * 200, f"{place}/f{number}")
