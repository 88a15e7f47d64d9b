"""The seam between programs that make samples and programs that use them up.

How delivery works
------------------
`put` stores items; `lease` lends them for `ttl_s` seconds; the holder `extend`s the lease while it
works and ends it with `ack` (done for good) or `nack` (give it back). A holder that dies says
nothing: its leases expire and the items come again. So an item is

    fresh ──── lease ───> leased ── ack ──────────────> done
    (put)                 │    ^
                          │    └─ lease ─ returned (due at once, or after a delay) <─┐
                          └─ nack, expiry ──┘                                        │
                                            └─ after `max_attempts` ─> dead ─ put_back

What is promised
----------------
- *At least once.* Every item that `put` returned for is delivered until it is acked or dead.
  A holder that is slower than its lease shares the item with its successor, so handlers write
  their results under the item's key, once.
- *Put once.* A key that was ever put is never put again, whatever became of the item: waiting,
  leased, dead or done. Keys are kept as long as the queue
  is (payloads go with the ack), so a producer that starts anew puts everything again and only the
  new counts. To put a key again, use a new queue.
- *Order.* First deliveries come in the order of the puts. Returned items that are due go before
  them, the longest due first; they cannot starve the rest, because attempts are counted.
  With several consumers, order of delivery is not order of completion.
- *Fencing.* A token is good until its item is leased to somebody else, nacked, or put back. An
  ack that comes late, after expiry, still counts if nobody else got the item in between, even
  out of the dead letters, and a late extend takes the item back; otherwise `LeaseLost` names the
  tokens. At most one ack of an item ever succeeds.
- *Attempts.* Each delivery counts when it is made. After `max_attempts` failures (nack or expiry)
  the item is a dead letter with its reasons; it can be listed and put back.
- *Bounded.* Never more than `capacity` items are ready, leased and delayed but for what
  `put_back` puts back and for one ack that alone puts more: `put`, and acks that put, wait. Nothing
  is dropped. Dead letters and the keys of done items do not count.
- *One transaction.* `ack` can leave an `Outcome`: a result under the item's key, items for other
  queues of the same store, and counts. All of it happens with the ack or none of it does, so the
  first ack of an item decides what came of it, and a killed holder leaves nothing half done.
- *The end.* When all `producers` have said `complete` and every item is done or dead, `lease`
  returns no items, to everybody.
- *Cancellation.* A cancelled `put` may have put some of its items; putting them again is harmless.
  A cancelled `lease` holds nothing, and what it had been given is given back with its attempt
  uncounted. A cancelled ack, nack or extend has either happened or not.

What is not
-----------
Exactly-once handling (no queue can), priority, and a time for anything: a due item is delivered
when somebody asks. Clocks: leases are measured on wall clocks because they outlive processes. A
clock set forward ends leases early (the item is delivered twice, and fencing lets one ack win);
one set back makes them last longer by as much. Memory and SQLite read the host's clock, of which
there is one; Redis reads its server's, so the skew between hosts does not matter.
A queue object belongs to the event loop it was opened in and does not survive a fork.

Stores and chains
-----------------
A *store* is one SQLite file (or one memory database) or one name on a Redis server; it holds any
number of queues, each with its name and policy. A chain of stages is a store with one queue for
each stage, named like the stage. A worker of `ask` whose records go to `verify`:

    async with SQLiteQueue(path, name="ask") as queue:      # "verify" must have been opened before
        (lease,) = await queue.lease(1, 60)
        outcome = Outcome(result=made, puts={"verify": items}, counts={"made": 1})
        await queue.ack(lease.token, outcomes={lease.token: outcome})

or the same with `consume(queue, handler)`, whose handler returns the `Outcome`. Results are read
back, in order of their keys, with ``queue.results(limit, after)``, counts with ``queue.counts()``;
both are kept as long as the store. An ack waits while a queue that it puts into is full. What it
puts into a queue comes from the producer that is named like the queue acked: if that one had said
`complete` there, this is taken back, so that late records are never refused.
"""

import asyncio
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from veristone.queues.steps import AckStep, PutStep, Return, to_its_end
from veristone.queues.values import DeadLetter, Item, Lease, Outcome, Stats, Token

__all__ = ["Clock", "SampleQueue"]

Clock = Callable[[], float]
_NOTHING = Outcome()
T = TypeVar("T")

