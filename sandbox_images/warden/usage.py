"""What the processes of a run have used: CPU time and memory, seen from the first process.

CPU time. Who waits for a process is told what it used; orphans come to the warden. Where a process
ignores SIGCHLD, nobody is told (wait(2), NOTES). A cgroup counts it all the same. Without one the
time at the last look before the process was gone is what is known, and so the looks follow
quickly on one another as soon as something has vanished: a lower bound, never too much.

Memory. A fork shares its pages with the warden, so the warden's size is taken off each process.
Only where the sizes as they are would break the limit, a closer look tells which processes have
become other programs since, and share nothing, and how much the forks can have of their own: a page
for each fault. (`smaps_rollup` would say it exactly, but waits for a lock that a fork bomb
holds for seconds.) Page tables and what lies in sockets is added.

Not all memory is part of a process's size: pages that processes share and nobody has mapped just
now, pages in a pipe. A cgroup counts them, beside what nobody means by a program's memory: files
in memory, which have a limit of their own, and copies of files on a disk. So where the growth of
the group, without those, is over the limit, it counts. Without a cgroup the size of what
processes share counts as it is mapped.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Callable, Iterator, NamedTuple, Optional

from . import kernel, sockets

_PAGE = os.sysconf("SC_PAGE_SIZE")
_CPUS = os.cpu_count() or 1
_TICK = os.sysconf("SC_CLK_TCK")
_SLACK_S = 3 / _TICK
"""What rounding to ticks may hide of the time that a process collected from its children."""
_LOOK_AT_TABLES_KIB = 1024 * 1024
"""Address space from which page tables may matter: they take a page for two MiB at most."""
_GROUP_SLACK_KIB = 32 * 1024
"""What a group's number may be above the truth: the kernel charges pages in advance, CPU by CPU."""
_FAULTS, _SIZE, _RESIDENT, _STACK = 7, 20, 21, 25
"""Minor faults, bytes of address space, pages that are resident, and where the stack begins:
elsewhere after each exec."""


class _Process(NamedTuple):
    parent: str
    cpu_s: float
    collected_s: float
    """CPU time of the children that it waited for."""
    threads: int
    resident_kib: int
    size_kib: int


