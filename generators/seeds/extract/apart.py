"""Work on hostile input in a forked child that may die of it.

For native code that cannot be stopped halfway, as a parser in the middle of error recovery. The
child has limits of memory and CPU time of its own; its death, a fault in the native code included,
is an answer like any other. The fork costs a few milliseconds.

Whether work on the edge of a limit succeeds may differ between machines, so limits belong far above
what ordinary input takes. Without `/proc` (not on Linux) the memory is not limited.
"""

import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["apart"]

_DONE, _RAISED, _NO_MEMORY = 0, 3, 4


def apart(work: Callable[[], bytes], *, memory_bytes: int, cpu_s: int) -> bytes | None:
    """Return what `work` returns, called in a child process; None if the child died of it.

    `memory_bytes` is on top of what this process has mapped. What `work` changes is lost.

    Raises:
        RuntimeError: `work` raised an exception, whose traceback is in the message.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Other threads do not exist in the child, and it takes no lock that they might hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _be_child(work, writing, memory_bytes, cpu_s)
    os.close(writing)
    try:
        with open(reading, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
    except BaseException:
        # An interruption, SIGTERM's included: nobody waits for the answer any more.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
        raise
    code = os.waitstatus_to_exitcode(status)
    if code == _RAISED:
        raise RuntimeError(f"in a child process: {answer.decode(errors='replace')}")
    return answer if code == _DONE else None


def _be_child(work: Callable[[], bytes], pipe: int, memory_bytes: int, cpu_s: int) -> None:
    """Work, answer and end, never to return: what the parent had to do is not the child's."""
    code = _RAISED
    try:
        _limit(memory_bytes, cpu_s)
        with open(pipe, "wb") as file:
            try:
                file.write(work())
                code = _DONE
            except MemoryError:
                code = _NO_MEMORY
            except Exception:
                file.write(traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(code)


def _limit(memory_bytes: int, cpu_s: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_CPU, cpu_s)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
        _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))
