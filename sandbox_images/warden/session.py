"""Several calls in one sandbox that stays one client's until its end.

Between calls files stay, and processes too, the kept interpreter among them, but they stand still:
what nobody watches uses nothing. Each call has limits of its own; what breaks one is ended with
everything that began in this call. The account of CPU time, memory and processes is one for the
whole session, so nothing is gained by going on in the background.

There is no way back: the sandbox is destroyed with its session. So nothing is wiped in here, and
what the client's code leaves in the warden's memory is seen by that client's code alone.

Not promised: that one call of a session cannot disturb a later one of the same session. A kept
interpreter is its client's, who may replace everything in it.
"""

from __future__ import annotations

import os
import select
import signal
import time
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from . import kernel, python_cells, python_main, session_child
from .child import Descriptors, Job, confine, read_job
from .pipes import Pipes, connect
from .record import Recorder
from .supervise import Run, Stream, end_all

if TYPE_CHECKING:
    from .serve import Warden

_NICE = 19
"""The lowest priority: sessions give way to samples, which have deadlines, and to their warden."""
_GRACE_S = 2.0
"""What an interpreter has to end a cell that was interrupted, and of CPU time half as much."""
_DELIVERY_S = 5.0
"""In which an interpreter must have taken a cell: it waits for nothing else."""
_INTERRUPTED = ("cpu", "wall", "output")
_NO_LIMIT = 1 << 62
_STATE, _PARENT, _STARTED = 0, 1, 19
"""Fields of proc_pid_stat(5), counted from the third."""


class _Call(Run):
    """One call; notices the end of the interpreter that is kept beside it."""

    kept = 0
    """Process of the interpreter, 0 where there is none."""
    mark = b""
    """What the record ends with when a cell has ended."""

    def over(self) -> bool:
        """True where the program has ended, or the cell."""
        return self.status is not None or (bool(self.mark) and self.record.ends_with(self.mark))

    def note_end(self, pid: int, status: int) -> None:
        """See `Run.note_end`."""
        super().note_end(pid, status)
        if pid == self.kept:
            self.kept = 0


class _Interpreter(NamedTuple):
    pid: int
    pipes: Pipes


