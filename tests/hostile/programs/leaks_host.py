# Tries: learn about the host: other processes, disks, users, secrets in files.
import os
import sys

seen = []
for path in ("/etc/shadow", "/root", "/home", "/var/lib/docker", "/var/run/docker.sock", "/etc/ssh", "/proc/kcore", "/proc/kallsyms", "/dev/mem"):
    try:
        if os.path.isdir(path):
            # The interpreter may lie in there; nothing else may.
            for name in os.listdir(path):
                if not sys.base_prefix.startswith(f"{path}/{name}/"):
                    seen.append(f"{path}/{name}")
        else:
            with open(path, "rb") as file:
                data = file.read(4096)
                if data.strip(b"0 \n") and path != "/proc/kallsyms":
                    seen.append(path)
    except OSError:
        pass
if {name for name in os.listdir("/proc") if name.isdigit()} != {"1", str(os.getpid())}:
    seen.append("processes")
print("contained" if not seen else seen)