class Usage:
    """What the processes of a run have used so far."""

    def __init__(self, watched: Watched, baseline_kib: int) -> None:
        self.reaped_cpu_s = 0.0
        self.live_cpu_s = 0.0
        self.lost_cpu_s = 0.0
        self.vanishing = False
        """True while processes end of which nobody is told what they used."""
        self.peak_kib = 0
        self.sampled_kib = 0
        self.threads = 0
        self._watched = watched
        self._baseline = baseline_kib
        self._alive: dict[str, _Process] = {}
        self._gone_s: dict[str, float] = {}
        self._lost_s: dict[str, float] = {}
        self._group_then = watched.group_s()
        self._group_memory_then = watched.group_kib()
        self._shared_kib: dict[bytes, int] = {}
        self._own_then = time.process_time()
        self._started = time.monotonic()

    def reap(self, resources: Any) -> None:
        """Add a process that ended."""
        self.reaped_cpu_s += resources.ru_utime + resources.ru_stime
        self.peak_kib = max(self.peak_kib, resources.ru_maxrss)

    def sample(self, limit_kib: int) -> None:
        """Look at every process that is alive; with care where they may be above the limit."""
        alive = {
            name: process
            for name in os.listdir("/proc")
            if name.isdigit()
            and name not in self._watched.ours
            and (process := _look(name)) is not None
        }
        self.live_cpu_s = sum(process.cpu_s + process.collected_s for process in alive.values())
        self._notice_lost(alive)
        self.threads = max(self.threads, sum(process.threads for process in alive.values()))
        self.sampled_kib = self._memory_kib(alive, limit_kib)
        if self.sampled_kib:
            self.peak_kib = max(self.peak_kib, self.sampled_kib + self._baseline)

    def end(self) -> None:
        """Take the last reading: every process is gone."""
        self.live_cpu_s = 0.0
        self._notice_group()

    def _memory_kib(self, alive: dict[str, _Process], limit_kib: int) -> int:
        besides = sum(_tables_kib(name, process) for name, process in alive.items())
        besides += sockets.held_bytes(self._watched.sockstat) // 1024
        resident = [process.resident_kib for process in alive.values()]
        most = sum(resident) + besides - self._baseline
        if self._group_memory_then is not None:
            enough = limit_kib if most > limit_kib else limit_kib + _GROUP_SLACK_KIB
            grown = self._watched.grown_kib(self._group_memory_then, enough)
            if grown > enough or most > limit_kib:
                return grown
        else:
            if (shared := self._shared_memory_kib(alive, limit_kib)) > limit_kib:
                return shared
            if most > limit_kib:
                return self._watched.own_kib(list(alive), self._baseline) + besides
        return sum(max(0, size - self._baseline) for size in resident) + besides

    def _shared_memory_kib(self, alive: dict[str, _Process], limit_kib: int) -> int:
        """Return the size of what processes share without a file; 0 where it cannot be much."""
        sizes = (process.size_kib - self._watched.size_kib for process in alive.values())
        if sum(size for size in sizes if size > 0) <= limit_kib:
            return 0
        self._shared_kib = self._watched.shared_kib(list(alive), self._shared_kib)
        return sum(self._shared_kib.values())

    def _notice_lost(self, alive: dict[str, _Process]) -> None:
        """Count the time of processes that ended and whose parent was not told."""
        for name in self._alive.keys() - alive.keys():
            process = self._alive[name]
            if process.parent != "1":
                total = self._gone_s.get(process.parent, 0.0) + process.cpu_s + process.collected_s
                self._gone_s[process.parent] = total
        self._alive = alive
        self.vanishing = False
        for name, gone_s in self._gone_s.items():
            if name in alive:
                lost_s = gone_s - alive[name].collected_s
                self.vanishing = self.vanishing or lost_s > 0
                self._lost_s[name] = max(0.0, lost_s - _SLACK_S)
        self.lost_cpu_s = sum(self._lost_s.values())
        self._notice_group()

    def _notice_group(self) -> None:
        """Where a cgroup counts everything, take what it has counted and we have not."""
        group_s = self._watched.group_s()
        if group_s is not None and self._group_then is not None:
            own_s = time.process_time() - self._own_then
            used_s = group_s - self._group_then - own_s
            missed_s = used_s - self.reaped_cpu_s - self.live_cpu_s
            self.lost_cpu_s = missed_s if missed_s > _SLACK_S else 0.0
            self.vanishing = False

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes, ended or alive at the last look.

        Never more than the machine has had: gVisor may say so of a fork bomb, by a hundredfold.
        """
        most_s = (time.monotonic() - self._started) * _CPUS
        return min(most_s, self.reaped_cpu_s + self.live_cpu_s + self.lost_cpu_s)


class Watched:
    """Where the numbers of a sandbox come from, beside /proc; the same for every run.

    `uid` is the sample's user where it is not the warden's own: only it sees all of a process. No
    sample can reach the warden meanwhile: for that its real and its saved user count.
    `files_kib` tells how much lies in the file systems in memory.
    """

    def __init__(
        self, cgroup: kernel.Cgroup, uid: Optional[int], files_kib: Callable[[], int]
    ) -> None:
        self.ours = {"1"}
        """Processes that are no sample's."""
        self.group_s = cgroup.cpu_s
        self.sockstat = kernel.open_or_none("/proc/net/sockstat")
        self._memory = cgroup.memory
        self._files_kib = files_kib
        self._new_kib = self._lasting_kib(self._memory) if self._memory else 0
        self._uid = uid
        own = _stat("self")
        self._stack = own[_STACK]
        self.size_kib = int(own[_SIZE]) // 1024

    def group_kib(self) -> Optional[int]:
        """Return what the cgroup counts as used memory; None where nobody counts."""
        return self._memory.used_kib() if self._memory else None

    def grown_kib(self, then_kib: int, enough_kib: int) -> int:
        """Return by how much the group has grown, without files; roughly where it is not enough."""
        if self._memory is None:
            return 0
        grown = self._memory.used_kib() - then_kib - self._files_kib()
        if grown <= enough_kib:
            return grown
        # Seen from when the sandbox was new: what was read before this run may be dropped in it.
        return min(grown, self._lasting_kib(self._memory) - self._new_kib)

    def _lasting_kib(self, memory: kernel.GroupMemory) -> int:
        return memory.used_kib() - memory.reclaimable_kib() - self._files_kib()

    def own_kib(self, names: list[str], baseline_kib: int) -> int:
        """Return what these processes can hold beside what they share with the warden."""
        with self._as_the_sample():
            return sum(_own_kib(name, self._stack, baseline_kib) for name in names)

    def shared_kib(self, names: list[str], known: dict[bytes, int]) -> dict[bytes, int]:
        """Return the size of each piece of memory without a file that these processes share.

        It stays as large as it was once seen, whatever part of it is mapped.
        """
        found: dict[bytes, int] = {}
        with self._as_the_sample():
            for name in names:
                for piece, size in _shared_kib(name).items():
                    found[piece] = max(size, found.get(piece, 0), known.get(piece, 0))
        return found

    @contextlib.contextmanager
    def _as_the_sample(self) -> Iterator[None]:
        if self._uid is None:
            yield
            return
        # Of its own accord the kernel would forget that this process is to die with bwrap.
        at_parents_death = kernel.death_signal()
        os.seteuid(self._uid)
        try:
            yield
        finally:
            os.seteuid(0)
            kernel.prctl(kernel.PR_SET_PDEATHSIG, at_parents_death)


