"""What is remembered of kept seeds: a SQLite file in the step's folder, one transaction a part.

Killed at any moment, the file holds whole parts. A part that comes again takes away what was
remembered of it and of later ones. Nothing here guards against two processes in one folder.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from veristone import ConfigError

__all__ = ["Kept", "KeptSeed"]

_FILE = "kept.sqlite"
_TABLES = """
CREATE TABLE parts (number INTEGER PRIMARY KEY, settings TEXT NOT NULL);
CREATE TABLE kept (row INTEGER PRIMARY KEY, part INTEGER, id TEXT, digest BLOB UNIQUE, sketch BLOB)
"""


class KeptSeed(NamedTuple):
    """A kept seed's id, and what its step knows of it."""

    id: str
    sketch: bytes


class Kept:
    """The kept seeds of all parts before `number`, in order; a context that ends with the part.

    Raises:
        ConfigError: part `number` cannot follow upon what the folder holds, or other settings made
            it. The first part can always follow: it begins anew.
    """

    def __init__(self, folder: Path, settings: str, number: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._number = number
        self._settings = settings
        self._path = folder / _FILE
        if number == 0:
            self._path.unlink(missing_ok=True)
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.execute("PRAGMA synchronous = FULL")

    def __enter__(self) -> Self:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._go_back()
        except BaseException:
            self._db.close()
            raise
        return self

    def _go_back(self) -> None:
        db, number = self._db, self._number
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            for table in _TABLES.split(";"):
                db.execute(table)
        db.execute("DELETE FROM parts WHERE number >= ?", (number,))
        db.execute("DELETE FROM kept WHERE part >= ?", (number,))
        before = db.execute("SELECT settings FROM parts WHERE number = ?", (number - 1,)).fetchone()
        if number and before is None:
            raise ConfigError(
                f"{self._path}: part {number} came, but not the one before: use --redo"
            )
        if before is not None and before[0] != self._settings:
            raise ConfigError(f"{self._path} was made with other settings: use --redo")
        db.execute("INSERT INTO parts VALUES (?, ?)", (number, self._settings))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.closing(self._db):
            self._db.execute("COMMIT" if error is None else "ROLLBACK")

    def find(self, digest: bytes) -> str | None:
        """Return the id of the seed with this digest."""
        row = self._db.execute("SELECT id FROM kept WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else row[0]

    def add(self, seed_id: str, *, digest: bytes | None = None, sketch: bytes = b"") -> None:
        """Remember a seed of this part."""
        self._db.execute(
            "INSERT INTO kept (part, id, digest, sketch) VALUES (?, ?, ?, ?)",
            (self._number, seed_id, digest, sketch),
        )

    def seeds(self) -> Iterator[KeptSeed]:
        """Yield the kept seeds in order."""
        for row in self._db.execute("SELECT id, sketch FROM kept ORDER BY row"):
            yield KeptSeed(*row)
