# Tries: find a word that an earlier sample was given: in memory, files, environment, names.
import os
import re
import sys

PATTERN = re.compile(b"LEAK" + b"-[0-9a-f]{32}")
found = []
searched = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, rights, *rest = line.split()
        start, end = (int(part, 16) for part in span.split("-"))
        if not rights.startswith("r") or "[vvar" in line:
            continue
        # An arena that is reserved and empty is large; look at what is really there.
        for at in range(start, end, 1 << 24):
            try:
                memory.seek(at)
                data = memory.read(min(1 << 24, end - at))
            except (OSError, ValueError, OverflowError):
                continue
            searched += len(data)
            for match in PATTERN.finditer(data):
                around = data[max(0, match.start() - 60) : match.end() + 60]
                found.append((line.strip(), around))
for place in ("/work", "/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run"):
    for folder, folders, files in os.walk(place):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if PATTERN.search(os.fsencode(path)):
                found.append(path)
            try:
                with open(path, "rb") as file:
                    if PATTERN.search(file.read()):
                        found.append(path)
            except OSError:
                pass
for pid in ("1", "self"):
    for name in ("environ", "cmdline", "comm", "stat", "mountinfo", "maps"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                if PATTERN.search(file.read()):
                    found.append((pid, name))
        except OSError:
            pass
if hasattr(__builtins__, "word") or "left" in sys.modules or "LEFT" in os.environ:
    found.append("interpreter")
assert searched > 1 << 20, searched
print("contained" if not found else (len(found), found[:5]))
