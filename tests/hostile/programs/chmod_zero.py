# Tries: leave directories and files that nobody may read, write or enter.
import os

for place in ("/work", "/tmp", "/dev/shm"):
    os.makedirs(f"{place}/a/b/c")
    open(f"{place}/a/b/c/file", "w").close()
    os.chmod(f"{place}/a/b/c/file", 0)
    os.chmod(f"{place}/a/b/c", 0)
    os.chmod(f"{place}/a/b", 0o111)
    os.chmod(f"{place}/a", 0)
print("contained")
