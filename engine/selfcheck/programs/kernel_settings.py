# Opens every setting of the kernel's, and every control of the control groups, for writing.
import os


def attack():
    opened = []
    for place in ("/proc/sys", "/sys"):
        for folder, _, files in os.walk(place):
            for name in files:
                path = os.path.join(folder, name)
                try:
                    os.close(os.open(path, os.O_WRONLY))
                except OSError:
                    continue
                opened.append(path)
    print("ran", opened or "held")
