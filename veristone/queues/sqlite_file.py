"""The file of a SQLite queue: its schema, its marks, and what is refused.

The file says what it is (`application_id`, `user_version`), so that a database of somebody else is
never touched. Its policy is written when it is made.
"""

import contextlib
import sqlite3
import time
from collections.abc import Generator
from pathlib import Path
from typing import Literal

from veristone import ConfigError
from veristone.queues.errors import QueueUnavailable
from veristone.queues.policy import Policy, parse_policy

__all__ = ["Durability", "connect", "read_policy", "translated", "use_wal"]

Durability = Literal["full", "normal"]

_APPLICATION_ID = 0x76735131  # "vsQ1"
_VERSION = 1
_BUSY_S = 15.0
_CACHE_KIB = 32 * 1024
# Pages of the WAL before it is copied into the file (32 MiB). Random keys touch the same pages of
# their index again and again; with SQLite's 1000 pages a put costs 1.6 times as much.
_CHECKPOINT_PAGES = 8000

# Rows of `items` stay small because their state is rewritten several times; payloads are written
# once and deleted with the ack. `items` keeps a row for every key ever put: that is the dedupe.
# Fresh items are those above `head`, so that first deliveries need no index.
_SCHEMA = f"""
CREATE TABLE queue (
    id INTEGER PRIMARY KEY CHECK (id = 1), policy TEXT NOT NULL, head INTEGER NOT NULL,
    open INTEGER NOT NULL, leased INTEGER NOT NULL, dead INTEGER NOT NULL, done INTEGER NOT NULL
);
CREATE TABLE items (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,
    attempt INTEGER NOT NULL, fence INTEGER, due REAL, reasons TEXT
);
CREATE TABLE payloads (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE complete (producer TEXT PRIMARY KEY);
CREATE INDEX due ON items (state, due, seq) WHERE state = 1 OR state = 2;
CREATE INDEX dead ON items (key) WHERE state = 3;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
"""


def connect(path: Path, wanted: Policy | None, durability: Durability) -> sqlite3.Connection:
    """Open the file, or make it.

    Raises:
        ConfigError: it is no queue of this version, damaged, or of another policy.
        QueueUnavailable: it is locked, or the disk fails.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"queue {path}: there is no directory {path.parent}: make it first")
    if path.exists() and not path.is_file():
        raise ConfigError(
            f"queue {path} is not a file: name a file that is a queue or is not there"
        )
    with translated(path):
        db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, cached_statements=64)
    try:
        with translated(path):
            _prepare(db, path, wanted, durability)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(
    db: sqlite3.Connection, path: Path, wanted: Policy | None, durability: Durability
) -> None:
    _check_marks(db, path)
    use_wal(db, path)
    db.execute(f"PRAGMA synchronous = {durability}")
    db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    db.execute("BEGIN IMMEDIATE")
    if _is_new(db):
        for statement in filter(str.strip, _SCHEMA.split(";")):
            db.execute(statement)
        policy = (wanted or Policy()).to_json()
        db.execute("INSERT INTO queue VALUES (1, ?, 0, 0, 0, 0, 0)", (policy,))
    db.execute("COMMIT")
    _check_marks(db, path)
    read_policy(db, path).agree(wanted, f"queue {path}")


def read_policy(db: sqlite3.Connection, path: Path) -> Policy:
    """The policy in the file.

    Raises:
        ConfigError: it is not there or cannot be read.
    """
    row = db.execute("SELECT policy FROM queue WHERE id = 1").fetchone()
    if row is None:
        raise ConfigError(f"queue {path} is damaged: it has no policy")
    return parse_policy(row[0], f"queue {path}")


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


def use_wal(db: sqlite3.Connection, path: Path) -> None:
    """Switch a database to WAL.

    Raises:
        ConfigError: its file system cannot do that.
    """
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
def translated(path: Path) -> Generator[None]:
    """Say what an error of SQLite means for a queue."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise ConfigError(f"{path} is damaged or no queue: {error}") from error
        if code == sqlite3.SQLITE_ERROR:  # a table or column that is not there
            raise ConfigError(f"{path} does not have the tables of a queue: {error}") from error
        raise QueueUnavailable(f"queue {path}: {error}") from error
