# Tries: every system call that leads out of a sandbox, each in a process of its own.
import ctypes
import errno
import os
import signal
import struct

libc = ctypes.CDLL(None, use_errno=True)
here = b"/tmp"
stack = ctypes.create_string_buffer(1 << 16)
top = ctypes.addressof(stack) + (1 << 15)
zeros = ctypes.create_string_buffer(256)
size = ctypes.create_string_buffer(struct.pack("=I", 4) + bytes(252))
clone_args = ctypes.create_string_buffer(struct.pack("=11Q", 0x10000000, *[0] * 10))
CALLS = {
    "mount": (165, (b"none", here, b"tmpfs", 0, 0)),
    "mount bind": (165, (b"/", here, 0, 4096, 0)),
    "remount": (165, (0, b"/", 0, 32, 0)),
    "umount2": (166, (here, 2)),
    "umount proc": (166, (b"/proc", 2)),
    "pivot_root": (155, (here, here)),
    "chroot": (161, (here,)),
    "move_mount": (429, (-100, here, -100, here, 0)),
    "open_tree": (428, (-100, here, 1)),
    "fsopen": (430, (b"tmpfs", 0)),
    "fsconfig": (431, (0, 0, 0, 0, 0)),
    "fsmount": (432, (0, 0, 0)),
    "fspick": (433, (-100, here, 0)),
    "mount_setattr": (442, (-100, here, 0, zeros, 32)),
    "unshare user": (272, (0x10000000,)),
    "unshare mount": (272, (0x20000,)),
    "unshare pid": (272, (0x20000000,)),
    "unshare net": (272, (0x40000000,)),
    "unshare time": (272, (0x80,)),
    "clone user": (56, (0x10000000 | 17, 0, 0, 0, 0)),
    "clone mount": (56, (0x20000 | 17, 0, 0, 0, 0)),
    "clone pid": (56, (0x20000000 | 17, 0, 0, 0, 0)),
    "clone all": (56, (0x7E020000 | 17, 0, 0, 0, 0)),
    "clone3 user": (435, (clone_args, 88)),
    "setns": (308, (os.open("/proc/self/ns/user", os.O_RDONLY), 0)),
    "bpf map": (321, (0, zeros, 72)),
    "bpf load": (321, (5, zeros, 72)),
    "keyctl": (250, (0, -3, 1)),
    "add_key": (248, (b"user", b"a", b"b", 1, -2)),
    "request_key": (249, (b"user", b"a", 0, -2)),
    "io_uring_setup": (425, (8, zeros)),
    "io_uring_enter": (426, (0, 0, 0, 0, 0, 0)),
    "io_uring_register": (427, (0, 0, 0, 0)),
    "userfaultfd": (323, (0,)),
    "userfaultfd user": (323, (1,)),
    "perf_event_open": (298, (zeros, 0, -1, -1, 0)),
    "kexec_load": (246, (0, 0, 0, 0)),
    "kexec_file_load": (320, (0, 0, 0, 0, 0)),
    "reboot": (169, (0xFEE1DEAD, 672274793, 0x1234567, 0)),
    "init_module": (175, (zeros, 256, b"")),
    "finit_module": (313, (0, b"", 0)),
    "delete_module": (176, (b"x", 0)),
    "open_by_handle_at": (304, (-100, size, 0)),
    "name_to_handle_at": (303, (-100, here, zeros, zeros, 0)),
    "ptrace me": (101, (0, 0, 0, 0)),
    "process_vm_readv": (310, (os.getpid(), 0, 0, 0, 0, 0)),
    "swapon": (167, (b"/tmp/x", 0)),
    "swapoff": (168, (b"/tmp/x",)),
    "acct": (163, (b"/tmp/x",)),
    "settimeofday": (164, (zeros, 0)),
    "clock_settime": (227, (0, zeros)),
    "clock_adjtime": (305, (0, ctypes.create_string_buffer(struct.pack("=I", 1) + bytes(252)))),
    "adjtimex": (159, (ctypes.create_string_buffer(struct.pack("=I", 1) + bytes(252)),)),
    "iopl": (172, (3,)),
    "ioperm": (173, (0x80, 1, 1)),
    "sethostname": (170, (b"x", 1)),
    "setdomainname": (171, (b"x", 1)),
    "syslog": (103, (3, zeros, 256)),
    "quotactl": (179, (0, 0, 0, 0)),
    "lookup_dcookie": (212, (0, 0, 0)),
    "vhangup": (153, ()),
    "fanotify_init": (300, (0, 0)),
    "memfd_secret": (447, (0,)),
    "modify_ldt": (154, (1, zeros, 16)),
    "uselib": (134, (b"/lib/x",)),
    "_sysctl": (156, (zeros,)),
    "future call": (500, (0,)),
    "x32 getpid": (0x40000000 | 39, ()),
    "x32 mount": (0x40000000 | 165, (b"none", here, b"tmpfs", 0, 0)),
    "x32 ptrace": (0x40000000 | 521, (0, 0, 0, 0)),
    "setuid 0": (105, (0,)),
    "setgid 0": (106, (0,)),
    "setresuid 0": (117, (0, 0, 0)),
    "setreuid 0": (113, (0, 0)),
    "setgroups": (116, (1, ctypes.byref(ctypes.c_int(0)))),
    "setuid warden": (105, (1,)),
    "capset": (126, (ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0)), ctypes.byref((ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)))),
    "vsock": (41, (40, 1, 0)),
    "packet": (41, (17, 3, 3)),
    "alg": (41, (38, 5, 0)),
}
ALLOWED = {errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT, errno.EINVAL, errno.EACCES}
# EINVAL where the user id has no name in a user namespace with one id.
done = {}
for name, (number, arguments) in CALLS.items():
    pid = os.fork()
    if pid == 0:
        code = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
        os._exit(200 if code >= 0 else min(ctypes.get_errno(), 199))
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == -signal.SIGSYS:
        continue
    strict = {errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT}
    if "set" in name and "0" in name or name in ("setgroups", "setuid warden", "capset"):
        strict = ALLOWED
    if status not in strict:
        done[name] = errno.errorcode.get(status, status)
print("contained" if not done else done)
