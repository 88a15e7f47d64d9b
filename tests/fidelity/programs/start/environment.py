import os
for name, value in sorted(os.environ.items()):
    print(name, value)
print(os.getcwd(), oct(os.umask(0o22)), os.getuid() == os.geteuid(), os.getgid() == os.getuid(), os.getgroups())
print(os.getppid(), os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid())
print(os.getlogin() if os.isatty(0) else "no tty", os.ctermid(), os.getpriority(os.PRIO_PROCESS, 0))
print(sorted(os.sched_getaffinity(0)), os.cpu_count())
