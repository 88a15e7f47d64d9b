"""System calls that the standard library does not offer, and what the kernel says of us."""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import Optional

PR_SET_PDEATHSIG = 1
PR_GET_PDEATHSIG = 2
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)
# Called with the interpreter's lock held, as a fork must be.
_held = ctypes.PyDLL(None)
_raw_fork, _raw_prctl = _held.fork, _held.prctl
_prctl = _libc.prctl
_prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4


def fork() -> int:
    """Call fork(2) without CPython's hooks around it.

    The hooks put locks and thread lists in order, of which a process with one thread has none to
    mend, and touch some hundred and fifty pages that each child would have to copy: half of what
    a fork costs. What they do for us is done by hand: `child.reseed`.

    Raises:
        OSError: the kernel refuses.
    """
    pid: int = _raw_fork()
    if pid < 0:
        raise OSError("fork failed")
    return pid


def prctl(option: int, value: int, second: int = 0) -> None:
    """Call prctl(2) or raise OSError."""
    if _prctl(option, value, second, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}): {os.strerror(error)}")


def become_dumpable() -> None:
    """Let this process see its own files in /proc; the short way, for the path of every sample."""
    if _raw_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_DUMPABLE) failed")


def drop_inheritable_capabilities() -> None:
    """Keep what this process may do and see to it that no program it starts inherits any of it.

    Raises:
        OSError: the kernel refuses.
    """
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: low halves, then high
    if _libc.capget(head, sets) == 0:
        sets[2] = sets[5] = 0
        if _libc.capset(head, sets) == 0:
            return
    error = ctypes.get_errno()
    raise OSError(error, f"capset: {os.strerror(error)}")


def trim() -> None:
    """Give back the memory that libc holds and does not use; what has no such call keeps it."""
    with contextlib.suppress(AttributeError):
        _libc.malloc_trim(0)


def death_signal() -> int:
    """Return the signal that this process gets when its parent ends, or 0."""
    number = ctypes.c_int(0)
    prctl(PR_GET_PDEATHSIG, ctypes.addressof(number))
    return number.value


def read_number(path: str, field: Optional[str] = None) -> Optional[int]:
    """Return the number in a file of the kernel's, or the one behind `field`; None without it."""
    try:
        # Bytes: the codec for text would be one more module, which a sample could see.
        with open(path, "rb") as file:
            for line in file:
                words = line.split()
                if field is None and words and words[0].isdigit():
                    return int(words[0])
                if field is not None and len(words) > 1 and words[0] == field.encode():
                    return int(words[1])
    except (OSError, ValueError):
        pass
    return None


def open_or_none(path: str) -> int:
    """Open a file of the kernel's; where it has none, -1."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


class Counter:
    """A counter of the kernel's that only rises, in a file that is kept open."""

    def __init__(self, path: str, field: str) -> None:
        self._field = field.encode()
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._text = os.pread(self._fd, 4096, 0)
        self._value = self._parse()

    def _parse(self) -> int:
        for line in self._text.splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == self._field:
                return int(words[1])
        return 0

    def rose(self) -> bool:
        """True where the counter is higher than at the last call."""
        text = os.pread(self._fd, 4096, 0)
        if text == self._text:
            return False
        self._text, before = text, self._value
        self._value = self._parse()
        return self._value > before


class Cgroup:
    """The limits around this sandbox, on cgroup v1 or v2, read only."""

    _OOM = (
        ("/sys/fs/cgroup/memory.events", "oom_kill"),
        ("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill"),
    )
    _PIDS = (
        ("/sys/fs/cgroup/pids.events", "max"),
        ("/sys/fs/cgroup/pids/pids.events", "max"),
    )
    _CPU = ("/sys/fs/cgroup/cpu.stat", b"usage_usec", 1e6)
    _CPU_V1 = ("/sys/fs/cgroup/cpuacct/cpuacct.usage", b"", 1e9)
    _MEMORY_MAX = (
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    )
    _PIDS_MAX = ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max")

    def __init__(self) -> None:
        limits = [read_number(path) for path in self._MEMORY_MAX]
        # Without a limit cgroup v1 shows a number near 2**63, v2 the word "max".
        self.memory_limit = next((n for n in limits if n is not None and n < 2**60), None)
        counts = [read_number(path) for path in self._PIDS_MAX]
        self.pids_limit = next((n for n in counts if n is not None), None)
        self._oom = self._first(self._OOM) if self.memory_limit else None
        self._pids = self._first(self._PIDS) if self.pids_limit else None
        self.memory = GroupMemory.of_this_sandbox() if self.memory_limit else None
        # gVisor shows groups of version 1 that hold nothing and count wrongly.
        files = (self._CPU, self._CPU_V1) if self.memory_limit else (self._CPU,)
        self._cpu = next((opened for one in files if (opened := _CpuTime(*one)).fd >= 0), None)

    @staticmethod
    def _first(files: tuple[tuple[str, str], ...]) -> Optional[Counter]:
        found = next((pair for pair in files if read_number(*pair) is not None), None)
        return Counter(*found) if found else None

    def killed_for_memory(self) -> bool:
        """True where the kernel killed a process of this sandbox since the last call."""
        return self._oom is not None and self._oom.rose()

    def refused_a_process(self) -> bool:
        """True where a fork failed at the sandbox's limit since the last call."""
        return self._pids is not None and self._pids.rose()

    def cpu_s(self) -> Optional[float]:
        """Return the CPU seconds of this sandbox since it was made; None where nobody counts."""
        return self._cpu.read() if self._cpu else None


class GroupMemory:
    """What a control group counts as used, and how much of it is files that could be read again."""

    _FILES = (
        ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", b"file"),
        (
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "/sys/fs/cgroup/memory/memory.stat",
            b"cache",
        ),
    )

    def __init__(self, used: int, stat: int, files: bytes) -> None:
        self._used, self._stat, self._files = used, stat, files

    @classmethod
    def of_this_sandbox(cls) -> Optional[GroupMemory]:
        """Return the group's numbers; None where they are not shown."""
        for used, stat, files in cls._FILES:
            fd = open_or_none(used)
            if fd >= 0:
                return cls(fd, open_or_none(stat), files)
        return None

    def used_kib(self) -> int:
        """Return all that is charged to the group, the kernel's own memory included."""
        return int(os.pread(self._used, 64, 0)) // 1024

    def reclaimable_kib(self) -> int:
        """Return what the kernel can drop: copies of files, without those that live in memory."""
        words = os.pread(self._stat, 8192, 0).split()
        numbers = dict(zip(words[::2], words[1::2]))
        files = int(numbers.get(self._files, 0)) - int(numbers.get(b"shmem", 0))
        return (files + int(numbers.get(b"slab_reclaimable", 0))) // 1024


class _CpuTime:
    """A file with CPU time in it, behind a field or alone, in parts of a second."""

    def __init__(self, path: str, field: bytes, parts: float) -> None:
        self.fd = open_or_none(path)
        self._field = field
        self._parts = parts

    def read(self) -> float:
        words = os.pread(self.fd, 4096, 0).split()
        return int(words[words.index(self._field) + 1 if self._field else 0]) / self._parts