def _stat(name: str) -> list[bytes]:
    """Return what stands behind the name of a process: field 3 of proc_pid_stat(5) first."""
    with open(f"/proc/{name}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()


def _look(name: str) -> Optional[_Process]:
    try:
        fields = _stat(name)
    except OSError:
        return None  # it ended while we looked
    # The first thread alone, but no ticks.
    finely_s = (kernel.read_number(f"/proc/{name}/schedstat") or 0) / 1e9
    return _Process(
        parent=fields[1].decode(),
        cpu_s=max(finely_s, (int(fields[11]) + int(fields[12])) / _TICK),
        collected_s=(int(fields[13]) + int(fields[14])) / _TICK,
        threads=int(fields[17]),
        resident_kib=int(fields[_RESIDENT]) * _PAGE // 1024,
        size_kib=int(fields[_SIZE]) // 1024,
    )


def _tables_kib(name: str, process: _Process) -> int:
    """Return the size of the page tables where they may be large."""
    if process.size_kib < _LOOK_AT_TABLES_KIB:
        return 0
    return kernel.read_number(f"/proc/{name}/status", "VmPTE:") or 0


def _own_kib(name: str, stack: bytes, baseline_kib: int) -> int:
    try:
        fields = _stat(name)
    except OSError:
        return 0
    status = f"/proc/{name}/status"
    mine = sum(kernel.read_number(status, kind) or 0 for kind in ("RssAnon:", "RssShmem:"))
    if fields[_STACK] != stack:
        return mine  # another program; or one that does not let itself be looked at
    grown = int(fields[_RESIDENT]) * _PAGE // 1024 - baseline_kib
    return max(grown, min(mine, int(fields[_FAULTS]) * _PAGE // 1024))


def _shared_kib(name: str) -> dict[bytes, int]:
    """Return, for each piece of shared memory without a file, up to where it is mapped."""
    pieces: dict[bytes, int] = {}
    try:
        with open(f"/proc/{name}/maps", "rb") as file:
            for line in file:
                if line.endswith(b"/dev/zero (deleted)\n"):
                    span, _, offset, _, inode, *_ = line.split()
                    start, end = (int(address, 16) for address in span.split(b"-"))
                    size = (int(offset, 16) + end - start) // 1024
                    pieces[inode] = max(size, pieces.get(inode, 0))
    except OSError:
        pass  # it ended while we looked; or the kernel, gVisor's, shows nobody else's
    return pieces


def waiting_s(ours: set[str]) -> float:
    """Return how long the living processes but `ours` stood ready to run and got no CPU."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and name not in ours:
            try:
                with open(f"/proc/{name}/schedstat", "rb") as file:
                    total += int(file.read().split()[1])
            except (OSError, IndexError, ValueError):
                continue
    return total / 1e9
