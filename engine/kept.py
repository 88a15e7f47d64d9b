"""Outcomes of references on disk, so that a benchmark's are worked out once and not in each run.

A record is found by what it depends on: the reference, its calls, its limits, and the sandbox's
own files and interpreter. Nothing is ever wrong for being old; what is not asked for is dropped
when the file grows too large. A store that cannot be read or written is none: the reference runs.
"""

import asyncio
import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["KeptRecords", "cache_folder"]

_Record = tuple[dict[str, Any], ...]
_MOST_BYTES = 1 << 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (name BLOB PRIMARY KEY, record BLOB NOT NULL, used REAL NOT NULL)
"""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode
_FAULTS = (OSError, sqlite3.Error, zlib.error, msgspec.MsgspecError, RecursionError)


def cache_folder() -> Path:
    """Return the folder of this user in which programs keep what they can make again."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / "veristone"


class KeptRecords:
    """Records by name, in a file of a folder. Several processes may use it at one time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "references.sqlite"

    async def get(self, name: bytes) -> _Record | None:
        """Return a record, or None where there is none."""
        return await asyncio.to_thread(self._get, name)

    async def put(self, name: bytes, record: _Record) -> None:
        """Keep a record."""
        await asyncio.to_thread(self._put, name, record)

    def _get(self, name: bytes) -> _Record | None:
        with contextlib.suppress(*_FAULTS), self._open() as store:
            row = store.execute("SELECT record FROM records WHERE name = ?", (name,)).fetchone()
            if row is not None:
                store.execute("UPDATE records SET used = ? WHERE name = ?", (time.time(), name))
                return tuple(_decode(zlib.decompress(row[0])))
        return None

    def _put(self, name: bytes, record: _Record) -> None:
        with contextlib.suppress(*_FAULTS):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            content = zlib.compress(_encode(record), 1)
            with self._open() as store:
                store.execute(
                    "INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (name, content, time.time())
                )
                _shrink(store)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._path, timeout=5.0)) as store, store:
            store.execute(_SCHEMA)
            yield store


def _shrink(store: sqlite3.Connection) -> None:
    """Drop what was used longest ago until the rest has room."""
    rows = store.execute("SELECT name, length(record) FROM records ORDER BY used DESC").fetchall()
    total = 0
    for name, size in rows:
        total += size
        if total > _MOST_BYTES:
            store.execute("DELETE FROM records WHERE name = ?", (name,))
