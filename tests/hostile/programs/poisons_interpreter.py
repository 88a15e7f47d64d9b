# Tries: change the interpreter that the next sample will be forked from.
import builtins
import json
import os
import random
import sys

builtins.print = lambda *a, **k: os.write(1, b"poisoned\n")
builtins.open = None
builtins.len = lambda x: 0
json.dumps = lambda *a, **k: "poisoned"
os.listdir = lambda *a: []
sys.path[:] = ["/tmp"]
sys.modules["math"] = None
random.seed(1)
os.environ["POISONED"] = "1"
os.umask(0o777)
sys.setrecursionlimit(50)
sys.addaudithook(lambda *a: None)
sys.excepthook = None
for place in ("/work", "/tmp", "/dev/shm"):
    with os.fdopen(os.open(f"{place}/sitecustomize.py", os.O_CREAT | os.O_WRONLY), "w") as file:
        file.write("raise SystemExit('poisoned')")
os.write(1, b"contained\n")
