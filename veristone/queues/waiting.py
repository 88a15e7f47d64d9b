"""What the back ends share: arguments checked, waits, deadlines.

A back end supplies *steps*: each does all that can be done at this moment, atomically, and says
what it would have to wait for. The verbs here repeat a step until it is through. A step that
found nothing to do returns a mark taken before it looked; `_changed` returns as soon as anything
happened after that mark, so that no wake-up is lost between looking and sleeping.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from veristone.queues.errors import LeaseLost, QueueClosed, QueueTimeout
from veristone.queues.policy import (
    Policy,
    check_count,
    check_items,
    check_name,
    check_payload,
    check_seconds,
    clean_reason,
    retry_delay_s,
)
from veristone.queues.values import DeadLetter, Item, Lease, Outcome, Stats, Token

__all__ = ["AckStep", "Changes", "Clock", "LeaseStep", "PutStep", "Return", "WaitingQueue"]

Clock = Callable[[], float]
_NOTHING = Outcome()
T = TypeVar("T")

# One step stays short, because it keeps other processes (SQLite) or clients (Redis) waiting.
_STEP_ITEMS, _STEP_BYTES = 1000, 8 * 1024 * 1024
# A lease that somebody else takes while we sleep can expire without any event: look again.
_RECHECK_S = 1.0


@dataclass(frozen=True, slots=True)
class PutStep:
    """The first `accepted` items are in, `new` of them by this step."""

    accepted: int
    new: int
    mark: int | str
    wake_in_s: float | None


@dataclass(frozen=True, slots=True)
class LeaseStep:
    """What could be leased; if nothing, whether that is the end."""

    leases: list[Lease]
    finished: bool
    mark: int | str
    wake_in_s: float | None


@dataclass(frozen=True, slots=True)
class AckStep:
    """All tokens are acked but the `refused` and, for want of room, the `blocked`."""

    refused: list[Token]
    blocked: list[Token]
    mark: int | str


@dataclass(frozen=True, slots=True)
class Return:
    """One item given back."""

    token: Token
    delay_s: float


class Changes:
    """Tells the waits of one event loop that something happened."""

    def __init__(self) -> None:
        self.mark = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def announce(self) -> None:
        """Something happened: end every wait."""
        self.mark += 1
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, mark: int | str, timeout_s: float) -> None:
        """Return when something happened after `mark`, or after `timeout_s`."""
        if self.mark != mark:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait((waiter,), timeout=timeout_s)
        finally:
            self._waiting.discard(waiter)
            waiter.cancel()


class WaitingQueue(ABC):
    """A `SampleQueue` made of the steps of a back end."""

    def __init__(self, policy: Policy | None, clock: Clock | None) -> None:
        self._wanted = policy
        self._agreed: Policy | None = None
        self._clock = clock or time.time
        self._closed = False
        self._targets: dict[str, Policy] = {}

    @property
    def policy(self) -> Policy:
        """The rules of this queue."""
        if self._agreed is None:
            raise QueueClosed("the queue is not open")
        return self._agreed

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        await self.close()

    async def put(self, items: Iterable[Item], *, timeout_s: float | None = None) -> int:
        """Store the items whose keys are new; wait while the queue is full."""
        self._check_open()
        batch = check_items(items, self.policy)
        until = _deadline(timeout_s)
        start = new = 0
        while start < len(batch):
            step = await self._put_step(_slice(batch, start, lambda item: len(item.payload)))
            start += step.accepted
            new += step.new
            if not step.accepted and not await self._wait(step.mark, step.wake_in_s, until):
                raise QueueTimeout(
                    f"the queue was full for {timeout_s} s: {start} of {len(batch)} items "
                    "are in it",
                    start,
                )
        return new

    async def lease(self, n: int, ttl_s: float, *, timeout_s: float | None = None) -> list[Lease]:
        """Borrow 1 to `n` items; wait until there is one."""
        self._check_open()
        check_count("the number of items to lease", n)
        check_seconds("the time to live of a lease", ttl_s, least=0.001)
        until = _deadline(timeout_s)
        while True:
            step = await self._lease_step(min(n, _STEP_ITEMS), ttl_s)
            if step.leases or step.finished:
                return step.leases
            if not await self._wait(step.mark, step.wake_in_s, until):
                raise QueueTimeout(f"no item came within {timeout_s} s")

    async def extend(self, *tokens: Token, ttl_s: float) -> None:
        """Let the leases end `ttl_s` seconds from now."""
        self._check_open()
        check_seconds("the time to live of a lease", ttl_s, least=0.001)
        if tokens:
            _refuse(await self._extend_step(tokens, ttl_s))

    async def ack(self, *tokens: Token, outcomes: Mapping[Token, Outcome] | None = None) -> None:
        """Mark the items done for good, and keep what came of them."""
        self._check_open()
        left = [(token, (outcomes or {}).get(token, _NOTHING)) for token in tokens]
        for _, outcome in left:
            await self._check_outcome(outcome)
        refused: list[Token] = []
        while left:
            some = _slice(left, 0, lambda pair: _size(pair[1]))
            step = await self._ack_step(some)
            refused += step.refused
            blocked = set(step.blocked)
            left = [*left[len(some) :], *(pair for pair in some if pair[0] in blocked)]
            if len(blocked) == len(some):
                await self._wait(step.mark, None, None)
        _refuse(refused)

    async def _check_outcome(self, outcome: Outcome) -> None:
        if outcome.result is not None:
            check_payload("a result", outcome.result, self.policy)
        for name, items in outcome.puts.items():
            if name not in self._targets:
                self._targets[name] = await self._policy_of(name)
            check_items(items, self._targets[name])

    async def nack(
        self,
        *tokens: Token,
        reason: str,
        delay_s: float | None = None,
        counts: bool = True,
    ) -> None:
        """Give the items back."""
        self._check_open()
        if delay_s is not None:
            check_seconds("the delay of a nack", delay_s)
        returns = [Return(token, self._delay_s(token, delay_s, counts)) for token in tokens]
        if returns:
            _refuse(await self._nack_step(returns, clean_reason(reason) if counts else None))

    async def begin(self, producer: str) -> None:
        """Take back an earlier `complete` of this producer."""
        self._check_open()
        check_name("a producer's name", producer)
        await self._producer_step(producer, complete=False)

    async def complete(self, producer: str) -> None:
        """Say that this producer will put nothing more."""
        self._check_open()
        check_name("a producer's name", producer)
        await self._producer_step(producer, complete=True)

    async def stats(self) -> Stats:
        """Count the items by state."""
        self._check_open()
        return await self._stats_step()

    async def dead_letters(self, limit: int = 100, after: str = "") -> list[DeadLetter]:
        """Dead letters in the order of their keys."""
        self._check_open()
        check_count("the number of dead letters to list", limit)
        if after:
            check_name("a key", after)
        return await self._dead_step(limit, after)

    async def results(self, limit: int = 100, after: str = "") -> list[Item]:
        """Results in the order of their keys."""
        self._check_open()
        check_count("the number of results to read", limit)
        return await self._results_step(limit, after)

    async def counts(self) -> dict[str, int]:
        """The sums of what the outcomes counted."""
        self._check_open()
        return await self._counts_step()

    async def put_back(self, keys: Sequence[str]) -> int:
        """Deliver dead letters again."""
        self._check_open()
        for key in keys:
            check_name("a key", key)
        return await self._put_back_step(list(dict.fromkeys(keys))) if keys else 0

    def _delay_s(self, token: Token, delay_s: float | None, counts: bool) -> float:
        if delay_s is not None:
            return delay_s
        return retry_delay_s(token.attempt, self.policy) if counts else 0.0

    def _check_open(self) -> None:
        if self._closed or self._agreed is None:
            raise QueueClosed("the queue is closed" if self._closed else "the queue is not open")

    async def _wait(self, mark: int | str, wake_in_s: float | None, until: float | None) -> bool:
        """Sleep until something may have changed; False if the deadline is over."""
        left = _RECHECK_S if wake_in_s is None else min(max(wake_in_s, 0.001), _RECHECK_S)
        if until is not None:
            remaining = until - time.monotonic()
            if remaining <= 0:
                return False
            left = min(left, remaining)
        await self._changed(mark, left)
        self._check_open()
        return True

    @abstractmethod
    async def open(self) -> None:
        """Make the queue or join it."""

    @abstractmethod
    async def close(self) -> None:
        """End the waits and let go of the storage."""

    @abstractmethod
    async def _changed(self, mark: int | str, timeout_s: float) -> None: ...

    @abstractmethod
    async def _put_step(self, items: Sequence[Item]) -> PutStep: ...

    @abstractmethod
    async def _lease_step(self, n: int, ttl_s: float) -> LeaseStep: ...

    @abstractmethod
    async def _extend_step(self, tokens: Sequence[Token], ttl_s: float) -> list[Token]:
        """Returns the refused tokens, as `_nack_step`."""

    @abstractmethod
    async def _ack_step(self, outcomes: Sequence[tuple[Token, Outcome]]) -> AckStep: ...

    @abstractmethod
    async def _policy_of(self, name: str) -> Policy:
        """Of another queue of the store; ConfigError where there is none."""

    @abstractmethod
    async def _nack_step(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        """Without a reason the attempt does not count."""

    @abstractmethod
    async def _producer_step(self, producer: str, *, complete: bool) -> None: ...

    @abstractmethod
    async def _stats_step(self) -> Stats: ...

    @abstractmethod
    async def _dead_step(self, limit: int, after: str) -> list[DeadLetter]: ...

    @abstractmethod
    async def _results_step(self, limit: int, after: str) -> list[Item]: ...

    @abstractmethod
    async def _counts_step(self) -> dict[str, int]: ...

    @abstractmethod
    async def _put_back_step(self, keys: Sequence[str]) -> int: ...


def _deadline(timeout_s: float | None) -> float | None:
    if timeout_s is None:
        return None
    check_seconds("a deadline", timeout_s)
    return time.monotonic() + timeout_s


def _size(outcome: Outcome) -> int:
    puts = sum(len(item.payload) for items in outcome.puts.values() for item in items)
    return puts + len(outcome.result or b"")


def _slice(batch: Sequence[T], start: int, size_of: Callable[[T], int]) -> Sequence[T]:
    size = 0
    for end in range(start, min(start + _STEP_ITEMS, len(batch))):
        size += size_of(batch[end])
        if size > _STEP_BYTES and end > start:
            return batch[start:end]
    return batch[start : start + _STEP_ITEMS]


def _refuse(tokens: Sequence[Token]) -> None:
    if tokens:
        raise LeaseLost(tokens)
