"""Queues in one SQLite file: durable, and shared by the processes of one host. Or in memory.

The default. WAL mode: readers and the writer do not block each other, writers take turns (one
write transaction at a time, a file-wide lock). What a verb returned for survives a kill of the
process; with ``durability="full"`` (the default) also a crash of the machine, at one fsync a
group of calls. ``"normal"`` saves the fsync: after a power cut the last moments may be missing,
so acked items come again, and *items put last are not there*: only for producers that put
everything again.

Not for network file systems: WAL needs shared memory. The file does not shrink; its size is that
of the fullest moment plus the results and a row for every key (about 150 bytes with a 64-character
key). Processes notice each other by polling `PRAGMA data_version`, 2 to 100 ms apart while they
wait, which reads no more than a counter in shared memory.

The file says what it is (`application_id`, `user_version`), so that a database of somebody else is
never touched.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Literal, TypeVar

from veristone import ConfigError
from veristone.queues.base import Clock, SampleQueue
from veristone.queues.errors import QueueClosed, QueueUnavailable
from veristone.queues.policy import Policy
from veristone.queues.sqlite_steps import SCHEMA, Turn, find_queue
from veristone.queues.sqlite_thread import Transactions
from veristone.queues.steps import AckStep, Changes, LeaseStep, PutStep, Return
from veristone.queues.values import DeadLetter, Item, Outcome, Stats, Token

__all__ = ["SQLiteQueue"]

T = TypeVar("T")
Durability = Literal["full", "normal"]

MEMORY = ":memory:"
_POLL_FIRST_S, _POLL_MOST_S = 0.002, 0.1
_APPLICATION_ID = 0x76735131  # "vsQ1"
_VERSION = 2
_BUSY_S = 15.0
# Pages of the WAL before it is copied into the file (32 MiB). Random keys touch the same pages of
# their index again and again; with SQLite's 1000 pages a put costs 1.6 times as much.
_SETTINGS = ("wal_autocheckpoint = 8000", "cache_size = -32768")


class SQLiteQueue(SampleQueue):
    """The queue `name` in the file `path`, which are made if they are not there.

    With the path ``":memory:"`` the store is in memory and belongs to this object and to those
    made with `beside`. `clock` gives wall seconds (`time.time` if None); all processes must read
    the same one.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        policy: Policy | None = None,
        *,
        name: str = "queue",
        durability: Durability = "full",
        clock: Clock | None = None,
    ) -> None:
        super().__init__(policy, clock)
        if durability not in ("full", "normal"):
            raise ConfigError(f"durability is 'full' or 'normal', not {durability!r}")
        self._name = name
        self._store = _Store(path, durability)
        self._id = 0

    def beside(self, name: str, policy: Policy | None = None) -> "SQLiteQueue":
        """Another queue of this store that shares this one's connection, hence its commits."""
        other = SQLiteQueue(self._store.path, policy, name=name, clock=self._clock)
        other._store = self._store
        return other

    async def open(self) -> None:
        """Open the file, or make it."""
        if self._closed or self._agreed is not None:
            raise QueueClosed("the queue is closed" if self._closed else "it is open already")
        await self._store.open()
        try:
            self._id, policy = await self._store.run(
                lambda db: _join(db, self._store.where, self._name, self._wanted)
            )
        except BaseException:
            self._closed = True
            await self._store.close()
            raise
        self._agreed = policy

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        if not self._closed:
            self._closed = True
            self._store.changes.announce()
            if self._agreed is not None:
                await self._store.close()

    async def _step(
        self, step: Callable[[Turn], T], undo: Callable[[Turn, T], object] | None = None
    ) -> T:
        """Run a step at the time at which it gets its turn, and tell the waits about it."""
        policy = self.policy

        def turn(db: sqlite3.Connection) -> Turn:
            return Turn(db, self._name, self._id, policy, self._clock())

        value = await self._store.run(
            lambda db: step(turn(db)),
            undo=None if undo is None else lambda db, value: undo(turn(db), value),
        )
        return value

    async def _changed(self, mark: int | str, timeout_s: float) -> None:
        changes, until = self._store.changes, time.monotonic() + timeout_s
        poll = _POLL_FIRST_S
        while changes.mark == mark and not self._closed:
            left = until - time.monotonic()
            if left <= 0:
                return
            await changes.wait(mark, min(poll, left))
            poll = min(poll * 2, _POLL_MOST_S)
            if changes.mark == mark and not self._closed:
                await self._store.look_around()

    async def _put_step(self, items: Sequence[Item]) -> PutStep:
        mark = self._store.changes.mark
        step = await self._step(lambda turn: turn.put(items))
        if step.new:
            self._store.changes.announce()
        return PutStep(step.accepted, step.new, mark, step.wake_in_s)

    async def _lease_step(self, n: int, ttl_s: float) -> LeaseStep:
        mark = self._store.changes.mark
        step = await self._step(
            lambda turn: turn.lease(n, ttl_s),
            # What a cancelled caller never saw goes back.
            undo=lambda turn, step: turn.nack([Return(x.token, 0.0) for x in step.leases], None),
        )
        return LeaseStep(step.leases, step.finished, mark, step.wake_in_s)

    async def _ack_step(self, outcomes: Sequence[tuple[Token, Outcome]]) -> AckStep:
        mark = self._store.changes.mark
        step = await self._step(lambda turn: turn.ack(outcomes))
        if len(step.blocked) < len(outcomes):
            self._store.changes.announce()
        return AckStep(step.refused, step.blocked, mark)

    async def _policy_of(self, name: str) -> Policy:
        where = self._store.where
        found = await self._store.run(lambda db: find_queue(db, name, where), writes=False)
        if found is None:
            raise ConfigError(
                f"{where} has no queue {name!r}: open it once before others put there"
            )
        return found[1]

    async def _extend_step(self, tokens: Sequence[Token], ttl_s: float) -> list[Token]:
        return await self._told(lambda turn: turn.extend(tokens, ttl_s))

    async def _nack_step(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        return await self._told(lambda turn: turn.nack(returns, reason))

    async def _producer_step(self, producer: str, *, complete: bool) -> None:
        await self._told(lambda turn: turn.producer(producer, complete=complete))

    async def _stats_step(self) -> Stats:
        return await self._told(lambda turn: turn.stats())

    async def _dead_step(self, limit: int, after: str) -> list[DeadLetter]:
        return await self._told(lambda turn: turn.dead_letters(limit, after))

    async def _put_back_step(self, keys: Sequence[str]) -> int:
        return await self._told(lambda turn: turn.put_back(keys))

    async def _results_step(self, limit: int, after: str) -> list[Item]:
        return await self._step(lambda turn: turn.results(limit, after))

    async def _counts_step(self) -> dict[str, int]:
        return await self._step(lambda turn: turn.counts())

    async def _told(self, step: Callable[[Turn], T]) -> T:
        value = await self._step(step)
        self._store.changes.announce()
        return value


class _Store:
    """A database and the thread that owns its connection, as long as a queue is open on it."""

    def __init__(self, path: str | PathLike[str], durability: Durability) -> None:
        self.path = path
        self.where = "the memory store" if str(path) == MEMORY else f"queue {path}"
        self.changes = Changes()
        self._durability: Durability = durability
        self._seen_version = -1
        self._users = 0
        self._opening = asyncio.Lock()
        self._thread: Transactions | None = None

    async def open(self) -> None:
        async with self._opening:
            if self._thread is None:
                thread = Transactions(partial(_connect, self.path, self._durability))
                await thread.start()
                self._thread = thread
            self._users += 1

    async def close(self) -> None:
        self._users -= 1
        if self._users == 0 and self._thread is not None:
            thread, self._thread = self._thread, None
            await thread.stop()

    async def run(
        self,
        job: Callable[[sqlite3.Connection], T],
        *,
        writes: bool = True,
        undo: Callable[[sqlite3.Connection, T], object] | None = None,
    ) -> T:
        if self._thread is None:
            raise QueueClosed("the queue is closed")
        with _translated(self.where):
            return await self._thread.run(job, writes=writes, undo=undo)

    async def look_around(self) -> None:
        """Announce what other processes committed."""
        version = await self.run(
            lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]), writes=False
        )
        if version != self._seen_version:
            self._seen_version = version
            self.changes.announce()


