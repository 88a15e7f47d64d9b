# Tries: leave locks and leases on files that every sandbox shares.
import fcntl
import os

done = []
fd = os.open("/usr/bin/python3", os.O_RDONLY)
for name, action in (
    ("lease", lambda: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)),
    ("notify", lambda: fcntl.fcntl(fd, fcntl.F_NOTIFY, 0x80000001)),
):
    try:
        action()
        done.append(name)
    except OSError:
        pass
print("contained" if not done else done)
