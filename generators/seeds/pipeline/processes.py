"""A pool of worker processes that outlives the death of one of them.

A worker can be killed by the file that it reads: by the kernel for its memory, or by a fault in a
parser. All work that was in flight is then tried again, one piece at a time, so that the guilty one
is found; it is given up when it has killed a worker of its own, and the rest goes on.
"""

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

__all__ = ["Call", "Done", "Processes"]

T = TypeVar("T")
_PR_SET_PDEATHSIG = 1
_GRACE_S = 5.0
"""For a worker to end its own children."""


class Call(NamedTuple):
    """A piece of work: a module-level function and its arguments, which all pickle."""

    number: int
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Done(NamedTuple, Generic[T]):
    """What came of a call."""

    number: int
    value: T | None
    lost: bool
    """The call killed its worker twice, the second time all alone."""


class Processes:
    """Runs calls in `size` worker processes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool: ProcessPoolExecutor | None = None
        self._workers: dict[int, BaseProcess] = {}

    async def __aenter__(self) -> Self:
        """Return the pool; workers start with the first call."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all workers; what they were at is lost and will be done again."""
        self._end()

    async def run(self, calls: Iterable[Call], *, ordered: bool) -> AsyncGenerator[Done[Any]]:
        """Yield what came of each call: in their order, or as they end.

        At most `2 * size` calls are under way or wait to be taken, so an endless iterable is fine.

        Raises:
            Exception: what a call raised. Calls in flight are given up.
        """
        source = iter(calls)
        window: list[tuple[Call, asyncio.Future[Any]]] = []
        try:
            while True:
                while len(window) < 2 * self.size and (call := next(source, None)) is not None:
                    window.append((call, self._submit(call)))
                if not window:
                    return
                index = 0 if ordered else await _first_done(window)
                call, future = window[index]
                try:
                    value = await future
                except BrokenProcessPool:
                    again = [call for call, _ in window]
                    _forget(window)
                    async for done in self._one_by_one(again):
                        yield done
                    continue
                del window[index]
                yield Done(call.number, value, lost=False)
        finally:
            _forget(window)

    async def _one_by_one(self, calls: list[Call]) -> AsyncGenerator[Done[Any]]:
        """Do calls again of which one has killed a worker."""
        self._end()
        for call in calls:
            try:
                value = await self._submit(call)
            except BrokenProcessPool:
                self._end()
                yield Done(call.number, None, lost=True)
            else:
                yield Done(call.number, value, lost=False)

    def _submit(self, call: Call) -> asyncio.Future[Any]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.size,
                # A fork of a process with threads and an event loop may deadlock.
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(os.getpid(),),
            )
        try:
            future = self._pool.submit(_guarded, call.function, *call.arguments)
            # The executor has no public way to stop a worker in the middle of its work before
            # 3.14, and forgets the workers of a pool that broke.
            self._workers.update(getattr(self._pool, "_processes", None) or {})
        except BrokenProcessPool as error:
            failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed
        return asyncio.wrap_future(future)

    def _end(self) -> None:
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        workers, self._workers = list(self._workers.values()), {}
        # The executor forgets it once it is shut down.
        results = getattr(getattr(pool, "_result_queue", None), "_writer", None)
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            with contextlib.suppress(ProcessLookupError, ValueError):
                worker.terminate()
        for worker in workers:
            worker.join(timeout=_GRACE_S)
            worker.kill()
        if results is not None:
            # A worker that was ended in the middle of a result left half of it in the pipe. The
            # executor's thread, and this process at its end, would wait for the other half as long
            # as anybody could still write it.
            results.close()


def _forget(window: list[tuple[Call, asyncio.Future[Any]]]) -> None:
    for _, future in window:
        if not future.cancel() and not future.cancelled():
            future.exception()  # seen: the event loop need not complain that nobody asked
    window.clear()


async def _first_done(window: list[tuple[Call, asyncio.Future[Any]]]) -> int:
    await asyncio.wait([future for _, future in window], return_when=asyncio.FIRST_COMPLETED)
    return next(index for index, (_, future) in enumerate(window) if future.done())


def _begin(parent: int) -> None:
    """Prepare a worker: Ctrl-C is the parent's to handle, and nobody outlives the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)  # it died before we asked to be told


class _Leave(SystemExit):
    """SIGTERM came. Raised, so that a step in the middle of its work ends its own children."""


_at_work = False


def _leave(number: int, frame: object) -> None:
    if not _at_work:
        os._exit(1)
    raise _Leave(128 + number)


def _guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call; end the process if SIGTERM comes meanwhile: the executor would go on to the next."""
    global _at_work
    _at_work = True
    try:
        return function(*arguments)
    except _Leave:
        os._exit(1)
    finally:
        _at_work = False
