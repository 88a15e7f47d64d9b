# Tries: send every signal to PID 1, in every way.
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
info = (ctypes.c_int * 32)()
for number in range(1, 65):
    for send in (os.kill, lambda pid, n: os.killpg(pid, n)):
        try:
            send(1, number)
        except OSError:
            pass
    info[0], info[2] = number, -1
    libc.syscall(129, 1, number, ctypes.byref(info))
    libc.syscall(297, 1, 1, number, ctypes.byref(info))
try:
    fd = os.pidfd_open(1)
    for number in range(1, 65):
        try:
            signal.pidfd_send_signal(fd, number)
        except OSError:
            pass
except OSError:
    pass
print("contained")
