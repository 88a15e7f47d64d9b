"""One run: start the child, watch it, end it, report.

The supervisor never trusts the child: it reads pipes without blocking, keeps a bounded head and
tail of each stream, and decides by its own clocks. When the child is gone, or must go, it kills
every process but itself with one ``kill(-1, SIGKILL)``, which the kernel does while no process
can fork, and reaps until none is left.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import time
from typing import Any, Callable, Optional, Protocol

from . import kernel
from .fork_server import ForkServer
from .frames import Buffer
from .usage import Usage, Watched, waiting_s
from .wipe import Wiper

_CHUNK = 256 * 1024
_TURN = 1024 * 1024
_FIRST_CHECK_S, _SLOWEST_CHECK_S = 0.02, 0.1
_VANISHING_CHECK_S = 0.002
"""While processes end of which only a look tells what they used."""
_LOOKING_SHARE = 0.1
"""Of the time that goes into looking, at most."""
_RECORD_CHECK_S = 0.002
_LONGEST_PAUSE_MS = 100


class Readable(Protocol):
    """What is asked when its descriptor is ready."""

    def read(self) -> bool:
        """Take what is there; False when nothing will come any more."""
        ...


class Stream:
    """The head and the tail of what comes out of a pipe, and its length in full."""

    __slots__ = ("_fill", "_head", "_tail", "_wrapped", "_written", "fd", "total")

    def __init__(self, fd: int, head: memoryview, tail: memoryview) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self.total = 0
        self._head, self._tail = head, tail
        self._fill = 0
        self._written = 0
        self._wrapped = False

    def read(self) -> bool:
        """Take what is there, 1 MiB at most; False at the end of the stream."""
        # Bounded: a writer that is faster than we are must not keep us from looking at the clock.
        stop = self.total + _TURN
        while self.total < stop:
            if self._fill < len(self._head):
                room = self._head[self._fill :]
            else:
                room = self._tail[self._written :]
            try:
                count = os.readv(self.fd, [room[:_CHUNK]])
            except BlockingIOError:
                return True
            except ConnectionResetError:  # it ended without having read what it was sent
                return False
            if count == 0:
                return False
            self.total += count
            if self._fill < len(self._head):
                self._fill += count
            else:
                self._written += count
                if self._written == len(self._tail):
                    self._written, self._wrapped = 0, True
            if count < len(room) and count < _CHUNK:
                return True
        return True

    def ends_with(self, data: bytes) -> bool:
        """True where these bytes are the last that came, and all that came was kept."""
        start = self._fill - len(data)
        return self.total == self._fill and start >= 0 and self._head[start : self._fill] == data

    def parts(self) -> tuple[list[Buffer], list[int]]:
        """Return the kept pieces and [head length, tail length, total length]."""
        if self._wrapped:
            tail: list[Buffer] = [self._tail[self._written :], self._tail[: self._written]]
        else:
            tail = [self._tail[: self._written]]
        pieces: list[Buffer] = [self._head[: self._fill], *tail]
        return pieces, [self._fill, sum(len(piece) for piece in tail), self.total]


class Supervisor:
    """Watches runs, one at a time."""

    def __init__(
        self,
        cgroup: kernel.Cgroup,
        wiper: Wiper,
        watched: Watched,
        wake_fd: int,
        baseline_kib: int,
        fork_server: Optional[ForkServer] = None,
    ) -> None:
        self.fork_server = fork_server
        self._cgroup = cgroup
        self._watched = watched
        if fork_server is not None:
            watched.ours.add(str(fork_server.pid))
        self._wiper = wiper
        self._wake_fd = wake_fd
        self._ended = self.poller([])
        self._baseline = baseline_kib

    def expect(
        self,
        streams: list[Stream],
        record: Stream,
        limits: dict[str, Any],
        started: float,
        usage: Optional[Usage] = None,
    ) -> Run:
        """Make ready to watch a child that is about to be forked; or to go on, with this `usage`.

        What the warden writes to memory while a child lives is copied first, page by page. So
        everything that can be made before the fork is made before it.
        """
        usage = usage or self.usage()
        return Run(usage, streams, record, limits, self.poller(streams), started)

    def usage(self) -> Usage:
        """Return an account that is empty: nothing runs yet."""
        return Usage(self._watched, self._baseline)

    def poller(self, streams: list[Stream]) -> select.poll:
        """Return what wakes up when a stream can be read or a child has ended."""
        poller = select.poll()
        poller.register(self._wake_fd, select.POLLIN)
        for stream in streams:
            poller.register(stream.fd, select.POLLIN)
        return poller

    def watch(self, run: Run) -> dict[str, Any]:
        """Watch the child until it is gone; return the facts about its run."""
        ended, starved = self.follow(run)
        if run.killed or run.status != 0:
            run.usage.sample(run.limits["memory_bytes"] // 1024)
        self._end_all(run)
        run.drain()
        return self.facts(run, ended - run.started, starved)

    def follow(self, run: Run) -> tuple[float, float]:
        """Watch a run until it is over or breaks a limit, which `run.killed` then names.

        Return when that was, and how long its processes had to wait for a CPU.
        """
        limits, poller, usage = run.limits, run.poller, run.usage
        started = run.started
        wall_end = started + limits["wall_s"]
        pause = _FIRST_CHECK_S
        next_check = started + pause
        starved = 0.0
        while run.killed is None and not run.over():
            now = time.monotonic()
            if now >= wall_end:
                run.killed = "wall"
                starved = waiting_s(self._watched.ours)
                break
            if now >= next_check:
                pause = min(pause * 2, _SLOWEST_CHECK_S)
                self._check(run)
                next_check = now + pause
                if usage.vanishing:
                    looked_s = time.monotonic() - now
                    next_check = now + max(_VANISHING_CHECK_S, looked_s / _LOOKING_SHARE)
                continue
            pause_s = max(0.0, min(next_check, wall_end) - now)
            if limits["driven"]:
                # The record is looked at from time to time: to be woken by every line of it
                # would cost more than many a line took to make.
                pause_s = min(pause_s, _RECORD_CHECK_S)
                run.record.read()
            for fd, _ in poller.poll(pause_s * 1000 + 0.5):
                if fd == self._wake_fd:
                    os.read(self._wake_fd, 4096)
                    run.reap()
                elif not run.open_streams[fd].read():
                    poller.unregister(fd)
                    del run.open_streams[fd]
            if _too_much(run):
                run.killed = run.killed or "output"
        return time.monotonic(), starved

    def _end_all(self, run: Run) -> None:
        """Kill every process of the sample's and reap them all; see `end_all`."""
        server = self.fork_server
        if server is None:
            end_all(run)
            return
        # Again and again: one that was just forked may not have become the sample's user before.
        server.end_samples()
        run.reap()
        while not server.alone():
            if self._ended.poll(_LONGEST_PAUSE_MS):
                os.read(self._wake_fd, 4096)
            server.end_samples()
            run.reap()
        run.usage.end()

    def end_fork_server(self) -> None:
        """Do without it from now on."""
        if self.fork_server is not None:
            self.fork_server.end()
            self._watched.ours.discard(str(self.fork_server.pid))
            self.fork_server = None

    def _check(self, run: Run) -> None:
        limits = run.limits
        run.usage.sample(limits["memory_bytes"] // 1024)
        if run.usage.threads > limits["processes"]:
            # Where the kernel refuses none, as gVisor's, a bomb would grow until nothing answers.
            run.killed = "processes"
        elif run.usage.cpu_s > limits["cpu_kill_s"]:
            run.killed = "cpu"
        elif run.usage.sampled_kib * 1024 > limits["memory_bytes"]:
            run.killed = "memory"
        elif run.stalled(limits["call_cpu_s"]):
            run.killed = "call"
        elif (
            limits["disk_bytes"] and self._wiper.used_bytes() > limits["disk_bytes"]
        ) or self._wiper.crowded():
            run.killed = "disk"

    def facts(self, run: Run, wall_s: float, starved_s: float) -> dict[str, Any]:
        """Return what a report says of a run."""
        usage, status = run.usage, run.status or 0
        failed = run.killed is not None or status != 0
        threads_full = usage.threads >= run.limits["processes"]
        return {
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "killed": run.killed,
            # Asked after every run: what a run that ended well used up is not its successor's.
            "oom": self._cgroup.killed_for_memory() and failed,
            "process_limit": (self._cgroup.refused_a_process() or threads_full) and failed,
            "disk_full": failed and self._wiper.full(),
            "cpu_s": round(usage.cpu_s, 6),
            "wall_s": round(wall_s, 6),
            "starved_s": round(starved_s, 6),
            "peak_kib": usage.peak_kib,
        }


class Run:
    """The state of one run. `pid` is 0 until the child is forked."""

    def __init__(
        self,
        usage: Usage,
        streams: list[Stream],
        record: Stream,
        limits: dict[str, Any],
        poller: select.poll,
        started: float,
    ) -> None:
        self.pid = 0
        self.usage = usage
        self.streams = streams
        self.open_streams: dict[int, Readable] = {stream.fd: stream for stream in streams}
        self.record = record
        self.limits = limits
        self.poller = poller
        self.started = started
        self.status: Optional[int] = None
        self.killed: Optional[str] = None
        self._recorded = -1
        self._cpu_then = 0.0

    def over(self) -> bool:
        """True where there is nothing more to wait for."""
        return self.status is not None

    def drain(self) -> None:
        """Take what is left in the pipes, where nobody can write to them any more."""
        for stream in (*self.streams, self.record):
            before = -1
            while before < stream.total:
                before = stream.total
                stream.read()
        if _too_much(self):
            self.killed = self.killed or "output"

    def stalled(self, limit_s: Optional[float]) -> bool:
        """True where more CPU time than `limit_s` has gone into one line of the record."""
        if limit_s is None:
            return False
        if self.record.total != self._recorded:
            self._recorded, self._cpu_then = self.record.total, self.usage.cpu_s
        return self.usage.cpu_s - self._cpu_then > limit_s

    def reap(self) -> None:
        """Collect every process that has ended."""
        while self.reap_one(os.WNOHANG):
            pass

    def reap_one(self, flags: int) -> bool:
        """Collect a process that has ended; False where there is none."""
        try:
            pid, status, resources = os.wait4(-1, flags)
        except ChildProcessError:
            return False
        if pid == 0:
            return False
        self.usage.reap(resources)
        self.note_end(pid, status)
        return True

    def note_end(self, pid: int, status: int) -> None:
        """Called for each process that was collected."""
        if pid == self.pid:
            self.status = status


def _too_much(run: Run) -> bool:
    """True where a stream is longer than it may be."""
    limit = run.limits["output_bytes"]
    return (
        any(stream.total > limit for stream in run.streams)
        or run.record.total > run.limits["record_bytes"]
    )


def end_all(run: Run) -> None:
    """Kill every process of this sandbox but the warden, and reap them all."""
    kill_all(run.reap_one)
    run.usage.end()


def kill_all(reap_one: Callable[[int], bool]) -> None:
    """Kill every process but this one until `reap_one`, given no flags, finds none any more."""
    # Orphans come to PID 1: no child left means no process left. A process that the kernel
    # cannot end keeps us here, and the engine's deadline throws the sandbox away.
    left = True
    while left:
        # Once is enough on Linux. Under gVisor a fork may outrun it.
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        left = reap_one(0)


def wake_pipe() -> int:
    """Make SIGCHLD readable; return the descriptor that becomes ready."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    high = fcntl.fcntl(writer, fcntl.F_DUPFD_CLOEXEC, 50)
    os.close(writer)
    signal.set_wakeup_fd(high, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader
