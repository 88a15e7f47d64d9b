# Tries: plant modules and byte code where the interpreter would find them.
import importlib.util
import json
import os
import site
import sys

done = []
places = [*sys.path, *site.getsitepackages(), site.getusersitepackages(), os.path.dirname(os.__file__)]
places += [os.path.join(place, "__pycache__") for place in places]
places += [os.path.dirname(importlib.util.cache_from_source(json.__file__)), "/usr/lib/python3", "/usr/local/lib"]
for place in places:
    if place in ("", "/work") or place.startswith(("/work/", "/tmp", "/dev/shm")):
        continue
    for name in ("planted.py", "planted.pth", "sitecustomize.py"):
        try:
            with open(os.path.join(place, name), "w"):
                done.append(place)
        except OSError:
            pass
try:
    os.makedirs(site.getusersitepackages())
    with open(os.path.join(site.getusersitepackages(), "planted.pth"), "w") as file:
        file.write("import sys; sys.exit(9)")
except OSError:
    pass
print("contained" if not done else done)
