"""A program's process, started before the program is there.

While a sandbox waits for its next job, clean, the interpreter or the compiler that this job is
likely to ask for is started in it, as the job would start it: the same command, user, folder and
variables; what a job decides in a command, the name of a class, is as it was in the last. It does
all that it does before it needs the program's text, and then waits at its *gate*, the file of that
text. The file lies there, empty, and the warden holds a lease on it (fcntl(2), F_SETLEASE), so
that the kernel has everybody wait who opens it. When the job comes, the text is written into the
file and the lease is given back.

Invariants: such a process serves one job, or none. It is started where nothing of a sample is left;
it is the next sample's, and ends with it. So there is nothing in it that one sample could leave to
another, whatever it has loaded. A job that differs in anything from what was started is started
plainly, when that is gone and wiped away.

The kernel has an opener wait for so long only (/proc/sys/fs/lease-break-time, 45 s as a rule); then
it goes on with the empty file, and ends. What has waited for half of that is not used any more.

What a program can see of it: its process is older than its text, and an empty input is an empty
file where a plain start has /dev/null.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from typing import Any, Callable, NamedTuple, Optional, Protocol, Sequence

from .child import Job, write_all, write_files
from .frames import Buffer
from .kernel import read_number
from .pipes import Pipes, connect
from .spawn import as_the_sample, expendable, largest_file, start
from .supervise import kill_all
from .usage import Usage

_LONGEST_WAIT = "/proc/sys/fs/lease-break-time"
_SHORTEST_S = 10
"""Where an opener waits no longer than this nothing is started ahead."""
_PIPE_BYTES = 64 * 1024
"""What a pipe holds; a longer program is started plainly."""
_NEW = ".veristone-program"
_IDLE_MS, _LONGEST_IDLE_MS = 10, 640
"""A busy sandbox has its next job before, and a start would take its time. The longer after a start
that was in vain."""


class Command(NamedTuple):
    """A command that jobs ask for. A `*` in its words stands for a name that a job decides.

    Args:
        argv: the command.
        starts: what is started for it: the same one, as a rule.
        env: the variables of its own.
        file_bytes: its limit of the largest file.
        gate: the file at which it waits.
        piped: it opens this file first of all, and so waits where it reads it.
    """

    argv: list[str]
    starts: list[str]
    env: dict[str, str]
    file_bytes: int
    gate: str
    piped: bool

    def of(self, job: Job) -> Command:
        """Return this command with the name that a job has."""
        pairs = zip(self.argv, job.meta["argv"])
        name = next((_named(given, word) for given, word in pairs if "*" in given), "")
        argv, starts = ([word.replace("*", name) for word in each] for each in self[:2])
        return self._replace(argv=argv, starts=starts, gate=self.gate.replace("*", name))

    def serves(self, job: Job, limits: dict[str, Any]) -> bool:
        """True for a job that would be started just so."""
        files = job.meta["files"]
        return (
            job.meta["argv"] == self.argv
            and job.meta["env"] == self.env
            and limits["file_bytes"] == self.file_bytes
            # Other files could be what it has looked for already.
            and self.gate in files
            and all(name == self.gate or self._beside(name) for name in files)
            and not (self.piped and len(self.program(job)) > _PIPE_BYTES)
        )

    def program(self, job: Job) -> memoryview:
        """Return what the file of the gate will hold."""
        at: int = job.meta["files"].index(self.gate)
        return job.contents[at]

    def _beside(self, name: str) -> bool:
        """True for a file in the folder of the program, where it has one of its own."""
        folder, slash, _ = self.gate.rpartition("/")
        return bool(slash) and name.startswith(folder + slash)


def _named(given: str, word: str) -> str:
    before, _, behind = given.partition("*")
    return word[len(before) : len(word) - len(behind)]


class Waiting(NamedTuple):
    """A process that waits at its gate."""

    command: Command
    pid: int
    pipes: Pipes
    gate: _Gate
    usage: Usage
    """Opened before it was started: what it takes is the sample's, as of a plain start."""
    since: float


