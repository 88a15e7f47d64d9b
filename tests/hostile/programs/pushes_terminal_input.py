# Tries: type into the terminal of whoever started it (TIOCSTI, TIOCLINUX).
import fcntl
import os
import termios

done = []
for fd in (0, 1, 2):
    for request in (termios.TIOCSTI, 0x541C, 0x5412 | 1 << 32):
        try:
            fcntl.ioctl(fd, request & 0xFFFFFFFF, b"x")
            done.append((fd, request))
        except OSError:
            pass
try:
    os.open("/dev/tty", os.O_RDWR)
    done.append("tty")
except OSError:
    pass
master, slave = os.openpty() if os.path.exists("/dev/ptmx") else (-1, -1)
try:
    fcntl.ioctl(slave, termios.TIOCSTI, b"x")
    done.append("own terminal")
except OSError:
    pass
print("contained" if not done else done)
