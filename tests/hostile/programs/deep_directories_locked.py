# Tries: nest directories and take away the rights to each of them.
import os

levels = []
for _ in range(1200):
    os.mkdir("d")
    levels.append(os.open(".", os.O_RDONLY)) if len(levels) < 900 else None
    os.chdir("d")
for fd in reversed(levels):
    os.chmod("d", 0, dir_fd=fd)
print("contained")
