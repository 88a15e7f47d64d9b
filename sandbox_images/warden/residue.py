"""What the kernel still holds of a sample when its processes are gone and its files are wiped.

A namespace outlives the sample that ran in it. A file that was unlinked lives on in a message
between two sockets that hold each other; a connection that was closed stays in TIME_WAIT for a
minute and keeps its port from the next server; what was sent over the loopback device is counted
and remembered (tcp_metrics(8)). None of that is a file or a process, so it is compared with what
was there when the sandbox was new. A few numbers are read for it, from files that are kept open:
some tens of microseconds a sample.

Not compared, and no secret: numbers that only rise, like process ids and inodes. They tell the
next sample that there was one before it.
"""

from __future__ import annotations

import os
import re
import socket
import time
from typing import NamedTuple

from .kernel import open_or_none
from .wipe import NotClean, Wiper

_PATIENCE_S = 2.0
"""How long the kernel may take to free what nobody holds any more. It does so in its own threads,
which a busy host keeps waiting; a new sandbox costs a fifth of a second, and more there."""
_OWN = re.compile(rb"(?:used|inuse|tw) \d+")
"""The numbers of sockstat that are this namespace's; orphan, alloc and mem are the host's."""
_SOCKETS = ("/proc/net/sockstat", "/proc/net/sockstat6")
_LISTS = {"unix", "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "netlink"}
_SYSTEM_V = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")


class _State(NamedTuple):
    """What is compared; each word is what a message calls it."""

    traffic: bytes
    sockets: tuple[bytes, ...]
    ipc: tuple[bytes, ...]
    space: tuple[int, ...]
    sysctls: tuple[bytes, ...]


class Residue:
    """Compares the sandbox with what it was when it was new and wiped.

    Without `sockets` these are not looked at: gVisor's lists show those of every container in a
    pod, and come and go with them. Files that sockets hold are in the space that is used, and what
    was sent over the loopback device in its traffic; both are compared all the same.
    """

    def __init__(self, wiper: Wiper, *, sockets: bool = True) -> None:
        self._wiper = wiper
        self._traffic = open_or_none("/proc/net/dev")
        numbers = _SOCKETS if sockets else ()
        self._sockets = [open_or_none(path) for path in numbers if os.path.exists(path)]
        # gVisor has no such numbers; its lists are short.
        names = [] if self._sockets or not sockets else sorted(os.listdir("/proc/net"))
        self._lists = [open_or_none(f"/proc/net/{name}") for name in names if name in _LISTS]
        self._ipc = [open_or_none(path) for path in _SYSTEM_V]
        self._sysctls: list[int] = []
        self._clean = self._look()

    @property
    def counts_sockets(self) -> bool:
        """Whether sockets that a sample leaves behind are noticed by their number."""
        return bool(self._sockets or self._lists)

    def watch(self, sysctls: list[str]) -> None:
        """Compare these settings too: a sample can write them where /proc/sys is not covered."""
        self._sysctls = [open_or_none(path) for path in sysctls]
        self._clean = self._clean._replace(sysctls=self._look().sysctls)

    def check(self) -> None:
        """Return as soon as nothing is left of the last sample.

        Raises:
            NotClean: something stays.
        """
        state = self._look()
        if state == self._clean:
            return
        deadline, pause = time.monotonic() + _PATIENCE_S, 0.0002
        while state != self._clean:
            # What was sent cannot be unsent, and what was set is not set back: no use to wait.
            lasting = state.traffic != self._clean.traffic or state.sysctls != self._clean.sysctls
            if lasting or time.monotonic() > deadline:
                raise NotClean(f"left by the last sample: {', '.join(self._differing(state))}")
            # The kernel looks for sockets that only hold each other when one is closed.
            for end in socket.socketpair():
                end.close()
            time.sleep(pause)
            pause = min(2 * pause, 0.02)
            state = self._look()

    def _look(self) -> _State:
        return _State(
            _read(self._traffic),
            self._open_sockets(),
            tuple(_read(fd) for fd in self._ipc),
            self._wiper.space(),
            tuple(_read(fd) for fd in self._sysctls),
        )

    def _open_sockets(self) -> tuple[bytes, ...]:
        if self._lists:
            return tuple(b"%d" % _read(fd).count(b"\n") for fd in self._lists)
        return tuple(number for fd in self._sockets for number in _OWN.findall(_read(fd)))

    def _differing(self, state: _State) -> list[str]:
        return [
            name for name, before, now in zip(_State._fields, self._clean, state) if before != now
        ]


def _read(fd: int) -> bytes:
    return os.pread(fd, 8192, 0) if fd >= 0 else b""
