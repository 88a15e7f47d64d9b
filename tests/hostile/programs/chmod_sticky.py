# Tries: leave sticky directories, in which only an owner may remove a file.
import os

for place in ("/work", "/tmp", "/dev/shm"):
    os.makedirs(f"{place}/a/b")
    for path in (f"{place}/a", f"{place}/a/b"):
        open(f"{path}/file", "w").close()
        os.symlink("/", f"{path}/link")
        os.chmod(path, 0o1777)
    os.chmod(f"{place}/a/b", 0o1000)
print("contained")
