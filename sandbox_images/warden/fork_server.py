"""A language's own zygote: its interpreter, started once in the sandbox, forked for each program.

It is a script in the language's folder that runs in the interpreter before the main program is
read, as the warden's user, and is as trusted as the warden: no sample can signal, trace or read
it, and it reads nothing that a sample wrote. The protocol:

- It is started in the work area, where the program's file is there and holds one blank. What it
  has loaded by itself is what a plain start would have loaded, and no more.
- It writes ``ready`` and a newline to its standard output.
- For each program a line comes on its standard input: a user, and a folder in which ``in``,
  ``out`` and ``err`` are. It forks a process whose parent is the warden (by forking twice, or by
  clone(2) with CLONE_PARENT), and writes its process id and a newline.
- That process becomes a session of its own, opens these three as its standard descriptors,
  removes them and the folder, closes every other descriptor, reads the program's file from its
  beginning in place of the one that was there at first, becomes that user, for good, waits until
  its parent is the warden, and goes on as its interpreter does at the start of a main program.
- At the end of its standard input it ends.

A program is forked only where it would have been spawned, with the command that the server
stands for, and no variables of its own. The processes of a sample are then ended by its user:
``kill(-1)`` from a process with that user reaches all of them at once, and not the server.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import Any

from .child import Descriptors, Job, write_files
from .frames import Buffer
from .pipes import Pipes
from .spawn import DEFAULTS, as_the_sample, expendable, largest_file

_START_S, _ANSWER_S = 20.0, 10.0
_LARGEST_INPUT = 1024 * 1024
"""Its input lies among its files for a moment; a longer one would be missed there."""
_FOLDER = "/tmp/.veristone-streams"
_STREAMS = ("in", "out", "err")
_BLANK = b" "
_CHILDREN = "/proc/self/task/1/children"


class ServerGone(Exception):
    """It does not answer; programs are started without it from now on."""


class ForkServer:
    """The interpreter that waits, and what it is told.

    Args:
        uid: the sample's user.
        command: starts it; its last word is the program's file.
        stands_for: the command of the programs that it forks.
        largest_file: bytes, for all of them.

    Raises:
        ServerGone: it did not become ready.
    """

    def __init__(
        self, uid: int, command: list[str], stands_for: list[str], file_bytes: int
    ) -> None:
        self.uid = uid
        self._stands_for = stands_for
        self._file_bytes = file_bytes
        self._children = os.open(_CHILDREN, os.O_RDONLY | os.O_CLOEXEC)
        self._requests, self._answers, self.pid = _started(command, file_bytes)
        if self._answer(_START_S) != b"ready":
            self.end()
            raise ServerGone(f"{command[0]} did not become one")
        os.unlink(command[-1])

    def serves(self, job: Job, stdin: Buffer, limits: dict[str, Any]) -> bool:
        """True for a program that would be started by the very command that this stands for."""
        return (
            job.meta["argv"] == self._stands_for
            and not job.meta["env"]
            and len(stdin) <= _LARGEST_INPUT
            and limits["file_bytes"] == self._file_bytes
        )

    def connect(self, stdin: Buffer) -> Pipes:
        """Make the streams of a program under names, since it cannot inherit them."""
        os.mkdir(_FOLDER, 0o700)
        names = [f"{_FOLDER}/{name}" for name in _STREAMS]
        if len(stdin):
            with open(names[0], "xb") as file:
                file.write(stdin)
        else:
            os.symlink(os.devnull, names[0])
        out, err = (_named_pipe(name) for name in names[1:])
        record, theirs = os.pipe2(os.O_CLOEXEC)
        return Pipes(Descriptors(-1, -1, -1, theirs), out, err, record)

    def fork(self, job: Job, limits: dict[str, Any]) -> int:
        """Write the job's files and start its program; return its process.

        Raises:
            OSError: a file cannot be written, or nobody reads requests.
            ServerGone: it does not answer.
        """
        with as_the_sample(self.uid), largest_file(limits["file_bytes"]):
            write_files(job)
        os.write(self._requests, f"{self.uid} {_FOLDER}\n".encode())
        answer = self._answer(_ANSWER_S)
        if not answer.isdigit():
            raise ServerGone("the fork server does not answer")
        pid = int(answer)
        expendable(pid)
        return pid

    def end_samples(self) -> None:
        """Kill every process of the sample's user, at one moment."""
        with as_the_sample(self.uid), contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)

    def alone(self) -> bool:
        """True where the warden has no child but this one; orphans are its children, too."""
        return set(os.pread(self._children, 4096, 0).split()) <= {b"%d" % self.pid}

    def _answer(self, patience_s: float) -> bytes:
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        end, answer = time.monotonic() + patience_s, b""
        while not answer.endswith(b"\n") and poller.poll(1000 * max(0, end - time.monotonic())):
            piece = os.read(self._answers, 64)
            if not piece:
                return b""
            answer += piece
        return answer.rstrip(b"\n")


def _started(command: list[str], most: int) -> tuple[int, int, int]:
    """Start a server; return where it reads, where it answers, and its process."""
    with open(command[-1], "wb") as file:
        file.write(_BLANK)
    requests, sink = os.pipe2(os.O_CLOEXEC)
    source, answers = os.pipe2(os.O_CLOEXEC)
    actions = [(os.POSIX_SPAWN_DUP2, requests, 0), (os.POSIX_SPAWN_DUP2, answers, 1)]
    with largest_file(most):
        pid = os.posix_spawnp(
            command[0], command, os.environ, file_actions=actions, setsid=True, setsigdef=DEFAULTS
        )
    os.close(requests)
    os.close(answers)
    return sink, source, pid


def _named_pipe(path: str) -> int:
    """Make a pipe that can be opened by name, by the sample only to write; return our end."""
    os.mkfifo(path, 0o600)
    os.chmod(path, 0o222)
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
