"""A queue in the memory of one process: for tests, and for stages that run in one program.

Every step is one run of the event loop without an await in it, hence atomic. Nothing outlives
`close`. Memory: the payloads of open and dead items, and the keys of everything ever put.
"""

import heapq
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from veristone.queues.errors import QueueClosed
from veristone.queues.policy import EXPIRED, Policy, add_reason, is_dead, is_expired
from veristone.queues.values import DeadLetter, Item, Lease, Stats, Token
from veristone.queues.waiting import Changes, Clock, LeaseStep, PutStep, Return, WaitingQueue

__all__ = ["MemoryQueue"]

_SLACK = 1000  # untrue entries of a heap that are not worth removing


class _State(Enum):
    FRESH = "fresh"
    RETURNED = "returned"
    LEASED = "leased"
    DEAD = "dead"


@dataclass(slots=True)
class _Record:
    key: str
    payload: bytes
    number: int
    state: _State = _State.FRESH
    attempt: int = 0
    fence: int | None = None
    move: int = 0  # number of its last move, which tells its entry in a heap from older ones
    reasons: tuple[str, ...] = field(default=())


class _Entry(NamedTuple):
    """Of a heap: what is due first, and of that what was put first. `move` is unique."""

    due: float
    number: int
    move: int
    record: _Record


