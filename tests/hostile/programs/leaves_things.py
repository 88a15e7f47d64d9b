# Tries: leave symlinks, FIFOs, hard links, sockets and devices where a host may read its output.
import os
import socket
import stat

kept = []
for place in ("/work", "/tmp", "/dev/shm"):
    os.chdir(place)
    os.symlink("/etc/passwd", "output.txt")
    os.symlink("/", "root")
    os.symlink("../../../../../..", "up")
    os.symlink("loop", "loop")
    os.mkfifo("fifo")
    open("file", "w").close()
    os.link("file", "hard")
    left = socket.socket(socket.AF_UNIX)
    left.bind("socket")
    left.listen(1)
    for name, kind in (("null", stat.S_IFCHR), ("disk", stat.S_IFBLK)):
        try:
            os.mknod(name, kind | 0o666, os.makedev(1, 3))
            kept.append(name)
        except OSError:
            pass
    for target in ("/etc/passwd", "/usr/bin/python3", "/proc/self/exe", "/opt/veristone/warden/serve.py"):
        try:
            os.link(target, "stolen")
            kept.append(target)
        except OSError:
            pass
print("contained" if not kept else kept)
