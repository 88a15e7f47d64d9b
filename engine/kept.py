"""What was worked out once and is kept on disk: outcomes of references, so that a benchmark's are
not worked out in each run; verdicts (`verdict_cache`).

A record is found by what it depends on: the reference, its calls, its limits, and the sandbox's
own files and interpreter. Nothing is ever wrong for being old; what is not asked for is dropped
when the file grows too large. A store that cannot be read or written is none.
"""

import asyncio
import contextlib
import hashlib
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from veristone.engine.jobs import Large
from veristone.engine.wire import read_event

__all__ = ["KeptBytes", "KeptRecords", "cache_folder", "name_of"]

_Record = tuple[dict[str, Any], ...]
_MOST_BYTES = 1 << 30
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS records"
    " (name BLOB PRIMARY KEY, record BLOB NOT NULL, used REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS by_use ON records (used)",
    # The sum of all lengths, kept in step: to add them up would read the whole table each time.
    "CREATE TABLE IF NOT EXISTS total (bytes INTEGER NOT NULL)",
    "INSERT INTO total SELECT coalesce(sum(length(record)), 0) FROM records"
    " WHERE NOT EXISTS (SELECT 1 FROM total)",
    "CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON records"
    " BEGIN UPDATE total SET bytes = bytes + length(NEW.record); END",
    "CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON records"
    " BEGIN UPDATE total SET bytes = bytes - length(OLD.record); END",
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
_FAULTS = (OSError, sqlite3.Error, zlib.error)


def cache_folder() -> Path:
    """Return the folder of this user in which programs keep what they can make again."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / "veristone"


def name_of(*parts: bytes) -> bytes:
    """Return the name of what follows from these parts, and from nothing else."""
    key = hashlib.blake2b(digest_size=32)
    for part in parts:
        key.update(len(part).to_bytes(8, "little"))
        key.update(part)
    return key.digest()


class KeptBytes:
    """Byte strings by name, in one file. Several processes may use it at one time."""

    def __init__(self, file: Path, most_bytes: int) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._store: sqlite3.Connection | None = None
        self._turn = threading.Lock()

    async def get(self, name: bytes) -> bytes | None:
        """Return what is kept under a name, or None where there is nothing."""
        return await asyncio.to_thread(self._get, name)

    async def put(self, name: bytes, content: bytes) -> None:
        """Keep something; what was used longest ago makes room for it."""
        await asyncio.to_thread(self._put, name, content)

    def _get(self, name: bytes) -> bytes | None:
        with contextlib.suppress(*_FAULTS), self._opened() as store:
            row = store.execute("SELECT record FROM records WHERE name = ?", (name,)).fetchone()
            if row is not None:
                store.execute("UPDATE records SET used = ? WHERE name = ?", (time.time(), name))
                return zlib.decompress(row[0])
        return None

    def _put(self, name: bytes, content: bytes) -> None:
        with contextlib.suppress(*_FAULTS):
            row = (name, zlib.compress(content, 1), time.time())
            with self._opened() as store:
                store.execute("DELETE FROM records WHERE name = ?", (name,))
                store.execute("INSERT INTO records VALUES (?, ?, ?)", row)
                self._shrink(store)

    @contextlib.contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """Lend the open file to one thread at a time, in a transaction."""
        with self._turn:
            store = self._store or self._open()
            with store:
                yield store

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        store = sqlite3.connect(self._file, timeout=5.0, check_same_thread=False)
        try:
            # What a crash of the host loses can be made again; no file is broken by it.
            store.execute("PRAGMA journal_mode = WAL")
            store.execute("PRAGMA synchronous = NORMAL")
            with store:
                for statement in _SCHEMA:
                    store.execute(statement)
        except BaseException:
            store.close()
            raise
        self._store = store
        return store

    def close(self) -> None:
        """Close the file; it is opened again where it is asked for."""
        with self._turn:
            store, self._store = self._store, None
            if store is not None:
                store.close()

    def _shrink(self, store: sqlite3.Connection) -> None:
        """Drop what was used longest ago until the rest has room."""
        (total,) = store.execute("SELECT bytes FROM total").fetchone()
        rows = store.execute("SELECT name, length(record) FROM records ORDER BY used")
        gone: list[tuple[bytes]] = []
        while total > self._most_bytes:
            name, size = next(rows)
            gone.append((name,))
            total -= size
        store.executemany("DELETE FROM records WHERE name = ?", gone)


class KeptRecords:
    """Records of references by name, in a file of a folder."""

    def __init__(self, folder: Path) -> None:
        self._store = KeptBytes(folder / "references.sqlite", _MOST_BYTES)

    async def get(self, name: bytes) -> _Record | None:
        """Return a record, or None where there is none."""
        content = await self._store.get(name)
        with contextlib.suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            if content is not None:
                return tuple(read_event(bytes(line)) for line in _decode(content))
        return None

    async def put(self, name: bytes, record: _Record) -> None:
        """Keep a record."""
        lines = [{key: _as_json(value) for key, value in event.items()} for event in record]
        await self._store.put(name, _encode(lines))

    def close(self) -> None:
        """See `KeptBytes.close`."""
        self._store.close()


def _as_json(value: Any) -> Any:
    return msgspec.Raw(value.text) if isinstance(value, Large) else value