class MemoryQueue(WaitingQueue):
    """A sample queue in memory; `clock` gives wall seconds (`time.time` if None)."""

    def __init__(self, policy: Policy | None = None, *, clock: Clock | None = None) -> None:
        super().__init__(policy, clock)
        self._changes = Changes()
        self._records: dict[str, _Record] = {}
        self._fresh: deque[_Record] = deque()
        # Entries that no longer tell the truth are passed over.
        self._returned: list[_Entry] = []
        self._leased: list[_Entry] = []
        self._count = dict.fromkeys(_State, 0)
        self._done: set[str] = set()
        self._number = 0
        self._moves = 0
        self._complete: set[str] = set()

    async def open(self) -> None:
        """Make the queue."""
        if self._closed:
            raise QueueClosed("a memory queue that was closed is gone")
        self._agreed = self._wanted or Policy()

    async def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._records.clear()
        self._fresh.clear()
        self._returned.clear()
        self._leased.clear()
        self._done.clear()
        self._changes.announce()

    async def _changed(self, mark: int | str, timeout_s: float) -> None:
        await self._changes.wait(mark, timeout_s)

    async def _put_step(self, items: Sequence[Item]) -> PutStep:
        self._sweep()
        if len(self._complete) >= self.policy.producers:
            raise QueueClosed("every producer is complete: call begin(producer) before put")
        accepted = new = 0
        for item in items:
            if item.key not in self._records and item.key not in self._done:
                if self._open() >= self.policy.capacity:
                    break
                self._number += 1
                record = _Record(item.key, item.payload, self._number)
                self._records[item.key] = record
                self._fresh.append(record)
                self._count[_State.FRESH] += 1
                new += 1
            accepted += 1
        if new:
            self._changes.announce()
        return PutStep(accepted, new, self._changes.mark, self._wake_in_s())

    async def _lease_step(self, n: int, ttl_s: float) -> LeaseStep:
        now = self._sweep()
        expires_at, fence = now + ttl_s, secrets.randbits(52)
        leases: list[Lease] = []
        while len(leases) < n and (record := self._next(now)) is not None:
            record.attempt += 1
            record.fence = fence
            self._move(record, _State.LEASED, expires_at)
            token = Token(record.key, record.attempt, fence)
            leases.append(Lease(token, record.payload, expires_at))
        finished = self._finished()
        return LeaseStep(leases, finished, self._changes.mark, self._wake_in_s())

    def _next(self, now: float) -> _Record | None:
        while self._returned:
            entry = self._returned[0]
            if _true(entry) and entry.due > now:
                break
            heapq.heappop(self._returned)
            if _true(entry):
                return entry.record
        return self._fresh.popleft() if self._fresh else None

    async def _extend_step(self, tokens: Sequence[Token], ttl_s: float) -> list[Token]:
        now = self._sweep()
        refused: list[Token] = []
        for token in tokens:
            record = self._held(token)
            if record is None or record.state is _State.DEAD:
                refused.append(token)
            else:
                self._move(record, _State.LEASED, now + ttl_s)
        return refused

    async def _ack_step(self, tokens: Sequence[Token]) -> list[Token]:
        self._sweep()
        refused: list[Token] = []
        for token in tokens:
            record = self._held(token)
            if record is None:
                refused.append(token)
                continue
            self._count[record.state] -= 1
            record.move = -1  # what the heaps still say about it is not true any more
            record.payload = b""
            del self._records[token.key]
            self._done.add(token.key)
        self._changes.announce()
        return refused

    async def _nack_step(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        now = self._sweep()
        refused: list[Token] = []
        for given in returns:
            record = self._held(given.token)
            if record is None or record.state is not _State.LEASED:
                refused.append(given.token)
                continue
            if reason is None:
                record.attempt -= 1
            else:
                record.reasons = add_reason(record.reasons, reason)
            dead = reason is not None and is_dead(record.attempt, self.policy)
            self._move(record, _State.DEAD if dead else _State.RETURNED, now + given.delay_s)
            record.fence = None
        self._changes.announce()
        return refused

    async def _producer_step(self, producer: str, *, complete: bool) -> None:
        (self._complete.add if complete else self._complete.discard)(producer)
        self._changes.announce()

    async def _stats_step(self) -> Stats:
        now = self._sweep()
        delayed = sum(entry.due > now and _true(entry) for entry in self._returned)
        leased, dead = self._count[_State.LEASED], self._count[_State.DEAD]
        ready = self._open() - leased - delayed
        return Stats(ready, leased, delayed, dead, len(self._done), self._finished())

    async def _dead_step(self, limit: int, after: str) -> list[DeadLetter]:
        self._sweep()
        dead = (record for record in self._records.values() if record.state is _State.DEAD)
        chosen = heapq.nsmallest(limit, (r for r in dead if r.key > after), key=lambda r: r.key)
        return [DeadLetter(r.key, r.payload, r.attempt, r.reasons) for r in chosen]

    async def _put_back_step(self, keys: Sequence[str]) -> int:
        now = self._sweep()
        back = 0
        for key in keys:
            record = self._records.get(key)
            if record is not None and record.state is _State.DEAD:
                record.attempt, record.fence = 0, None
                self._move(record, _State.RETURNED, now)
                back += 1
        self._changes.announce()
        return back

    def _sweep(self) -> float:
        """Take back what expired; returns the time at which this was so."""
        now = self._clock()
        swept = False
        while self._leased and is_expired(self._leased[0].due, now):
            entry = heapq.heappop(self._leased)
            if not _true(entry):
                continue
            record = entry.record
            record.reasons = add_reason(record.reasons, EXPIRED)
            dead = is_dead(record.attempt, self.policy)
            self._move(record, _State.DEAD if dead else _State.RETURNED, entry.due)
            swept = True
        if swept:
            self._changes.announce()
        return now

    def _move(self, record: _Record, state: _State, due: float) -> None:
        self._count[record.state] -= 1
        self._count[state] += 1
        self._moves += 1
        record.state, record.move = state, self._moves
        entry = _Entry(due, record.number, self._moves, record)
        if state in (_State.LEASED, _State.RETURNED):
            heap = self._leased if state is _State.LEASED else self._returned
            heapq.heappush(heap, entry)
            if len(heap) > 2 * self._count[state] + _SLACK:
                heap[:] = filter(_true, heap)
                heapq.heapify(heap)

    def _held(self, token: Token) -> _Record | None:
        record = self._records.get(token.key)
        return record if record is not None and record.fence == token.fence else None

    def _open(self) -> int:
        return len(self._records) - self._count[_State.DEAD]

    def _finished(self) -> bool:
        return len(self._complete) >= self.policy.producers and not self._open()

    def _wake_in_s(self) -> float | None:
        due = [heap[0].due for heap in (self._leased, self._returned) if heap]
        return min(due) - self._clock() if due else None


def _true(entry: _Entry) -> bool:
    return entry.record.move == entry.move
