# Reads and writes the memory of the first process, traces it and takes its files.
import ctypes
import os
import stat


def attack():
    reached = []
    for way in (os.O_RDONLY, os.O_RDWR):
        try:
            fd = os.open("/proc/1/mem", way)
            os.lseek(fd, 0x400000, os.SEEK_SET)
            reached += ["mem"] if os.read(fd, 1) else []
        except OSError:
            continue
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, 1, 0, 0) == 0:
        reached.append("ptrace")
    for number in range(64):
        try:
            fd = os.open(f"/proc/1/fd/{number}", os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            continue
        # Devices are everybody's: the warden reads nothing from /dev/null.
        reached += [] if stat.S_ISCHR(os.fstat(fd).st_mode) else [f"descriptor {number}"]
        os.close(fd)
    print("ran", reached or "held")