def _connect(given: str | PathLike[str], durability: Durability) -> sqlite3.Connection:
    path, in_memory = Path(given), str(given) == MEMORY
    if not in_memory and not path.parent.is_dir():
        raise ConfigError(f"queue {path}: there is no directory {path.parent}: make it first")
    if path.exists() and not in_memory and not path.is_file():
        raise ConfigError(
            f"queue {path} is not a file: name a file that is a queue or is not there"
        )
    with _translated(f"queue {path}"):
        db = sqlite3.connect(given, timeout=_BUSY_S, isolation_level=None, cached_statements=64)
        try:
            _check_marks(db, path)
            if not in_memory:
                _use_wal(db, path)
            for setting in (f"synchronous = {durability}", *_SETTINGS):
                db.execute(f"PRAGMA {setting}")
            db.execute("BEGIN IMMEDIATE")
            if _is_new(db):
                for statement in filter(str.strip, SCHEMA.split(";")):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
            db.execute("COMMIT")
            _check_marks(db, path)
        except BaseException:
            db.close()
            raise
    return db


def _join(
    db: sqlite3.Connection, where: str, name: str, wanted: Policy | None
) -> tuple[int, Policy]:
    policy = (wanted or Policy()).to_json()
    db.execute(
        "INSERT INTO queues (name, policy) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, policy)
    )
    found = find_queue(db, name, where)
    assert found is not None
    found[1].agree(wanted, where)
    return found


def _is_new(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def _check_marks(db: sqlite3.Connection, path: Path) -> None:
    db.execute("BEGIN")  # one look, while another process may be making the queue
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    is_new = _is_new(db)
    db.execute("COMMIT")
    if application == _APPLICATION_ID:
        if version != _VERSION:
            raise ConfigError(
                f"queue {path} has format {version}, this program knows format {_VERSION}: "
                "use the program that made it, or a new file"
            )
    elif application or version or not is_new:
        raise ConfigError(f"{path} is a database of another program: name another file")


def _use_wal(db: sqlite3.Connection, path: Path) -> None:
    # Switching needs the file alone, and SQLite does not wait for it when two begin at once.
    until = time.monotonic() + _BUSY_S
    while True:
        try:
            mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise ConfigError(
            f"{path}: its file system has no shared memory for SQLite's WAL "
            f"(journal mode {mode!r}): use a local disk"
        )


@contextlib.contextmanager
def _translated(where: str) -> Generator[None]:
    """Say what an error of SQLite means for a queue."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise ConfigError(f"{where} is damaged or no queue: {error}") from error
        if code == sqlite3.SQLITE_ERROR:  # a table or column that is not there
            raise ConfigError(f"{where} does not have the tables of a queue: {error}") from error
        raise QueueUnavailable(f"{where}: {error}") from error