class Prestart:
    """Starts ahead what is likely to be asked for: what followed on the job before, the last time.

    Args:
        uid: the sample's user.
        commands: what is started ahead in this sandbox.
        usage: opens an account of what is used from now on.
        wipe: removes all files.
    """

    def __init__(
        self,
        uid: int,
        commands: Sequence[Command],
        usage: Callable[[], Usage],
        wipe: Callable[[], None],
    ) -> None:
        self._uid, self._commands, self._usage, self._wipe = uid, commands, usage, wipe
        self._patience_s = (read_number(_LONGEST_WAIT) or 0) / 2
        self._last: Optional[int] = None
        self._next: dict[Optional[int], Command] = {}
        """What came after a command of each kind, or of none, the last time; at first it itself."""
        self._waiting: Optional[Waiting] = None
        self.idle_ms = _IDLE_MS
        """How long nothing is asked of the sandbox before anything is started ahead."""

    def begin(self) -> None:
        """Start what is likely to come; the sandbox must be clean.

        Raises:
            OSError: nothing can be started ahead here: a kernel without leases.
        """
        command = self._next.get(self._last)
        if command is None or self._waiting is not None or self._patience_s < _SHORTEST_S:
            return
        usage = self._usage()
        with contextlib.ExitStack() as undone:
            undone.callback(self._wipe)
            pipes = connect(None)
            undone.callback(pipes.close)
            with as_the_sample(self._uid), largest_file(command.file_bytes):
                gate = _Piped(command.gate) if command.piped else _Leased(command.gate)
                undone.callback(gate.close)
                pid = start(command.starts, command.env, pipes.theirs)
            undone.pop_all()
        expendable(pid)
        self._waiting = Waiting(command, pid, pipes, gate, usage, time.monotonic())

    def take(self, job: Optional[Job], limits: dict[str, Any]) -> Optional[Waiting]:
        """Return what waits for just this job; where it is another one, nothing waits any more."""
        command = self._note(job, limits) if job is not None else None
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return None
        if waiting.command == command and self._still_waits(waiting):
            self.idle_ms = _IDLE_MS
            return waiting
        self.idle_ms = min(_LONGEST_IDLE_MS, 4 * self.idle_ms)
        kill_all(_reap_one)
        waiting.pipes.close()
        waiting.gate.close()
        self._wipe()
        return None

    def _note(self, job: Job, limits: dict[str, Any]) -> Optional[Command]:
        """Return the command that a job asks for, if it is one of ours; remember that it came."""
        named = [command.of(job) for command in self._commands]
        kind = next((at for at, each in enumerate(named) if each.serves(job, limits)), None)
        command = named[kind] if kind is not None else None
        if command is not None:
            self._next[self._last] = command
            self._next.setdefault(kind, command)
        self._last = kind
        return command

    def open_gate(self, waiting: Waiting, job: Job, stdin: Buffer) -> int:
        """Give it the program and its input, and let it go on; return its process.

        Raises:
            OSError: a file cannot be written.
        """
        command = waiting.command
        try:
            # Before the program: it may be read, and look for its input, as soon as it is there.
            write_all(waiting.pipes.theirs.stdin, stdin)
            os.lseek(waiting.pipes.theirs.stdin, 0, os.SEEK_SET)
            with as_the_sample(self._uid), largest_file(command.file_bytes):
                write_files(job, but=command.gate)
                waiting.gate.open(command.program(job))
        finally:
            waiting.gate.close()
        return waiting.pid

    def _still_waits(self, waiting: Waiting) -> bool:
        """True for one that can be used, and is sooner at its program than a plain start."""
        command = waiting.command
        if command.starts != command.argv and not waiting.gate.reached():
            return False  # it is still busy with what a plain start leaves out
        ended = os.waitid(os.P_PID, waiting.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is None and time.monotonic() - waiting.since < self._patience_s


def _reap_one(flags: int) -> bool:
    """Collect a process that has ended, of which nothing is counted; False where there is none."""
    try:
        return os.waitpid(-1, flags)[0] != 0
    except ChildProcessError:
        return False


class _Gate(Protocol):
    """The file of a program that is not there yet."""

    def reached(self) -> bool:
        """True where somebody waits at it."""
        ...

    def open(self, program: Buffer) -> None:
        """Write the program and let it be read, as the sample's user."""
        ...

    def close(self) -> None:
        """Let the warden's end go; whoever waits goes on."""
        ...


class _Leased:
    """A file at whose opening the kernel has everybody wait.

    Raises:
        OSError: this kernel has no leases.
    """

    def __init__(self, path: str) -> None:
        if "/" in path:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            # Of somebody who waits it tells by a signal, one that is ignored unless it is handled.
            fcntl.fcntl(self._fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(self._fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError:
            self.close()
            raise

    def reached(self) -> bool:
        """See `_Gate.reached`."""
        # What it is to become, where somebody waits: no lease.
        return fcntl.fcntl(self._fd, fcntl.F_GETLEASE) != fcntl.F_WRLCK

    def open(self, program: Buffer) -> None:
        """See `_Gate.open`."""
        write_all(self._fd, program)

    def close(self) -> None:
        """See `_Gate.close`."""
        os.close(self._fd)


class _Piped:
    """A pipe under the file's name, for what opens it first and reads it last.

    Who has opened it by the time the program comes reads it from the pipe, and everybody else from
    the file that takes its place.
    """

    def __init__(self, path: str) -> None:
        os.mkfifo(path, 0o644)
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def reached(self) -> bool:
        """See `_Gate.reached`; it cannot be seen."""
        return True

    def open(self, program: Buffer) -> None:
        """See `_Gate.open`."""
        with open(_NEW, "xb") as file:
            file.write(program)
        os.rename(_NEW, self._path)  # first, for a program may read its own file
        write_all(self._fd, program)

    def close(self) -> None:
        """See `_Gate.close`."""
        os.close(self._fd)
