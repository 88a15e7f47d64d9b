"""A queue in one SQLite file: durable, and shared by the processes of one host.

The default. WAL mode: readers and the writer do not block each other, writers take turns (one
write transaction at a time, a file-wide lock). What a verb returned for survives a kill of the
process; with ``durability="full"`` (the default) also a crash of the machine, at one fsync a
group of calls. ``"normal"`` saves the fsync: after a power cut the last moments may be missing,
so acked items come again, and *items put last are not there*: only for producers that put
everything again.

Not for network file systems: WAL needs shared memory. The file does not shrink; its size is that
of the fullest moment plus a row for every key (about 150 bytes with a 64-character key). Processes
notice each other by polling `PRAGMA data_version`, 2 to 100 ms apart while they wait, which reads
no more than a counter in shared memory.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from veristone import ConfigError
from veristone.queues import sqlite_steps as steps
from veristone.queues.errors import QueueClosed
from veristone.queues.policy import Policy
from veristone.queues.sqlite_file import Durability, connect, read_policy, translated
from veristone.queues.sqlite_thread import Transactions
from veristone.queues.values import DeadLetter, Item, Stats, Token
from veristone.queues.waiting import Changes, Clock, LeaseStep, PutStep, Return, WaitingQueue

__all__ = ["SQLiteQueue"]

P = ParamSpec("P")
T = TypeVar("T")

_POLL_FIRST_S, _POLL_MOST_S = 0.002, 0.1


class SQLiteQueue(WaitingQueue):
    """A sample queue in the file `path`, which is made if it is not there.

    `clock` gives wall seconds (`time.time` if None); all processes must read the same one.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        policy: Policy | None = None,
        *,
        durability: Durability = "full",
        clock: Clock | None = None,
    ) -> None:
        super().__init__(policy, clock)
        if durability not in ("full", "normal"):
            raise ConfigError(f"durability is 'full' or 'normal', not {durability!r}")
        self._path = Path(path)
        self._durability: Durability = durability
        self._changes = Changes()
        self._seen_version = -1
        self._thread: Transactions | None = None

    async def open(self) -> None:
        """Open the file, or make it."""
        if self._thread is not None:
            raise QueueClosed("the queue is open already" if not self._closed else "it is closed")
        thread = Transactions(partial(connect, self._path, self._wanted, self._durability))
        await thread.start()
        self._thread = thread
        try:
            self._agreed = await self._run(lambda db: read_policy(db, self._path))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        self._closed = True
        self._changes.announce()
        if self._thread is not None:
            await self._thread.stop()

    async def _run(
        self,
        job: Callable[[sqlite3.Connection], T],
        *,
        writes: bool = True,
        undo: Callable[[sqlite3.Connection, T], object] | None = None,
    ) -> T:
        if self._thread is None:
            raise QueueClosed("the queue is not open")
        with translated(self._path):
            return await self._thread.run(job, writes=writes, undo=undo)

    async def _step(
        self,
        step: Callable[Concatenate[sqlite3.Connection, Policy, float, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a step at the time at which it gets its turn, and tell the waits about it."""
        policy, clock = self.policy, self._clock
        value = await self._run(lambda db: step(db, policy, clock(), *args, **kwargs))
        self._changes.announce()
        return value

    async def _changed(self, mark: int | str, timeout_s: float) -> None:
        until = time.monotonic() + timeout_s
        poll = _POLL_FIRST_S
        while self._changes.mark == mark and not self._closed:
            left = until - time.monotonic()
            if left <= 0:
                return
            await self._changes.wait(mark, min(poll, left))
            poll = min(poll * 2, _POLL_MOST_S)
            if self._changes.mark == mark and not self._closed:
                await self._look_around()

    async def _look_around(self) -> None:
        """Announce what other processes committed."""
        version = await self._run(
            lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]), writes=False
        )
        if version != self._seen_version:
            self._seen_version = version
            self._changes.announce()

    async def _put_step(self, items: Sequence[Item]) -> PutStep:
        mark = self._changes.mark
        policy, clock = self.policy, self._clock
        step = await self._run(lambda db: steps.put(db, policy, clock(), items))
        if step.new:
            self._changes.announce()
        return PutStep(step.accepted, step.new, mark, step.wake_in_s)

    async def _lease_step(self, n: int, ttl_s: float) -> LeaseStep:
        mark = self._changes.mark
        policy, clock = self.policy, self._clock
        step = await self._run(
            lambda db: steps.lease(db, policy, clock(), n, ttl_s),
            undo=lambda db, given: steps.release(db, policy, clock(), given),
        )
        return LeaseStep(step.leases, step.finished, mark, step.wake_in_s)

    async def _extend_step(self, tokens: Sequence[Token], ttl_s: float) -> list[Token]:
        return await self._step(steps.extend, tokens, ttl_s)

    async def _ack_step(self, tokens: Sequence[Token]) -> list[Token]:
        return await self._step(steps.ack, tokens)

    async def _nack_step(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        return await self._step(steps.nack, returns, reason)

    async def _producer_step(self, producer: str, *, complete: bool) -> None:
        await self._run(lambda db: steps.producer(db, producer, complete))
        self._changes.announce()

    async def _stats_step(self) -> Stats:
        return await self._step(steps.stats)

    async def _dead_step(self, limit: int, after: str) -> list[DeadLetter]:
        return await self._step(steps.dead_letters, limit, after)

    async def _put_back_step(self, keys: Sequence[str]) -> int:
        return await self._step(steps.put_back, keys)
