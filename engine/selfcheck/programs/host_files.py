# Reads what only the host has, and writes wherever it is not meant to.
import os


def attack():
    found = []
    for path in ("/etc/shadow", "/root/.ssh", "/home", "/var/run/docker.sock", "/var/lib/docker"):
        try:
            seen = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        except OSError:
            continue
        found += [path] if seen else []
    allowed = {"/work", "/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run/lock"}
    for folder, folders, _ in os.walk("/"):
        folders[:] = [f for f in folders if os.path.join(folder, f) not in allowed | {"/proc", "/sys"}]
        try:
            os.close(os.open(os.path.join(folder, ".selfcheck"), os.O_CREAT | os.O_WRONLY))
        except OSError:
            continue
        found += [folder]
    print("ran", found or "held")
