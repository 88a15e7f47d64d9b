"""Queues in one SQLite file: durable, and shared by the processes of one host. Or in memory.

The default. WAL mode: readers and the writer do not block each other, writers take turns (one
write transaction at a time, a file-wide lock). What a verb returned for survives a kill of the
process and a crash of the machine, at one fsync a call: so lease, put and ack many at once.

Not for network file systems: WAL needs shared memory. The file does not shrink; its size is that
of the fullest moment plus the results and a row for every key (about 150 bytes with a 64-character
key).

The file says what it is (`application_id`, `user_version`), so that a database of somebody else is
never touched.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from veristone import ConfigError
from veristone.queues.base import Clock, SampleQueue
from veristone.queues.errors import QueueClosed, QueueUnavailable
from veristone.queues.policy import Policy
from veristone.queues.sqlite_steps import SCHEMA, Turn, find_queue
from veristone.queues.steps import AckStep, PutStep, Return, to_its_end
from veristone.queues.values import DeadLetter, Item, Lease, Outcome, Stats, Token

__all__ = ["SQLiteQueue"]

T = TypeVar("T")

MEMORY = ":memory:"
_APPLICATION_ID = 0x76735131  # "vsQ1"
_VERSION = 2
_BUSY_S = 15.0
# Pages of the WAL before it is copied into the file (32 MiB). Random keys touch the same pages of
# their index again and again; with SQLite's 1000 pages a put costs 1.6 times as much.
_SETTINGS = ("synchronous = full", "wal_autocheckpoint = 8000", "cache_size = -32768")


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
        clock: Clock | None = None,
    ) -> None:
        super().__init__(policy, clock)
        self._name = name
        self._store = _Store(path)
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
            if self._agreed is not None:
                await self._store.close()

    async def _step(self, step: Callable[[Turn], T]) -> T:
        """Run a step at the time at which it gets its turn."""
        policy = self.policy
        return await self._store.run(
            lambda db: step(Turn(db, self._name, self._id, policy, self._clock()))
        )

    async def _put_step(self, items: Sequence[Item]) -> PutStep:
        return await self._step(lambda turn: turn.put(items))

    async def _lease_step(self, n: int, ttl_s: float) -> list[Lease] | None:
        return await self._step(lambda turn: turn.lease(n, ttl_s))

    async def _ack_step(self, outcomes: Sequence[tuple[Token, Outcome]]) -> AckStep:
        return await self._step(lambda turn: turn.ack(outcomes))

    async def _policy_of(self, name: str) -> Policy:
        where = self._store.where
        found = await self._store.run(lambda db: find_queue(db, name, where))
        if found is None:
            raise ConfigError(
                f"{where} has no queue {name!r}: open it once before others put there"
            )
        return found[1]

    async def _extend_step(self, tokens: Sequence[Token], ttl_s: float) -> list[Token]:
        return await self._step(lambda turn: turn.extend(tokens, ttl_s))

    async def _nack_step(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        return await self._step(lambda turn: turn.nack(returns, reason))

    async def _producer_step(self, producer: str, *, complete: bool) -> None:
        await self._step(lambda turn: turn.producer(producer, complete=complete))

    async def _stats_step(self) -> Stats:
        return await self._step(lambda turn: turn.stats())

    async def _dead_step(self, limit: int, after: str) -> list[DeadLetter]:
        return await self._step(lambda turn: turn.dead_letters(limit, after))

    async def _put_back_step(self, keys: Sequence[str]) -> int:
        return await self._step(lambda turn: turn.put_back(keys))

    async def _results_step(self, limit: int, after: str) -> list[Item]:
        return await self._step(lambda turn: turn.results(limit, after))

    async def _counts_step(self) -> dict[str, int]:
        return await self._step(lambda turn: turn.counts())


class _Store:
    """A database and the thread that owns its connection, as long as a queue is open on it.

    sqlite3 blocks, hence the thread; a wrapper that hops threads for every statement would cost
    more than the statements do.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = path
        self.where = "the memory store" if str(path) == MEMORY else f"queue {path}"
        self._users = 0
        self._opening = asyncio.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None

    async def open(self) -> None:
        async with self._opening:
            if self._thread is None:
                thread = ThreadPoolExecutor(1, thread_name_prefix="sample-queue")
                try:
                    self._db = await to_its_end(
                        _in(thread, _connect, self.path), undo=lambda db: _in(thread, db.close)
                    )
                except BaseException:
                    thread.shutdown()
                    raise
                self._thread = thread
            self._users += 1

    async def close(self) -> None:
        self._users -= 1
        if self._users == 0 and self._thread is not None and self._db is not None:
            thread, self._thread = self._thread, None
            await to_its_end(_in(thread, self._db.close))
            thread.shutdown()

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job in a transaction of its own."""
        db = self._db
        if self._thread is None or db is None:
            raise QueueClosed("the queue is closed")

        def transact() -> T:
            with db:
                db.execute("BEGIN IMMEDIATE")
                return job(db)

        with _translated(self.where):
            return await _in(self._thread, transact)


def _in(thread: ThreadPoolExecutor, job: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
    return asyncio.get_running_loop().run_in_executor(thread, job, *args)


def _connect(given: str | PathLike[str]) -> sqlite3.Connection:
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
            for setting in _SETTINGS:
                db.execute(f"PRAGMA {setting}")
            with db:
                db.execute("BEGIN IMMEDIATE")
                if _is_new(db):
                    for statement in filter(str.strip, SCHEMA.split(";")):
                        db.execute(statement)
                    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                    db.execute(f"PRAGMA user_version = {_VERSION}")
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
