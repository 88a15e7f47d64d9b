# Tries: find a descriptor that it was not given on purpose.
import os

found = {}
for fd in range(1024):
    try:
        found[fd] = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        try:
            os.fstat(fd)
            found[fd] = "hidden"
        except OSError:
            pass
print("contained" if set(found) == {0, 1, 2} else found)
