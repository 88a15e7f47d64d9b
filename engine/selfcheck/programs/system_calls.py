# Makes calls that a container's usual filter lets through.
import ctypes
import os


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    made = []
    if libc.shmget(0, 4096, 0o1600) >= 0:
        made.append("shmget")
    if libc.msgget(0, 0o1600) >= 0:
        made.append("msgget")
    if libc.semget(0, 1, 0o1600) >= 0:
        made.append("semget")
    for name, flag in (("user", 1 << 28), ("network", 1 << 30), ("mount", 1 << 17)):
        pid = os.fork()
        if pid == 0:
            os._exit(libc.unshare(flag) == 0)
        if os.waitpid(pid, 0)[1]:
            made.append(f"unshare {name}")
    print("ran", made or "held")
