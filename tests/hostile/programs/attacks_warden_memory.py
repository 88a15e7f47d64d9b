# Tries: trace PID 1, read and write its memory, steal its descriptors.
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(64)
local = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
remote = (ctypes.c_void_p * 2)(0x400000, 64)
done = []
calls = [
    ("ptrace attach", 101, (16, 1, 0, 0)),
    ("ptrace seize", 101, (0x4206, 1, 0, 0)),
    ("process_vm_readv", 310, (1, local, 1, remote, 1, 0)),
    ("process_vm_writev", 311, (1, local, 1, remote, 1, 0)),
    ("kcmp", 312, (1, os.getpid(), 0, 0, 0)),
    ("prlimit", 302, (1, 7, ctypes.byref((ctypes.c_uint64 * 2)(3, 3)), 0)),
    ("prlimit read", 302, (1, 7, 0, ctypes.byref((ctypes.c_uint64 * 2)()))),
    ("move_pages", 279, (1, 0, 0, 0, 0, 0)),
    ("migrate_pages", 256, (1, 64, buffer, buffer)),
    ("process_madvise", 440, (1, 0, 0, 0, 0)),
    ("setns", 308, (0, 0)),
    ("get_robust_list", 274, (1, ctypes.byref(ctypes.c_void_p()), ctypes.byref(ctypes.c_size_t()))),
    ("perf_event_open", 298, (buffer, 1, -1, -1, 0)),
]
try:
    pidfd = os.pidfd_open(1)
except OSError:
    pidfd = -1
calls += [("pidfd_getfd", 438, (pidfd, fd, 0)) for fd in range(12)]
calls += [("process_mrelease", 448, (pidfd, 0)), ("pidfd setns", 308, (pidfd, 0x20000000))]
for name, number, arguments in calls:
    ctypes.set_errno(0)
    if libc.syscall(number, *arguments) != -1:
        done.append(name)
    elif ctypes.get_errno() not in (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ESRCH):
        done.append((name, errno.errorcode.get(ctypes.get_errno())))
print("contained" if not done else done)
