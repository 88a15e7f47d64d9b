"""A store in one SQLite file of the run's folder, shared by the processes of a host.

It works as SQLite queues do: WAL, one writer at a time, what is asked for while a commit runs goes
into the next one. Reads have a connection of their own: they need not wait for the disk.
"""

import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from veristone import ConfigError
from veristone.generators.synthesis.pipeline.store import Counts
from veristone.queues import QueueClosed, QueueUnavailable
from veristone.queues.sqlite import use_wal
from veristone.queues.sqlite_thread import Transactions

__all__ = ["SQLiteStore"]

T = TypeVar("T")
_APPLICATION_ID = 0x76735231  # "vsR1"
_BUSY_S = 15.0
_CHECKPOINT_PAGES = 8000  # see `veristone.queues.sqlite`
_PAGE_BYTES = 8 * 1024 * 1024
_SCHEMA = (
    "CREATE TABLE results (stage TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL,"
    " PRIMARY KEY (stage, key))",
    "CREATE TABLE counts (stage TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,"
    " PRIMARY KEY (stage, name)) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION_ID}",
)


class SQLiteStore:
    """See `ResultStore`. The file is made if it is not there; `items` come in order of the keys."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = Transactions(self._connect)
        self._reader = Transactions(self._connect)

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigError: it is something else.
        """
        await self._writer.start()
        try:
            await self._reader.start()
        except BaseException:
            await self._writer.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was asked for and close the file."""
        try:
            await self._reader.stop()
        finally:
            await self._writer.stop()

    async def get(self, stage: str, key: str) -> bytes | None:
        """See `ResultStore`."""
        return await self._read(lambda db: _get(db, stage, key))

    async def keep(self, stage: str, key: str, payload: bytes, counts: Mapping[str, int]) -> bytes:
        """See `ResultStore`."""

        def job(db: sqlite3.Connection) -> bytes | None:
            new = db.execute(
                "INSERT INTO results VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (stage, key, payload)
            ).rowcount
            if not new:
                return _get(db, stage, key)
            db.executemany(
                "INSERT INTO counts VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET number = number + excluded.number",
                [(stage, name, number) for name, number in counts.items()],
            )
            return payload

        with _translated(self._path):
            kept = await self._writer.run(job)
        assert kept is not None
        return kept

    async def counts(self) -> Counts:
        """See `ResultStore`."""
        rows: list[tuple[str, str, int]] = await self._read(
            lambda db: db.execute("SELECT stage, name, number FROM counts").fetchall()
        )
        counts: Counts = {}
        for stage, name, number in rows:
            counts.setdefault(stage, {})[name] = number
        return counts

    async def items(self, stage: str) -> AsyncGenerator[tuple[str, bytes]]:
        """See `ResultStore`."""
        after = ""
        while page := await self._read(lambda db, after=after: _page(db, stage, after)):
            for item in page:
                yield item
            after = page[-1][0]

    async def _read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        with _translated(self._path):
            return await self._reader.run(job, writes=False)

    def _connect(self) -> sqlite3.Connection:
        path = self._path
        if not path.parent.is_dir():
            raise ConfigError(f"store {path}: there is no directory {path.parent}")
        with _translated(path):
            db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            try:
                _prepare(db, path)
            except BaseException:
                db.close()
                raise
        return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    _check(db, path)
    use_wal(db, path)
    db.execute("PRAGMA synchronous = full")
    db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    db.execute("BEGIN IMMEDIATE")
    if _is_empty(db):
        for statement in _SCHEMA:
            db.execute(statement)
    db.execute("COMMIT")
    _check(db, path)


def _check(db: sqlite3.Connection, path: Path) -> None:
    db.execute("BEGIN")  # one look, while another process may be making it
    found = db.execute("PRAGMA application_id").fetchone()[0]
    empty = _is_empty(db)
    db.execute("COMMIT")
    if found != _APPLICATION_ID and (found or not empty):
        raise ConfigError(f"{path} is a database of another program")


def _is_empty(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def _get(db: sqlite3.Connection, stage: str, key: str) -> bytes | None:
    row: tuple[bytes] | None = db.execute(
        "SELECT payload FROM results WHERE stage = ? AND key = ?", (stage, key)
    ).fetchone()
    return row[0] if row else None


def _page(db: sqlite3.Connection, stage: str, after: str) -> list[tuple[str, bytes]]:
    """The next results, some megabytes of them."""
    page: list[tuple[str, bytes]] = []
    size = 0
    with contextlib.closing(
        db.execute(
            "SELECT key, payload FROM results WHERE stage = ? AND key > ? ORDER BY key",
            (stage, after),
        )
    ) as rows:
        for row in rows:
            page.append(row)
            size += len(row[1])
            if size > _PAGE_BYTES:
                break
    return page


@contextlib.contextmanager
def _translated(path: Path) -> Generator[None]:
    """Say what an error of SQLite means for a store."""
    try:
        yield
    except QueueClosed as error:
        raise QueueClosed(f"store {path} is closed") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            raise ConfigError(f"{path} is damaged or no store of ours: {error}") from error
        raise QueueUnavailable(f"store {path}: {error}") from error
