# Tries: change what a descriptor shares with its other holders: flags, owner, signal, locks.
import fcntl
import os

for fd in (0, 1, 2):
    for action in (
        lambda: fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND | os.O_ASYNC | os.O_NOATIME),
        lambda: fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND),
        lambda: fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid()),
        lambda: fcntl.fcntl(fd, fcntl.F_SETSIG, 40),
        lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
        lambda: fcntl.fcntl(fd, 1031, 1 << 20),
        lambda: fcntl.fcntl(fd, 1036, b"\5" + bytes(7)),
        lambda: os.lseek(fd, 77, os.SEEK_SET),
    ):
        try:
            action()
        except (OSError, ValueError):
            pass
for fd in (1, 2):
    os.set_blocking(fd, True)
print("contained")
