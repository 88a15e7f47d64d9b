"""Records in the order of their ids, however many there are.

SQLite sorts: a table in a temporary file, read by its index.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

__all__ = ["Sorter"]

_TABLES = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -65536",
    "CREATE TABLE lines (file TEXT, id TEXT, rank INTEGER, number INTEGER, line BLOB,"
    " PRIMARY KEY (file, id, rank, number, line)) WITHOUT ROWID",
    "CREATE TABLE first (digest BLOB PRIMARY KEY, id TEXT) WITHOUT ROWID",
    "CREATE TABLE owners (id TEXT PRIMARY KEY, digest BLOB) WITHOUT ROWID",
    "BEGIN",
)


class Sorter:
    """Sorts the lines of several files, and finds equal instructions.

    The file at `path` is its own, and is gone at the end; what a killed process left is removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        for statement in _TABLES:
            self._db.execute(statement)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close and remove the file."""
        self._db.close()
        self._path.unlink()

    def add(self, file: str, key: str, line: bytes, rank: int = 0, number: int = 0) -> None:
        """Add a line; lines of one key are in the order of their ranks, then numbers."""
        self._db.execute(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (file, key, rank, number, line),
        )

    def lines(self, file: str) -> Iterator[bytes]:
        """Yield the lines of a file in order (by code points of the key)."""
        rows = self._db.execute(
            "SELECT line FROM lines WHERE file = ? ORDER BY id, rank, number, line", (file,)
        )
        return (row[0] for row in rows)

    def claim(self, digest: bytes, owner: str) -> None:
        """Note that a record has the instruction with this digest."""
        self._db.execute(
            "INSERT INTO first VALUES (?, ?) ON CONFLICT DO UPDATE SET id = min(id, excluded.id)",
            (digest, owner),
        )
        self._db.execute("INSERT INTO owners VALUES (?, ?) ON CONFLICT DO NOTHING", (owner, digest))

    def rival(self, key: str) -> str | None:
        """Return the record that has the same instruction and a smaller id, or None.

        For a record that was made of one that claimed (its id goes on after that one's) the rival
        is that one's. All claims have to be made before.
        """
        end = len(key)
        while end > 0:
            row: tuple[str] | None = self._db.execute(
                "SELECT first.id FROM owners JOIN first USING (digest)"
                " WHERE owners.id = ? AND first.id != owners.id",
                (key[:end],),
            ).fetchone()
            if row is not None:
                return row[0]
            end = key.rfind("/", 0, end)
        return None