class Session:
    """Serves the calls of one client."""

    def __init__(self, warden: Warden) -> None:
        warden.supervisor.end_fork_server()
        warden.start_nothing_ahead()
        self._warden = warden
        self._supervisor = warden.supervisor
        self._usage = warden.supervisor.usage()
        self._interpreter: _Interpreter | None = None

    def serve(self, header: dict[str, Any], parts: list[memoryview]) -> NoReturn:
        """Answer this call and all that follow, until the engine hangs up."""
        while True:
            self._answer(header, parts)
            self._warden.arena.wipe()
            header, parts = self._warden.receive()

    def _answer(self, header: dict[str, Any], parts: list[memoryview]) -> None:
        started, spent_s = time.monotonic(), self._usage.cpu_s
        self._usage.threads = self._usage.peak_kib = 0
        limits: dict[str, Any] = header["limits"]
        limits["cpu_kill_s"] += spent_s
        token = os.urandom(8).hex()
        job = read_job(parts, self._warden.work)
        self._miss_interpreter()
        had = self._interpreter
        if job.meta["driver"] == "cell":
            limits["session_cpu_s"] = header["session_cpu_s"]
            pipes, facts, streams = self._cell(job, limits, token, started)
        else:
            pipes, facts, streams = self._command(job, limits, parts, token, started)
        facts["cpu_s"] = round(max(0.0, self._usage.cpu_s - spent_s), 6)
        has = self._interpreter
        facts["fresh"] = job.meta["driver"] == "cell" and had is None
        facts["lost"] = (had is not None or facts["fresh"]) and has is None
        if limits["fetch_bytes"]:
            streams["fetched"] = self._warden.fetch(parts, limits["fetch_bytes"])
        self._warden.report(header["id"], facts, streams, token, started)
        for used in {pipes, pipes if had is None else had.pipes}:
            if has is None or used is not has.pipes:
                used.close_ours()

    def _command(
        self,
        job: Job,
        limits: dict[str, Any],
        parts: list[memoryview],
        token: str,
        started: float,
    ) -> tuple[Pipes, dict[str, Any], dict[str, Stream]]:
        """Run a program beside what there is."""
        pipes = connect(parts[1])
        run = self._expect(pipes, limits, started)
        before = _processes()
        run.pid = kernel.fork()
        if run.pid == 0:
            self._become(job, pipes.theirs, limits, token)
        pipes.close_theirs()
        if job.meta["driver"] != "files":
            _signal_all(signal.SIGCONT)
        ended, starved_s = self._supervisor.follow(run)
        _signal_all(signal.SIGSTOP)
        if run.killed in ("memory", "processes"):
            end_all(run)  # what is too much may be another's than this call's
        elif run.killed is not None:
            _end_newer(run, before)
        return pipes, self._settle(run, ended, starved_s), _named(run)

    def _cell(
        self, job: Job, limits: dict[str, Any], token: str, started: float
    ) -> tuple[Pipes, dict[str, Any], dict[str, Stream]]:
        """Have the kept interpreter run a cell; start one where there is none."""
        interpreter = self._interpreter or self._start(job, limits)
        pipes = interpreter.pipes
        run = self._expect(pipes, limits, started)
        run.pid = run.kept = interpreter.pid
        run.mark = python_cells.mark(token)
        run.poller.register(pipes.record, select.POLLIN)
        run.open_streams[pipes.record] = run.record
        _signal_all(signal.SIGCONT)
        ended, starved_s = started, 0.0
        if _deliver(pipes.record, python_cells.letter(token, job.payload)):
            ended, starved_s = self._supervisor.follow(run)
            if run.killed in _INTERRUPTED:
                self._interrupt(run)
        _signal_all(signal.SIGSTOP)
        if not run.over():
            end_all(run)
        return pipes, self._settle(run, ended, starved_s), _named(run)

    def _interrupt(self, run: _Call) -> None:
        """Interrupt a cell, as Ctrl-C does, and let its interpreter say so."""
        why, run.killed = run.killed, None
        if run.status is None:
            os.killpg(run.pid, signal.SIGINT)
        run.limits = {
            **run.limits,
            "wall_s": time.monotonic() - run.started + _GRACE_S,
            "cpu_kill_s": run.usage.cpu_s + _GRACE_S / 2,
            "output_bytes": _NO_LIMIT,
        }
        self._supervisor.follow(run)
        run.killed = why

    def _miss_interpreter(self) -> None:
        """Notice one that ended when nobody watched: it was killed by a call that ended first."""
        kept = self._interpreter
        if kept is None:
            return
        if os.waitid(os.P_PID, kept.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            kept.pipes.close_ours()
            self._interpreter = None

    def _expect(self, pipes: Pipes, limits: dict[str, Any], started: float) -> _Call:
        keep = self._warden.stream
        streams = [keep(fd, *limits["keep"]) for fd in (pipes.stdout, pipes.stderr)]
        record = keep(pipes.record, limits["record_bytes"], 1)
        poller = self._supervisor.poller(streams)
        run = _Call(self._usage, streams, record, limits, poller, started)
        if self._interpreter is not None:
            run.kept = self._interpreter.pid
        return run

    def _settle(self, run: _Call, ended: float, starved_s: float) -> dict[str, Any]:
        """Take what is left to take, now that all stands still; return the facts."""
        run.drain()
        run.reap()
        self._usage.sample(_NO_LIMIT)
        facts = self._supervisor.facts(run, ended - run.started, starved_s)
        if run.kept == 0:
            self._interpreter = None
        return facts

    def _start(self, job: Job, limits: dict[str, Any]) -> _Interpreter:
        pipes = connect(b"", both_ways=True)
        pid = kernel.fork()
        if pid == 0:
            # Its CPU time is that of many calls; the watch knows how much of it is this one's.
            limits["cpu_kill_s"] = limits["session_cpu_s"]
            self._become(job, pipes.theirs, limits, "")
        pipes.close_theirs()
        self._interpreter = _Interpreter(pid, pipes)
        return self._interpreter

    def _become(self, job: Job, fds: Descriptors, limits: dict[str, Any], token: str) -> NoReturn:
        """Be a child of this session: a program, an interpreter, or what handles files."""
        try:
            recorder = Recorder(fds.record, token)
            os.nice(_NICE)
            confine(fds, limits, self._warden.identity)
            self._warden.seal()
            if job.meta["driver"] == "cell":
                python_cells.serve(fds.record, python_main.become_main(job))
            recorder.write({"ready": True})
        except BaseException:
            os._exit(254)
        if job.meta["driver"] == "files":
            session_child.handle_files(job, recorder)
        session_child.run_program(job, recorder)


def _named(run: Run) -> dict[str, Stream]:
    return {"stdout": run.streams[0], "stderr": run.streams[1], "record": run.record}


def _deliver(fd: int, data: bytes) -> bool:
    """Hand an interpreter its cell; False where it does not take it."""
    rest, end = memoryview(data), time.monotonic() + _DELIVERY_S
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    while len(rest):
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            poller.poll(100)
        except OSError:  # it has closed its end
            return False
    return True


def _signal_all(number: int) -> None:
    """Send a signal to every process of the sandbox but this one, at one moment."""
    try:
        os.kill(-1, number)
    except ProcessLookupError:
        pass


def _processes() -> dict[str, bytes]:
    """Return when each living process began, by its number."""
    found: dict[str, bytes] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            fields = _stat(name)
            # A parent that stands still collects nobody; who waits for that is gone already.
            if fields and (fields[_STATE] != b"Z" or fields[_PARENT] == b"1"):
                found[name] = fields[_STARTED]
    return found


def _stat(name: str) -> list[bytes]:
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []  # it ended while we looked


def _end_newer(run: Run, before: dict[str, bytes]) -> None:
    """End every process that began in this call. All stand still, so there will be no more."""
    while newer := [name for name, started in _processes().items() if before.get(name) != started]:
        for name in newer:
            try:
                os.kill(int(name), signal.SIGKILL)
            except ProcessLookupError:
                pass
        run.reap()
        time.sleep(0.001)
