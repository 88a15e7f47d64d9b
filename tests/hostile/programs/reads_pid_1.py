# Tries: read what /proc shows of PID 1: its environment, memory, descriptors, maps.
import os

leaks = []
for name in ("environ", "mem", "maps", "smaps", "auxv", "syscall", "stack", "io", "personality", "pagemap"):
    try:
        with open(f"/proc/1/{name}", "rb") as file:
            if file.read(16):
                leaks.append(name)
    except OSError:
        pass
for name in ("fd", "fdinfo", "map_files", "task/1/fd", "ns", "cwd/", "root/"):
    try:
        if os.listdir(f"/proc/1/{name}") and name != "ns":
            leaks.append(name)
    except OSError:
        pass
for number in range(64):
    for how in (os.O_RDONLY, os.O_WRONLY):
        try:
            os.open(f"/proc/1/fd/{number}", how)
            leaks.append(f"fd/{number}")
        except OSError:
            pass
for name in ("exe", "cwd", "root", "ns/pid"):
    try:
        leaks.append(os.readlink(f"/proc/1/{name}"))
    except OSError:
        pass
print("contained" if not leaks else leaks)
