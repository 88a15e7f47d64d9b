"""Processes that may die of what they are given.

Hostile input can end the process that reads it: native code faults or cannot be stopped halfway,
the kernel kills for memory. `Child` answers requests one at a time in a process of its own; its
death is an exception like any other, and the next request gets a fresh process. `Pool` does pieces
of work in several such processes and finds the guilty piece.

Whether work on the edge of a limit succeeds may differ between machines: limits belong far above
what ordinary input takes. Without `/proc` (not on Linux) the memory is not limited.
"""

import asyncio
import atexit
import contextlib
import faulthandler
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self, TypeAlias

from veristone.processes import end_with_parent

__all__ = ["Call", "Child", "ChildDied", "ChildEnded", "Done", "Limits", "Pool"]

RENEWED_AFTER_S = 2.0
"""CPU seconds after which a child with limits is replaced: what it used is only counted to its
parent when it ends, and what leaked or fell to pieces in its memory goes with it."""
_GRACE_S = 5.0
"""For a child to end its own children."""
_OUT_OF_MEMORY = 3
"""Exit status of a child that cannot even say it."""
_DEADLY = frozenset(
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


class ChildDied(Exception):
    """The child died of its request: of a fault, or at a limit."""


class ChildEnded(Exception):
    """Somebody else ended the child while it worked."""


class Limits(NamedTuple):
    """What a child may use."""

    memory_bytes: int
    """On top of what this process has mapped when the child starts."""
    cpu_s: int
    """For one request."""


class Child:
    """Calls `work` in a child process, started with the first request.

    With limits the child is forked: it starts in milliseconds and knows what this process knows.
    Without, it is a new interpreter, which is safe where this process has threads; `work` and what
    goes through it must pickle. Not for several threads at a time.
    """

    def __init__(self, work: Callable[[Any], Any], limits: Limits | None = None) -> None:
        self._work = work
        self._limits = limits
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._parent = 0
        self._closed = False
        self._starting = threading.Lock()

    def __call__(self, request: Any) -> Any:
        """Return what `work` makes of the request; raise what it raises.

        Raises:
            ChildDied: see there.
            ChildEnded: see there.
        """
        pipe = self._started()
        try:
            pipe.send(request)
            value, error, last = pipe.recv()
        except (EOFError, OSError):
            code = self._end()
            if code == _OUT_OF_MEMORY or -code in _DEADLY:
                raise ChildDied(f"a child process died with status {code}") from None
            raise ChildEnded(f"a child process ended with status {code} while it worked") from None
        except BaseException:
            # An interruption, as by SIGTERM: what comes through the pipe now is not waited for.
            self._end(signal.SIGKILL)
            raise
        if last:
            self._end()
        if isinstance(error, MemoryError):
            raise ChildDied("a child process had too little memory")
        if error is not None:
            raise error
        return value

    def close(self) -> None:
        """End the child, if there is one. The next request starts another."""
        self._end()

    def terminate(self) -> None:
        """End the child in the middle of its work, from another thread, and start no other."""
        with self._starting:
            self._closed = True
            if self._process is not None:
                self._process.terminate()

    def _started(self) -> Connection:
        with self._starting:
            if self._closed:
                raise ChildEnded("no child process is started any more")
            if self._parent != os.getpid():
                # A child of the process that this one was forked from is not ours to end.
                self._process = self._pipe = None
            if self._pipe is None:
                self._start()
            assert self._pipe is not None
            return self._pipe

    def _start(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._parent = os.getpid()
        arguments = (self._work, theirs, self._limits, self._parent)
        if self._limits is None:
            spawn = multiprocessing.get_context("spawn")
            self._process = spawn.Process(target=_serve, args=arguments)
        else:
            # A daemon is ended with its parent, and may have no children of its own.
            fork = multiprocessing.get_context("fork")
            self._process = fork.Process(target=_serve, args=arguments, daemon=True)
        with warnings.catch_warnings():
            # Other threads do not exist in a fork, and it takes no lock that they might hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        theirs.close()
        atexit.register(self.close)

    def _end(self, number: int = 0) -> int:
        """Wait for the child's end; return its exit status, negative for a signal's number."""
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        atexit.unregister(self.close)
        if process is None or self._parent != os.getpid():
            return 0
        if number and process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
        process.join(_GRACE_S)
        process.kill()
        process.join()
        return process.exitcode or 0


_Answer: TypeAlias = tuple[Any, Exception | None, bool]
"""What `work` returned or what it raised, and whether the child ends now."""


def _serve(
    work: Callable[[Any], Any], pipe: Connection, limits: Limits | None, parent: int
) -> None:
    """Answer requests until the parent closes its end or dies."""
    # Ctrl-C of the terminal is for the parent, which ends its children in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if limits is not None:
        _serve_forked(work, pipe, limits)
    signal.signal(signal.SIGTERM, _leave)
    end_with_parent(parent)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            _send(pipe, _answer(work, pipe.recv()))


def _serve_forked(work: Callable[[Any], Any], pipe: Connection, limits: Limits) -> NoReturn:
    """Do the same and nothing else that the parent would do at its end."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        faulthandler.disable()
        _close_others(pipe.fileno())
        _limit(resource.RLIMIT_CORE, 0)
        if sys.platform == "linux":
            pages = int(Path("/proc/self/statm").read_bytes().split()[0])
            _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + limits.memory_bytes)
        last = False
        while not last:
            request = pipe.recv()
            _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + limits.cpu_s)
            value, error, _ = _answer(work, request)
            last = isinstance(error, MemoryError) or time.process_time() > RENEWED_AFTER_S
            _send(pipe, (value, error, last))
    except MemoryError:
        # Not in the work itself but around it: too little is left to say so in words.
        os._exit(_OUT_OF_MEMORY)
    finally:
        os._exit(0)


def _answer(work: Callable[[Any], Any], request: Any) -> _Answer:
    try:
        return work(request), None, False
    except Exception as error:
        error.add_note(f"In a child process:\n{traceback.format_exc()}")
        return None, error, False


def _send(pipe: Connection, answer: _Answer) -> None:
    try:
        pipe.send(answer)
    except (OSError, MemoryError):
        raise
    except Exception:  # it does not pickle
        pipe.send((None, RuntimeError(f"In a child process:\n{traceback.format_exc()}"), answer[2]))


def _leave(number: int, frame: object) -> NoReturn:
    # Raised in the middle of the work, so that it ends its own children.
    sys.exit(128 + number)


def _close_others(kept: int) -> None:
    """Close all files but one and the standard ones.

    A pipe that stayed open here would never end for those who wait for the parent's end.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _limit(kind: int, value: int) -> None:
    """Lower the soft limit to `value`, or to the hard one if that is lower still."""
    _, hard = resource.getrlimit(kind)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard))


