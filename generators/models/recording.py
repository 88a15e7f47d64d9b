"""A model that writes down what it says, so that a run can be replayed byte for byte.

Every generation is in the file (one SQLite table, `recorded.py`) before it is returned: a kill of
the process loses nothing that was returned; after a crash of the machine the last moments may be
missing. Several processes may write one file.
"""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Self

from veristone import ConfigError, Generation, GenerationRequest, Model, RequestRefused
from veristone.generators.models.recorded import Table, write_line

__all__ = ["RecordingModel"]


class RecordingModel:
    """Wraps an open model, and opens the file; the model is left to whoever opened it."""

    def __init__(self, model: Model, path: str | os.PathLike[str]) -> None:
        self.name = model.name
        self._model = model
        self._path = Path(path)
        self._table: Table | None = None

    async def __aenter__(self) -> Self:
        """Open the file, or make it; what is in it stays.

        Raises:
            ConfigError: it cannot be written, or is no recording.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and not self._path.is_file():
                raise ConfigError(f"{self._path}: it is no regular file")
            self._table = await asyncio.to_thread(Table, str(self._path))
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{self._path}: cannot be a recording: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file. May be called twice."""
        table, self._table = self._table, None
        if table is not None:
            await asyncio.to_thread(table.close)

    async def generate(self, request: GenerationRequest) -> Generation:
        """Return what the model says, recorded.

        Raises:
            RequestRefused, ModelUnavailable: as the model below; the first also if a text cannot be
                written as UTF-8.
            ConfigError: the disk is full, or the file is not open.
        """
        if self._table is None:
            raise ConfigError(f"{self._path}: the recording is not open")
        generation = await self._model.generate(request)
        try:
            line = write_line(request, generation)
            await asyncio.to_thread(self._table.add, request, line)
        except UnicodeEncodeError as error:
            raise RequestRefused(f"request {request.id}: it cannot be recorded: {error}") from error
        except sqlite3.Error as error:
            raise ConfigError(f"{self._path}: {error}") from error
        return generation
