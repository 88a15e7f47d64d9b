"""Judgements on disk, so that no question is asked twice: one SQLite table.

A judgement is found by model and prompt: a changed example, wording or seed is another question,
and a changed `minimum` is not. Each lasts as soon as `add` returns, whatever kills the process; a
crash of the machine may cost the last ones.
"""

import sqlite3
from pathlib import Path

import msgspec

from veristone import ConfigError
from veristone.generators.judge.records import Judgement

__all__ = ["FILE", "JudgementStore"]

FILE = "judgements.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS judgements (
    model TEXT NOT NULL, prompt TEXT NOT NULL, judgement TEXT NOT NULL, PRIMARY KEY (model, prompt)
) WITHOUT ROWID
"""


class JudgementStore:
    """The judgements of one model in a folder."""

    def __init__(self, folder: Path, model: str) -> None:
        """Open the table, or make it.

        Raises:
            ConfigError: it cannot be opened, or is no table of judgements.
        """
        self._model = model
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(folder / FILE, timeout=60, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{folder / FILE}: no table of judgements: {error}") from error

    def get(self, prompt: str) -> Judgement | None:
        """Return what was answered to a prompt, None if it was not asked yet."""
        query = "SELECT judgement FROM judgements WHERE model = ? AND prompt = ?"
        found = self._base.execute(query, (self._model, prompt)).fetchone()
        return None if found is None else msgspec.json.decode(found[0], type=Judgement)

    def add(self, prompt: str, judgement: Judgement) -> None:
        """Write an answer down.

        Raises:
            OSError: the disk is full or the file cannot be written.
        """
        row = (self._model, prompt, msgspec.json.encode(judgement).decode())
        try:
            self._base.execute("INSERT OR IGNORE INTO judgements VALUES (?, ?, ?)", row)
        except sqlite3.Error as error:
            raise OSError(f"{FILE}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._base.close()