# One step stays short, because it keeps other processes (SQLite) or clients (Redis) waiting.
_STEP_ITEMS, _STEP_BYTES = 1000, 8 * 1024 * 1024
# Who waits looks again after so long, and then after twice as long each time.
_PAUSE_FIRST_S, _PAUSE_MOST_S = 0.002, 0.1


class SampleQueue(ABC):
    """A queue of samples. Implementations: `SQLiteQueue` (a file or memory) and `RedisQueue`.

    Every verb raises `QueueClosed` after `close`, `QueueUnavailable` when the storage fails, and
    `ConfigError` when the storage turns out to be damaged.

    A back end supplies *steps* (the methods that end in `_step`): each does all that can be done at
    this moment, atomically. The verbs repeat a step until it is through, with pauses of up to a
    tenth of a second: whoever waits notices within that time what others did.
    """

    def __init__(self, policy: Policy | None, clock: Clock | None) -> None:
        self._wanted = policy
        self._agreed: Policy | None = None
        self._clock = clock or time.time
        self._closed = False
        self._targets: dict[str, Policy] = {}

    @property
    def policy(self) -> Policy:
        """The rules of this queue, known once it is open.

        Raises:
            QueueClosed: it was not opened yet.
        """
        if self._agreed is None:
            raise QueueClosed("the queue is not open")
        return self._agreed

    @abstractmethod
    async def open(self) -> None:
        """Make the queue, or join the one that is there.

        Raises:
            ConfigError: what is there is no queue of this version, is damaged, or has another
                policy; or something that this back end needs is missing.
            QueueUnavailable: it cannot be reached at present.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the waits of this object and let go of the storage. May be called again.

        Leases stay as they are and expire. A memory store is gone with its last open queue.
        """

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
        """Store the items whose keys are new, in order; wait while the queue is full.

        Returns how many were new. Not atomic: a put that ends early has put its first items.

        Raises:
            InvalidItem: a key or payload breaks a bound; nothing was put.
            QueueTimeout: there was not room for all within `timeout_s`; `accepted` are in.
            QueueClosed: every producer has said `complete`; `begin` first.
        """
        self._check_open()
        batch = check_items(items, self.policy)
        pauses = _Pauses(timeout_s)
        start = new = 0
        while start < len(batch):
            step = await self._put_step(_slice(batch, start, lambda item: len(item.payload)))
            start += step.accepted
            new += step.new
            if not step.accepted and not await self._pause(pauses):
                raise QueueTimeout(
                    f"the queue was full for {timeout_s} s: {start} of {len(batch)} items "
                    "are in it",
                    start,
                )
        return new

    async def lease(self, n: int, ttl_s: float, *, timeout_s: float | None = None) -> list[Lease]:
        """Borrow 1 to `n` items for `ttl_s` seconds; wait until there is one.

        Returns as soon as it has something, and an empty list only when the queue is finished.

        Raises:
            QueueTimeout: nothing came within `timeout_s`.
        """
        self._check_open()
        check_count("the number of items to lease", n)
        check_seconds("the time to live of a lease", ttl_s, least=0.001)
        pauses = _Pauses(timeout_s)
        while True:
            step = self._lease_step(min(n, _STEP_ITEMS), ttl_s)
            leases = await to_its_end(step, undo=self._return_unseen)
            if leases is None:
                return []
            if leases:
                return leases
            if not await self._pause(pauses):
                raise QueueTimeout(f"no item came within {timeout_s} s")

    async def _return_unseen(self, leases: list[Lease] | None) -> None:
        if leases:
            await self._nack_step([Return(lease.token, 0.0) for lease in leases], None)

    async def extend(self, *tokens: Token, ttl_s: float) -> None:
        """Let the leases end `ttl_s` seconds from now.

        Raises:
            LeaseLost: some tokens hold nothing any more; the others were extended.
        """
        self._check_open()
        check_seconds("the time to live of a lease", ttl_s, least=0.001)
        if tokens:
            _refuse(await self._extend_step(tokens, ttl_s))

    async def ack(self, *tokens: Token, outcomes: Mapping[Token, Outcome] | None = None) -> None:
        """Mark the items done for good, forget their payloads, and keep what came of them.

        `outcomes` are of some or all of the tokens. The call waits where a queue that is put into
        has no room; an outcome with more new items than its capacity waits until it is empty.

        Raises:
            LeaseLost: some tokens hold nothing any more, and nothing of their outcomes was kept;
                the others were acked.
            InvalidItem: a result or an item of an outcome breaks a bound; nothing was acked.
            ConfigError: the store has no queue of a name in `puts`; nothing was acked.
        """
        self._check_open()
        left = [(token, (outcomes or {}).get(token, _NOTHING)) for token in tokens]
        for _, outcome in left:
            await self._check_outcome(outcome)
        pauses = _Pauses(None)
        refused: list[Token] = []
        while left:
            some = _slice(left, 0, lambda pair: _size(pair[1]))
            step = await self._ack_step(some)
            refused += step.refused
            blocked = set(step.blocked)
            left = [*left[len(some) :], *(pair for pair in some if pair[0] in blocked)]
            if len(blocked) == len(some):
                await self._pause(pauses)
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
        """Give the items back, to be delivered again after `delay_s` (`Policy` says, if None).

        With ``counts=False`` the attempt did not happen: no reason is kept and there is no delay
        unless asked for. That is for a consumer which stops before it began with the item. After
        ``math.inf`` seconds it never comes again: it is a dead letter at once.

        Raises:
            LeaseLost: some leases are over already; the other items were given back.
        """
        self._check_open()
        if delay_s is not None and not (counts and delay_s == math.inf):
            check_seconds("the delay of a nack", delay_s)
        returns = [Return(token, self._delay_s(token, delay_s, counts)) for token in tokens]
        if returns:
            _refuse(await self._nack_step(returns, clean_reason(reason) if counts else None))

    async def begin(self, producer: str) -> None:
        """Take back an earlier `complete` of this producer, before a further run puts more.

        Do it before the consumers of that run start, or they find the queue finished.
        """
        self._check_open()
        check_name("a producer's name", producer)
        await self._producer_step(producer, complete=False)

    async def complete(self, producer: str) -> None:
        """Say that this producer will put nothing more. Saying it again changes nothing."""
        self._check_open()
        check_name("a producer's name", producer)
        await self._producer_step(producer, complete=True)

    async def stats(self) -> Stats:
        """Count the items by state."""
        self._check_open()
        return await self._stats_step()

    async def dead_letters(self, limit: int = 100, after: str = "") -> list[DeadLetter]:
        """Up to `limit` dead letters in the order of their keys (by code point), after `after`."""
        self._check_open()
        check_count("the number of dead letters to list", limit)
        if after:
            check_name("a key", after)
        return await self._dead_step(limit, after)

    async def results(self, limit: int = 100, after: str = "") -> list[Item]:
        """Up to `limit` kept results in the order of the keys (by code point), after `after`.

        Fewer where they are large; none only at the end.
        """
        self._check_open()
        check_count("the number of results to read", limit)
        return await self._results_step(limit, after)

    async def counts(self) -> dict[str, int]:
        """The sums of what the outcomes counted, by name."""
        self._check_open()
        return await self._counts_step()

    async def put_back(self, keys: Sequence[str]) -> int:
        """Deliver dead letters again, from attempt 1, with their reasons kept.

        Returns how many of the keys were dead letters; the others are left alone.
        """
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

    async def _pause(self, pauses: "_Pauses") -> bool:
        """Wait before the next look; False where the deadline is over."""
        going_on = await pauses.one()
        self._check_open()
        return going_on

    @abstractmethod
    async def _put_step(self, items: Sequence[Item]) -> PutStep: ...

    @abstractmethod
    async def _lease_step(self, n: int, ttl_s: float) -> list[Lease] | None:
        """What can be leased now; None at the end."""

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


class _Pauses:
    """Pauses between two looks, each twice as long as the last, until a deadline."""

    def __init__(self, timeout_s: float | None) -> None:
        if timeout_s is not None:
            check_seconds("a deadline", timeout_s)
        self._until = math.inf if timeout_s is None else time.monotonic() + timeout_s
        self._next_s = _PAUSE_FIRST_S

    async def one(self) -> bool:
        """Make a pause; False where the deadline is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            return False
        await asyncio.sleep(min(self._next_s, left))
        self._next_s = min(2 * self._next_s, _PAUSE_MOST_S)
        return True


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
