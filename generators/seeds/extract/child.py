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
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

__all__ = ["Child"]

RENEWED_AFTER_S = 2.0
"""CPU seconds after which a child is replaced: what it used is only counted to its parent when it
ends, and what leaked or fell to pieces in its memory goes with it."""
_DONE, _LAST, _RAISED, _NO_MEMORY = b"d", b"l", b"r", b"m"
_OUT_OF_MEMORY = 3
"""Exit status of a child that cannot even say it."""
_OF_THE_WORK = frozenset(
    {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGXCPU}
    | {signal.SIGKILL}  # what the kernel sends where the memory ends
)


class Child:
    """Calls `work` in a child process, started with the first request.

    `memory_bytes` is on top of what this process has mapped when the child starts, `cpu_s` is for
    one request. Not for several threads at a time.
    """

    def __init__(self, work: Callable[[bytes], bytes], *, memory_bytes: int, cpu_s: int) -> None:
        self._work = work
        self._memory_bytes = memory_bytes
        self._cpu_s = cpu_s
        self._pipe: Connection | None = None
        self._pid = self._parent = 0
        atexit.register(self.close)

    def __call__(self, request: bytes) -> bytes | None:
        """Return what `work` makes of the request; None if it died of it.

        Raises:
            RuntimeError: `work` raised an exception, whose traceback is in the message, or somebody
                else ended the child.
        """
        pipe = self._pipe
        if pipe is None or self._parent != os.getpid():  # that one is of whom we were forked from
            pipe = self._start()
        kind = answer = b""
        try:
            pipe.send_bytes(request)
            said = pipe.recv_bytes()
            kind, answer = said[:1], said[1:]
        except (EOFError, ConnectionError):
            pass  # it died
        except BaseException:
            # An interruption, as by SIGTERM: what comes through the pipe now is not waited for.
            self._end(kill=True)
            raise
        if kind == _RAISED:
            raise RuntimeError(f"in a child process: {answer.decode(errors='replace')}")
        if kind == _DONE:
            return answer
        code = self._end()
        if kind == _LAST:
            return answer
        if kind == _NO_MEMORY or code == _OUT_OF_MEMORY:
            return None
        if code < 0 and signal.Signals(-code) in _OF_THE_WORK:
            return None
        raise RuntimeError(f"a child process ended with status {code} while it worked")

    def close(self) -> None:
        """End the child, if there is one. The next request starts another."""
        if self._pipe is not None and self._parent == os.getpid():
            self._end()

    def _start(self) -> Connection:
        if self._pipe is not None:
            self._pipe.close()
        self._parent = os.getpid()
        self._pipe, theirs = Pipe()
        with warnings.catch_warnings():
            # Other threads do not exist in the child, and it takes no lock that they might hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            self._be_child(theirs)
        theirs.close()
        return self._pipe

    def _end(self, *, kill: bool = False) -> int:
        """Wait for the child's end; return its exit code, or the negative number of a signal."""
        if kill:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _be_child(self, pipe: Connection) -> NoReturn:
        """Serve requests until the parent closes its end; what else the parent does is not ours."""
        try:
            _leave_alone(pipe.fileno())
            _limit(resource.RLIMIT_CORE, 0)
            if sys.platform == "linux":
                pages = int(Path("/proc/self/statm").read_bytes().split()[0])
                _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + self._memory_bytes)
            while self._serve(pipe):
                pass
        except MemoryError:
            # Not in the work itself but around it: too little is left to say so in words.
            os._exit(_OUT_OF_MEMORY)
        finally:
            os._exit(0)

    def _serve(self, pipe: Connection) -> bool:
        """Answer one request; return whether to go on."""
        try:
            request = pipe.recv_bytes()
        except (EOFError, ConnectionError):
            return False
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + self._cpu_s)
        try:
            answer = self._work(request)
            kind = _LAST if time.process_time() > RENEWED_AFTER_S else _DONE
        except MemoryError:
            kind, answer = _NO_MEMORY, b""
        except Exception:
            kind, answer = _RAISED, traceback.format_exc().encode(errors="replace")
        pipe.send_bytes(kind + answer)
        return kind in (_DONE, _RAISED)


def _leave_alone(pipe: int) -> None:
    """Take the child out of its parent's affairs: its files, its signals, its terminal's Ctrl-C.

    A pipe that stayed open here would never end for those who wait for the parent's end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))


def _limit(kind: int, value: int) -> None:
    """Lower the soft limit to `value`, or to the hard one if that is lower still."""
    _, hard = resource.getrlimit(kind)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard))
