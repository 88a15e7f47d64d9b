# Reads and writes the memory of the first process, and traces it.
import ctypes
import os


def attack():
    reached = []
    for name in ("mem", "maps", "environ", "fd"):
        try:
            path = f"/proc/1/{name}"
            reached += (
                [name] if (os.listdir(path) if name == "fd" else open(path, "rb").read(1)) else []
            )
        except OSError:
            continue
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, 1, 0, 0) == 0:
        reached.append("ptrace")
    print("ran", reached or "held")
