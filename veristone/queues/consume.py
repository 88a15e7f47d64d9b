"""The usual consumer: a handler, so many at a time, leases kept alive.

Returning from the handler acks the item, with the `Outcome` that it returned, if any; an exception
nacks it with its text as the reason, and so does an outcome that breaks a bound; after a `GiveUp`
it is a dead letter at once. A `ConfigError`
ends the call instead: every other item would fail as well, and none may lose an attempt by it.

While handlers work, the next items are fetched ahead and finished ones are acked in groups, so that
the handlers never wait for the queue; all of it is extended every third of a lease. Nothing of it
outlives the call: at its end, however it comes, finished items are acked and unfinished ones given
back uncounted.

The handler must not block the event loop for long (its leases would expire), has to have its own
time limit, and may see an item twice: see `base`.
"""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from veristone.errors import ConfigError
from veristone.queues.base import SampleQueue
from veristone.queues.errors import InvalidItem, LeaseLost, QueueError
from veristone.queues.policy import check_count, check_seconds
from veristone.queues.values import Lease, Outcome, Token

__all__ = ["Consumed", "GiveUp", "consume"]

Handler = Callable[[Lease], Awaitable[Outcome | None]]

_LAST_WORDS_S = 10.0


class GiveUp(Exception):
    """A handler's word for an item that would fail again however often it came: it becomes a dead
    letter, with the message as the reason."""


@dataclass(slots=True)
class Consumed:
    """What became of the items: acked, nacked after an exception, or lost to somebody else."""

    acked: int = 0
    nacked: int = 0
    lost: int = 0


async def consume(
    queue: SampleQueue,
    handler: Handler,
    *,
    concurrency: int,
    ttl_s: float = 60.0,
    prefetch: int | None = None,
    stop: asyncio.Event | None = None,
) -> Consumed:
    """Handle items until the queue is finished, or until `stop` is set and those begun are done.

    At most `concurrency` handlers run; `prefetch` more items (as many again if None) are held
    ready. A killed consumer costs each item it held up to `ttl_s` and one attempt.

    Raises:
        ConfigError: a number is out of its range, or the handler said that a setting is wrong.
        QueueError: the queue failed; what was held is given back if that is still possible.
    """
    check_count("concurrency", concurrency)
    check_seconds("the time to live of a lease", ttl_s, least=0.03)
    if prefetch is not None and prefetch:
        check_count("prefetch", prefetch)
    ahead = concurrency if prefetch is None else prefetch
    consumer = _Consumer(queue, handler, ttl_s, concurrency, concurrency + ahead)
    return await consumer.run(stop or asyncio.Event())


class _Consumer:
    def __init__(
        self, queue: SampleQueue, handler: Handler, ttl_s: float, workers: int, most: int
    ) -> None:
        self._queue = queue
        self._handler = handler
        self._ttl_s = ttl_s
        self._workers = workers
        self._most = most
        self._held: dict[Token, Lease] = {}
        self._lost: set[Token] = set()
        self._todo: asyncio.Queue[Lease | None] = asyncio.Queue()
        self._acks: dict[Token, Outcome] = {}
        self._nacks: list[tuple[Token, str, float | None]] = []
        self._ended = asyncio.Event()  # a handler ended
        self._freed = asyncio.Event()  # a place is free
        self._over = False  # no handler will end any more
        self._result = Consumed()

    async def run(self, stop: asyncio.Event) -> Consumed:
        try:
            async with asyncio.TaskGroup() as group:
                keeper = group.create_task(self._keep_alive())
                group.create_task(self._report_always())
                workers = [group.create_task(self._work()) for _ in range(self._workers)]
                fetching = group.create_task(self._fetch())
                stopping = group.create_task(stop.wait())
                await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
                if stopping.done():
                    fetching.cancel()
                    await asyncio.wait((fetching,))
                    self._drop_unbegun()
                stopping.cancel()
                for _ in workers:
                    self._todo.put_nowait(None)
                await asyncio.wait(workers)
                self._over = True
                self._ended.set()
                keeper.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await self._finish()
        return self._result

    async def _fetch(self) -> None:
        """Take what there is room for, until the queue is finished."""
        while True:
            while (room := self._most - len(self._held)) <= 0:
                self._freed.clear()
                await self._freed.wait()
            leases = await self._queue.lease(room, self._ttl_s)
            if not leases:
                return
            # Noted with no await between, so that a cancelled fetch loses none.
            for lease in leases:
                self._held[lease.token] = lease
                self._todo.put_nowait(lease)

    async def _work(self) -> None:
        while (lease := await self._todo.get()) is not None:
            if lease.token in self._lost:
                self._forget(lease.token)
                self._result.lost += 1
                continue
            try:
                outcome = await self._handler(lease)
            except ConfigError:
                raise
            except GiveUp as error:
                self._nacks.append((lease.token, str(error), math.inf))
            except Exception as error:
                self._nacks.append((lease.token, f"{type(error).__name__}: {error}", None))
            else:
                self._acks[lease.token] = outcome or Outcome()
            self._ended.set()

    async def _report_always(self) -> None:
        while not self._over or self._acks or self._nacks:
            await self._ended.wait()
            self._ended.clear()
            await self._report()

    async def _report(self) -> None:
        """Ack and nack what ended since the last time."""
        acks = dict(self._acks)
        try:
            await self._ack(acks)
        except InvalidItem:
            for token, outcome in acks.items():
                try:
                    await self._ack({token: outcome})
                except InvalidItem as error:
                    del self._acks[token]
                    self._nacks.append((token, f"InvalidItem: {error}", None))
        while self._nacks:
            token, reason, delay_s = self._nacks[0]
            lost = await _lost_by(self._queue.nack(token, reason=reason, delay_s=delay_s))
            self._result.nacked += 1 - lost
            self._result.lost += lost
            del self._nacks[0]
            self._forget(token)

    async def _ack(self, outcomes: dict[Token, Outcome]) -> None:
        if outcomes:
            lost = await _lost_by(self._queue.ack(*outcomes, outcomes=outcomes))
            self._result.acked += len(outcomes) - lost
            self._result.lost += lost
        for token in outcomes:
            del self._acks[token]
            self._forget(token)

    def _forget(self, token: Token) -> None:
        self._held.pop(token, None)
        self._lost.discard(token)
        self._freed.set()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._ttl_s / 3)
            tokens = [token for token in self._held if token not in self._lost]
            try:
                await self._queue.extend(*tokens, ttl_s=self._ttl_s)
            except LeaseLost as error:
                # Some were acked or nacked meanwhile; of the others, those not begun are skipped.
                self._lost.update(token for token in error.tokens if token in self._held)

    def _drop_unbegun(self) -> None:
        """After `stop`: what no handler has begun stays held and is given back at the end."""
        while not self._todo.empty():
            self._todo.get_nowait()

    async def _finish(self) -> None:
        """Last words to the queue; if it cannot hear them, the leases expire."""
        with contextlib.suppress(QueueError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._report()
        with contextlib.suppress(QueueError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                if self._held:
                    await self._queue.nack(*self._held, reason="", counts=False)


async def _lost_by(verb: Awaitable[None]) -> int:
    try:
        await verb
    except LeaseLost as error:
        return len(error.tokens)
    return 0
