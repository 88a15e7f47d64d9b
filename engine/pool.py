"""Warm sandboxes of one language, lent to one job at a time.

Invariants: a sandbox is lent to one job at a time; one that failed is destroyed, never lent
again, and a new one is started in its place; every wait ends, with a sandbox or with an error.
"""

import asyncio
import collections
import contextlib
from collections.abc import AsyncGenerator, Coroutine

from veristone import BackendUnavailable, Isolation, VeristoneError
from veristone.engine.backends.base import Backend, ToolchainMissing
from veristone.engine.languages import Language
from veristone.engine.sandbox import Sandbox
from veristone.engine.usage import Meter, PoolState

__all__ = ["Pool"]

_RETRY_FIRST_S, _RETRY_MOST_S = 0.2, 5.0


class Pool:
    """Keeps `size` sandboxes of one language alive."""

    def __init__(self, backend: Backend, language: Language, size: int) -> None:
        self._backend = backend
        self._language = language
        self._size = size
        self._idle: list[Sandbox] = []
        self._waiting: collections.deque[asyncio.Future[Sandbox]] = collections.deque()
        self._live: set[Sandbox] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._repairs: set[asyncio.Task[None]] = set()
        self._trouble: Exception | None = None
        self._quiet = asyncio.Condition()
        self._lent = 0
        self._alone = False
        self._closed = False
        self.isolation: Isolation | None = None
        self.replaced = 0
        self.meter = Meter(size)

    async def open(self) -> None:
        """Start every sandbox; one that runs is enough to go on.

        Raises:
            BackendUnavailable: not one could be started.
        """
        results = await asyncio.gather(
            *(self._start_one() for _ in range(self._size)), return_exceptions=True
        )
        errors: list[VeristoneError] = []
        for error in results:
            if isinstance(error, VeristoneError):
                errors.append(error)
            elif error is not None:
                raise error
        if not self._live:
            raise _unavailable(errors[0]) from errors[0]
        for _ in errors:
            self._spawn(self._replace(), self._repairs)

    async def close(self) -> None:
        """Destroy every sandbox."""
        self._closed = True
        for task in self._repairs:
            task.cancel()
        await asyncio.gather(*self._repairs, *self._tasks, return_exceptions=True)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(BackendUnavailable("the engine is closing"))
        live, self._live = self._live, set()
        self._idle.clear()
        await asyncio.gather(*(sandbox.destroy() for sandbox in live), return_exceptions=True)

    def state(self) -> PoolState:
        """Return how its sandboxes are at this moment."""
        return PoolState(self._language.name, self._size, self._lent, self.replaced)

    @property
    def busy(self) -> int:
        """Sandboxes that are lent at this moment."""
        return self._lent

    @property
    def idle(self) -> bool:
        """True where a sandbox waits to be lent, so nobody waits for one."""
        return bool(self._idle)

    @contextlib.asynccontextmanager
    async def lease(
        self, *, alone: bool = False, compiles: bool = False
    ) -> AsyncGenerator[Sandbox, None]:
        """Lend a sandbox; with `alone`, one beside which no other sandbox works.

        A job that `compiles` gets one that did so before, where it may be ready for it.

        An error inside the block, a cancellation too, destroys the sandbox: nobody knows what
        state it is in.

        Raises:
            BackendUnavailable: there is no sandbox and none can be started at present.
        """
        await self._enter(alone)
        try:
            sandbox = await self._take(compiles)
            sandbox.compiled = compiles
            self.meter.begin()
            try:
                yield sandbox
            except BaseException:
                self.meter.end()
                self._discard(sandbox)
                raise
            else:
                self.meter.end()
                if sandbox.alive:
                    self._give(sandbox)
                else:
                    self._discard(sandbox)
        finally:
            self._leave(alone)

    async def _enter(self, alone: bool) -> None:
        if not alone and not self._alone:
            self._lent += 1  # the usual case, without a lock
            return
        async with self._quiet:
            await self._quiet.wait_for(lambda: not self._alone)
            if alone:
                self._alone = True
                try:
                    await self._quiet.wait_for(lambda: self._lent == 0)
                except BaseException:
                    self._alone = False
                    self._quiet.notify_all()
                    raise
            self._lent += 1

    def _leave(self, alone: bool) -> None:
        self._lent -= 1
        if alone:
            self._alone = False
        if alone or self._alone:
            self._spawn(self._wake())

    async def _wake(self) -> None:
        async with self._quiet:
            self._quiet.notify_all()

    async def _take(self, compiles: bool) -> Sandbox:
        while self._idle:
            sandbox = self._idle.pop(self._best(compiles))
            if sandbox.alive:
                return sandbox
            self._discard(sandbox)
        if self._trouble is not None and not self._live:
            raise _unavailable(self._trouble)
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give(waiter.result())
            raise

    def _best(self, compiles: bool) -> int:
        """Return which idle sandbox is ready soonest for such a job.

        The one that was given back last: the processors' caches still know it. Where sandboxes
        start ahead what they ran last (`warden.prestart`), one that did the same, and of these
        the one that has had longest for it.
        """
        if not self._language.prestart:
            return -1
        for at, sandbox in enumerate(self._idle):
            if sandbox.compiled in (None, compiles):
                return at
        return 0

    def _give(self, sandbox: Sandbox) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(sandbox)
                return
        self._idle.append(sandbox)

    def _discard(self, sandbox: Sandbox) -> None:
        if sandbox not in self._live:
            return
        self._live.discard(sandbox)
        self.replaced += 1
        self._spawn(sandbox.destroy())
        if not self._closed:
            self._spawn(self._replace(), self._repairs)

    async def _start_one(self) -> None:
        sandbox = await self._backend.start(self._language)
        self._live.add(sandbox)
        self._trouble = None
        self.isolation = sandbox.isolation
        self._give(sandbox)

    async def _replace(self) -> None:
        """Start one sandbox, however long it takes; tell those who wait that it is hard."""
        pause = _RETRY_FIRST_S
        while not self._closed:
            try:
                await self._start_one()
                return
            except Exception as error:
                # Whatever it is, a full disk too: a pool that stops here would wait for ever.
                self._trouble = error
                if not self._live:
                    self._refuse(error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _RETRY_MOST_S)

    def _refuse(self, error: Exception) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(_unavailable(error))

    def _spawn(
        self,
        work: Coroutine[None, None, None],
        group: "set[asyncio.Task[None]] | None" = None,
    ) -> None:
        tasks = self._tasks if group is None else group
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _unavailable(error: Exception) -> BackendUnavailable:
    if isinstance(error, ToolchainMissing):
        return ToolchainMissing(str(error))
    known = isinstance(error, VeristoneError)
    return BackendUnavailable(str(error) if known else f"{type(error).__name__}: {error}")