class Call(NamedTuple):
    """A piece of work: a module-level function and its arguments, which all pickle."""

    number: int
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Done(NamedTuple):
    """What came of a call."""

    number: int
    value: Any
    lost: bool
    """The call killed its process twice, the second time all alone."""


_Window: TypeAlias = list[tuple[Call, asyncio.Future[Any]]]


class Pool:
    """Does calls in `size` processes; leaving it ends them, whatever they are at."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._children = [Child(_call) for _ in range(size)]
        self._idle: SimpleQueue[Child] = SimpleQueue()
        for child in self._children:
            self._idle.put(child)
        # One thread waits for each child; a child ends with the thread that started it.
        self._threads = ThreadPoolExecutor(size)

    async def __aenter__(self) -> Self:
        """Return the pool; processes start with the first calls."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all processes; what they were at is lost."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for child in self._children:
            child.terminate()
        self._threads.shutdown()
        for child in self._children:
            child.close()

    async def run(self, calls: Iterable[Call], *, ordered: bool) -> AsyncGenerator[Done]:
        """Yield what came of each call: in their order, or as they end.

        A call whose process died is done again when nothing else runs, since others may have taken
        the memory. At most `2 * size` calls are under way or wait, so an endless iterable is fine.

        Raises:
            Exception: what a call raised. Calls under way are given up.
        """
        source = iter(calls)
        window: _Window = []
        try:
            while True:
                while len(window) < 2 * self.size and (call := next(source, None)) is not None:
                    window.append((call, self._submit(call)))
                if not window:
                    return
                index = 0 if ordered else await _first_done(window)
                call, future = window.pop(index)
                try:
                    value = await future
                except (ChildDied, ChildEnded):
                    if window:
                        await asyncio.wait([future for _, future in window])
                    try:
                        value = await self._submit(call)
                    except (ChildDied, ChildEnded):
                        yield Done(call.number, None, lost=True)
                        continue
                yield Done(call.number, value, lost=False)
        finally:
            for _, future in window:
                if not future.cancel() and not future.cancelled():
                    future.exception()  # seen: the event loop need not complain

    def _submit(self, call: Call) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().run_in_executor(self._threads, self._do, call)

    def _do(self, call: Call) -> Any:
        child = self._idle.get()
        try:
            return child((call.function, call.arguments))
        finally:
            self._idle.put(child)


def _call(request: tuple[Callable[..., Any], tuple[Any, ...]]) -> Any:
    function, arguments = request
    return function(*arguments)


async def _first_done(window: _Window) -> int:
    await asyncio.wait([future for _, future in window], return_when=asyncio.FIRST_COMPLETED)
    return next(index for index, (_, future) in enumerate(window) if future.done())
