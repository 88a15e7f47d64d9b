import os, stat
print(sorted(int(n) for n in os.listdir("/proc/self/fd")))
a = open(__file__)
b = open(__file__)
print(a.fileno(), b.fileno(), os.pipe())
for fd in (0, 1, 2):
    info = os.fstat(fd)
    print(fd, stat.filemode(info.st_mode), os.get_inheritable(fd), os.get_blocking(fd))
print(os.get_inheritable(a.fileno()))
