"""The system calls that no sample gets, as a seccomp filter.

Under Docker this comes on top of Docker's own filter; under bubblewrap it is the only one. It is
installed once in the warden, which needs none of these calls itself, and every child inherits it.

Three answers: EPERM for what a right program may try and do without; ENOSYS where libraries fall
back to an older call, and for every call newer than this list; a kill (SIGSYS, reported as
`policy_violation`) for what no right program calls. Calls that outlive a process (System V
shared memory, message queues, kernel keys) are refused because they would carry bytes from one
sample to the next. The list follows docker's default profile for containers without capabilities
(docs.docker.com/engine/security/seccomp), and isolate's release notes for key rings, vsock and
inode leases.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Optional

from . import kernel

ALLOW = 0x7FFF0000
KILL = 0x80000000
EPERM = 0x00050000 | 1
ENOSYS = 0x00050000 | 38
EAFNOSUPPORT = 0x00050000 | 97
EPROTONOSUPPORT = 0x00050000 | 93

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEWEST = 462
"""Highest call number known when this list was written (mseal); later calls get ENOSYS."""

# name: (x86_64, aarch64)
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "memfd_secret": (447, 447),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "chroot": (161, 51),
    "setns": (308, 268),
    "unshare": (272, 97),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "name_to_handle_at": (303, 264),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "open_tree": (428, 428),
}
_MISSING = {
    "clone3": (435, 435),
    # Its contexts come out of one number for the whole host.
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "uselib": (134, None),
    "ustat": (136, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
}
_KILLED = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "move_mount": (429, 429),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "iopl": (172, None),
    "ioperm": (173, None),
    "bpf": (321, 280),
}
_CLONE = (56, 220)
_SOCKET = (41, 198)
_SOCKETPAIR = (53, 199)
_PRLIMIT = (302, 261)
# Calls that change how a process is scheduled, by its id in the first argument ...
_SCHEDULE = {
    "sched_setaffinity": (203, 122),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
}
# ... and in the second one, behind a word that says whether it is the id of a process.
_PRIORITY = {"setpriority": ((141, 140), 0), "ioprio_set": ((251, 30), 1)}
_IOCTL, _FCNTL = (16, 29), (72, 25)
_SETSOCKOPT = (54, 208)
# Of pages that a pipe holds no process's size tells: with huge ones a few pipes hide gigabytes.
_UNCOUNTED = {"memfd_create": (319, 279), "vmsplice": (278, 75)}
_PRCTL = (157, 167)
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _MODE_FILTER = 4, 22, 2

_NEW_NAMESPACE = 0x7E020000
_INTERNET = (0, 1, 6, 17, 58, 255)  # by default, ICMP, TCP, UDP, ICMPv6, raw
# Family: protocols. Of AF_NETLINK there are the routes, which libraries ask for addresses, and
# sock_diag, which the warden asks; any other would be more of the kernel to attack, and messages to
# oneself that nobody counts.
_SOCKETS = {1: (0, 1), 2: _INTERNET, 10: _INTERNET, 16: (0, 4)}
_IPPROTO_IPV6, _IPV6_FLOWLABEL_MGR = 41, 32
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
# What these set stays with a file, also with a folder that outlives the sample: hints for writing
# (F_SET_RW_HINT, F_SET_FILE_RW_HINT) and attributes (FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR).
_HINTS, _ATTRIBUTES = (1036, 1038), (0x40086602, 0x401C5820)

# Classic BPF.
_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH_OFFSET, _ARG0, _ARG1, _ARG2 = 0, 4, 16, 24, 32


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def program(machine: str) -> bytes:
    """Return the filter for `machine` (as `os.uname().machine` names it) as BPF instructions.

    Raises:
        KeyError: the filter does not know this machine.
    """
    column = list(_ARCH).index(machine) if machine in _ARCH else None
    if column is None:
        raise KeyError(machine)
    code = [
        _op(_LD, _ARCH_OFFSET),
        _op(_JEQ, _ARCH[machine], 1, 0),
        _op(_RET, KILL),  # 32-bit calls of a 64-bit kernel
        _op(_LD, _NR),
        _op(_JGE, _NEWEST + 1, 0, 1),  # also every x32 call (bit 30)
        _op(_RET, ENOSYS),
    ]
    for table, answer in ((_REFUSED, EPERM), (_MISSING, ENOSYS), (_KILLED, KILL)):
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                code += [_op(_JEQ, number, 0, 1), _op(_RET, answer)]
    # clone: no new namespaces. The flags are the low half of the first argument.
    code += [
        _op(_JEQ, _CLONE[column], 0, 3),
        _op(_LD, _ARG0),
        _op(_JSET, _NEW_NAMESPACE, 0, 1),
        _op(_RET, EPERM),
        _op(_LD, _NR),
    ]
    sockets = _known_sockets()
    for number in (_SOCKET[column], _SOCKETPAIR[column]):
        code += [_op(_JEQ, number, 0, len(sockets)), *sockets]
    # A flow label stays with its network for minutes when its socket is gone.
    code += [
        _op(_JEQ, _SETSOCKOPT[column], 0, 6),
        _op(_LD, _ARG1),
        _op(_JEQ, _IPPROTO_IPV6, 0, 3),
        _op(_LD, _ARG2),
        _op(_JEQ, _IPV6_FLOWLABEL_MGR, 0, 1),
        _op(_RET, EPERM),
        _op(_LD, _NR),
    ]
    # prlimit64 only on oneself: where warden and sample share a uid it would reach the warden.
    code += [
        _op(_JEQ, _PRLIMIT[column], 0, 4),
        _op(_LD, _ARG0),
        _op(_JEQ, 0, 1, 0),
        _op(_RET, EPERM),
        _op(_LD, _NR),
    ]
    # Where they share a uid a sample could starve the warden, for all samples that follow.
    for numbers in _SCHEDULE.values():
        code += [
            _op(_JEQ, numbers[column], 0, 4),
            _op(_LD, _ARG0),
            _op(_JEQ, 1, 0, 1),
            _op(_RET, EPERM),
            _op(_LD, _NR),
        ]
    for numbers, process in _PRIORITY.values():
        code += [
            _op(_JEQ, numbers[column], 0, 6),
            _op(_LD, _ARG0),
            _op(_JEQ, process, 0, 2),
            _op(_LD, _ARG1),
            _op(_JEQ, 1, 0, 1),
            _op(_RET, EPERM),
            _op(_LD, _NR),
        ]
    code += _refuse(_IOCTL[column], (_TIOCSTI, _TIOCLINUX, *_ATTRIBUTES))
    code += _refuse(_FCNTL[column], _HINTS)
    code.append(_op(_RET, ALLOW))
    return b"".join(code)


def _refuse(number: int, values: tuple[int, ...]) -> list[bytes]:
    """Refuse a call whose second argument is one of `values`."""
    code = [_op(_JEQ, value, len(values) - at, 0) for at, value in enumerate(values)]
    code += [_op(_RET, ALLOW), _op(_RET, EPERM)]
    return [_op(_JEQ, number, 0, len(code) + 1), _op(_LD, _ARG1), *code]


def _known_sockets() -> list[bytes]:
    """Answer a call whose first argument is a family of sockets and whose third is a protocol."""
    code = [_op(_LD, _ARG0)]
    for family, protocols in _SOCKETS.items():
        count = len(protocols)
        code += [_op(_JEQ, family, 0, count + 3), _op(_LD, _ARG2)]
        code += [_op(_JEQ, protocol, count - at, 0) for at, protocol in enumerate(protocols)]
        code += [_op(_RET, EPROTONOSUPPORT), _op(_RET, ALLOW)]
    return [*code, _op(_RET, EAFNOSUPPORT)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


class Filter:
    """A filter that is made once and put on many children: one system call each."""

    def __init__(self, code: bytes) -> None:
        self._code = ctypes.create_string_buffer(code, len(code))
        self._wanted = _Program(len(code) // 8, ctypes.cast(self._code, ctypes.c_void_p))

    def apply(self) -> None:
        """Put this process and all its children under the filter, for good."""
        kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(self._wanted))


def without_uncounted_memory() -> Optional[Filter]:
    """Return a filter for samples that no cgroup holds: no memory that belongs to no process.

    Nor may one make itself unreadable, whose mappings the warden counts. None on a machine that
    the filters do not know.
    """
    machine = os.uname().machine
    if machine not in _ARCH:
        return None
    column = list(_ARCH).index(machine)
    code = [_op(_LD, _NR)]
    for numbers in _UNCOUNTED.values():
        code += [_op(_JEQ, numbers[column], 0, 1), _op(_RET, ENOSYS)]
    code += [
        _op(_JEQ, _PRCTL[column], 0, 3),
        _op(_LD, _ARG0),
        _op(_JEQ, _PR_SET_DUMPABLE, 0, 1),
        _op(_RET, EPERM),
        _op(_RET, ALLOW),
    ]
    return Filter(b"".join(code))


def install() -> None:
    """Put this process and all its children under the filter, for good.

    Raises:
        OSError: the kernel refuses (no seccomp).
        KeyError: the filter does not know this machine.
    """
    wanted = Filter(program(os.uname().machine))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    wanted.apply()
