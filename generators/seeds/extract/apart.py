"""Work on hostile input in a child process that may die of it.

For native code that cannot be stopped halfway, as a parser in the middle of error recovery. The
child has limits of its own for memory and CPU time; its death, a fault in the native code included,
is an answer like any other, and the next request gets a fresh child. A child serves many requests,
so that one costs little more than its bytes through a pipe.

Whether work on the edge of a limit succeeds may differ between machines: limits belong far above
what ordinary input takes. Without `/proc` (not on Linux) the memory is not limited.
"""

import atexit
import faulthandler
import os
import resource
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn

__all__ = ["Apart"]

RENEWED_AFTER_S = 2.0
"""CPU seconds after which a child is replaced: what it used is only counted to its parent when it
ends, and what leaked or fell to pieces in its memory goes with it."""
_HEAD = struct.Struct("!cQ")
_DONE, _LAST, _RAISED, _NO_MEMORY = b"d", b"l", b"r", b"m"
_OUT_OF_MEMORY = 3
"""Exit status of a child that cannot even say it."""
_OF_THE_WORK = frozenset(
    {
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGKILL,  # what the kernel sends where the memory ends
        signal.SIGSEGV,
        signal.SIGXCPU,
    }
)


class _Child(NamedTuple):
    pid: int
    parent: int
    requests: BinaryIO
    answers: BinaryIO


class Apart:
    """Calls `work` in a child process, started with the first request.

    `memory_bytes` is on top of what this process has mapped when the child starts, `cpu_s` is for
    one request. Not for several threads at a time.
    """

    def __init__(self, work: Callable[[bytes], bytes], *, memory_bytes: int, cpu_s: int) -> None:
        self._work = work
        self._memory_bytes = memory_bytes
        self._cpu_s = cpu_s
        self._child: _Child | None = None
        atexit.register(self.close)

    def __call__(self, request: bytes) -> bytes | None:
        """Return what `work` makes of the request; None if it died of it.

        Raises:
            RuntimeError: `work` raised an exception, whose traceback is in the message, or somebody
                else ended the child.
        """
        child = self._child
        if child is None or child.parent != os.getpid():
            self._forget()
            child = self._child = self._start()
        try:
            kind, answer = _ask(child, request)
        except BaseException:
            # An interruption, as by SIGTERM: what comes through the pipe now is not waited for.
            self._end(kill=True)
            raise
        if kind == _RAISED:
            raise RuntimeError(f"in a child process: {answer.decode(errors='replace')}")
        if kind == _DONE:
            return answer
        code = self._end(kill=False)
        if kind == _LAST:
            return answer
        if kind == _NO_MEMORY or code == _OUT_OF_MEMORY:
            return None
        if code < 0 and signal.Signals(-code) in _OF_THE_WORK:
            return None
        raise RuntimeError(f"a child process ended with status {code} while it worked")

    def close(self) -> None:
        """End the child, if there is one. The next request starts another."""
        if self._child is not None and self._child.parent == os.getpid():
            self._end(kill=False)
        self._forget()

    def _forget(self) -> None:
        """Close the pipes to a child of the process that this one was forked from."""
        if self._child is not None:
            self._child.requests.close()
            self._child.answers.close()
            self._child = None

    def _start(self) -> _Child:
        parent = os.getpid()
        requests, answers = os.pipe(), os.pipe()
        with warnings.catch_warnings():
            # Other threads do not exist in the child, and it takes no lock that they might hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self._be_child(requests[0], answers[1])
        os.close(requests[0])
        os.close(answers[1])
        return _Child(pid, parent, open(requests[1], "wb"), open(answers[0], "rb"))

    def _end(self, *, kill: bool) -> int:
        """Wait for the child's end; return its exit code, or the negative number of a signal."""
        child, self._child = self._child, None
        assert child is not None
        if kill:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        with suppress(BrokenPipeError):
            child.requests.close()
        child.answers.close()
        _, status = os.waitpid(child.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _be_child(self, requests: int, answers: int) -> NoReturn:
        """Serve requests until the parent closes its end; what else the parent does is not ours."""
        try:
            _leave_alone(requests, answers)
            _limit(resource.RLIMIT_CORE, 0)
            if sys.platform == "linux":
                pages = int(Path("/proc/self/statm").read_bytes().split()[0])
                _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + self._memory_bytes)
            with open(requests, "rb") as reading, open(answers, "wb") as writing:
                while self._serve(reading, writing):
                    pass
        finally:
            os._exit(0)

    def _serve(self, reading: BinaryIO, writing: BinaryIO) -> bool:
        """Answer one request; return whether to go on."""
        head = reading.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return False
        try:
            return self._answer(_HEAD.unpack(head)[1], reading, writing)
        except MemoryError:
            # Not in the work itself but around it: too little is left to say so in words.
            os._exit(_OUT_OF_MEMORY)

    def _answer(self, size: int, reading: BinaryIO, writing: BinaryIO) -> bool:
        request = reading.read(size)
        used = int(time.process_time())
        _limit(resource.RLIMIT_CPU, used + 1 + self._cpu_s)
        try:
            answer = self._work(request)
            kind = _LAST if time.process_time() > RENEWED_AFTER_S else _DONE
        except MemoryError:
            kind, answer = _NO_MEMORY, b""
        except Exception:
            kind, answer = _RAISED, traceback.format_exc().encode(errors="replace")
        writing.write(_HEAD.pack(kind, len(answer)) + answer)
        writing.flush()
        return kind in (_DONE, _RAISED)


def _ask(child: _Child, request: bytes) -> tuple[bytes, bytes]:
    """Send a request; return the kind and the bytes of the answer, two empty ones if none came."""
    try:
        child.requests.write(_HEAD.pack(_DONE, len(request)) + request)
        child.requests.flush()
    except BrokenPipeError:
        return b"", b""
    head = child.answers.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return b"", b""
    kind, size = _HEAD.unpack(head)
    answer = child.answers.read(size)
    return (kind, answer) if len(answer) == size else (b"", b"")


def _leave_alone(requests: int, answers: int) -> None:
    """Take the child out of its parent's affairs: its files, its signals, its terminal's Ctrl-C.

    A pipe that stayed open here would never end for those who wait for the parent's end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    last = 2
    for kept in sorted((requests, answers)):
        os.closerange(last + 1, kept)
        last = kept
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))


def _limit(kind: int, value: int) -> None:
    """Lower the soft limit to `value`, or to the hard one if that is lower still."""
    _, hard = resource.getrlimit(kind)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard))
