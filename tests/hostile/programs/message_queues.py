# Tries: leave POSIX and System V objects, which outlive processes.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
made = []
for name, number, arguments in (
    ("shmget", 29, (0x1234, 4096, 0o1666)),
    ("shmget private", 29, (0, 4096, 0o1666)),
    ("semget", 64, (0x1234, 1, 0o1666)),
    ("msgget", 68, (0x1234, 0o1666)),
    ("mq_open", 240, (b"left", 0o102, 0o666, 0)),
    ("add_key", 248, (b"user", b"left", b"secret", 6, -4)),
    ("keyctl", 250, (1, b"left")),
    ("request_key", 249, (b"user", b"left", b"", -4)),
):
    if libc.syscall(number, *arguments) >= 0:
        made.append(name)
if os.path.isdir("/dev/mqueue"):
    try:
        with open("/dev/mqueue/left", "w"):
            pass
    except OSError:
        pass
print("contained" if not made else made)
