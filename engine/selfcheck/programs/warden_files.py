# Looks at what the first process was started with, has mapped and has open.
import os


def attack():
    seen = []
    for name in ("maps", "environ", "fd"):
        path = f"/proc/1/{name}"
        try:
            seen += [name] if (os.listdir(path) if name == "fd" else open(path, "rb").read(1)) else []
        except OSError:
            continue
    print("ran", seen or "held")
