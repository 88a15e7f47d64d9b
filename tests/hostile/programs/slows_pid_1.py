# Tries: take CPU time and input/output away from PID 1 for good.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
done = []


def tries(name, action):
    try:
        action()
    except OSError:
        return
    done.append(name)


def write(path, data):
    os.write(os.open(path, os.O_WRONLY), data)


def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


parameter = os.sched_param(0)
tries("setpriority", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
tries("setpriority group", lambda: os.setpriority(os.PRIO_PGRP, os.getpgid(1), 19))
tries("sched_setscheduler", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, parameter))
tries("sched_setparam", lambda: os.sched_setparam(1, parameter))
tries("sched_setaffinity", lambda: os.sched_setaffinity(1, {min(os.sched_getaffinity(0))}))
tries("ioprio_set", lambda: call(251, 1, 1, 3 << 13))
attribute = (ctypes.c_uint64 * 6)(48 | 5 << 32)
tries("sched_setattr", lambda: call(314, 1, ctypes.byref(attribute), 0))
tries("prlimit", lambda: call(302, 1, 7, ctypes.byref((ctypes.c_uint64 * 2)(3, 3)), 0))
tries("setpgid", lambda: os.setpgid(1, 0))
tries("oom_score_adj", lambda: write("/proc/1/oom_score_adj", b"1000"))
tries("timerslack", lambda: write("/proc/1/timerslack_ns", b"4000000000"))
with open("/proc/1/stat") as file:
    before = file.read().split()[17:19]
try:
    os.setpriority(os.PRIO_USER, os.getuid(), 19)
except OSError:
    pass
with open("/proc/1/stat") as file:
    if file.read().split()[17:19] != before:
        done.append("setpriority user")
print("contained" if not done else done)
