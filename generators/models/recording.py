"""A model that writes down what it says, and one that says what was written down.

A run is replayed byte for byte. Every generation is in the file (one SQLite table, `recorded.py`)
before it is returned: a kill of the process loses nothing that was returned; after a crash of the
machine the last moments may be missing. Several processes may write one file.

A request is answered by the line that has its id; where no line has, by the line that has its
prompt or messages. Of two lines with one id the later counts: a run that was killed between
recording an answer and storing it asks again, and goes on with what it is told then. A prompt that
was recorded under several ids is found by none of them. A line that has the right id and another
prompt is refused: it answers another question. Sampling settings of the request are not compared,
but its stop strings end recorded texts too.
"""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Self

import msgspec

from veristone import (
    ConfigError,
    DatasetError,
    Generation,
    GenerationRequest,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import ReplayConfig
from veristone.generators.models.recorded import Table, open_recording, write_line
from veristone.generators.models.stops import cut

__all__ = ["RecordingModel", "ReplayModel"]


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
        """Close the file."""
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


class ReplayModel:
    """A model that says what was recorded, at the speed of the disk."""

    def __init__(self, config: ReplayConfig) -> None:
        self.name = config.model
        """The model that was recorded; known once this one is open."""
        self._path = Path(config.path)
        self._table: Table | None = None

    async def __aenter__(self) -> Self:
        """Open the recording; lines of JSON are copied into a table.

        Raises:
            DatasetError: the file cannot be read; the message names the line.
        """
        try:
            self._table, lines = open_recording(self._path)
            # In pieces, so that whoever is cancelled need not wait for all of them.
            while await asyncio.to_thread(self._table.fill, lines, self._path.name):
                pass
            first = self._table.first()
            if first is None:
                raise DatasetError(f"{self._path}: there is no recording in it")
            self.name = self.name or first.model or f"replay:{self._path.name}"
        except BaseException as error:
            await self.__aexit__()
            if isinstance(error, sqlite3.Error):
                raise DatasetError(f"{self._path}: no recording: {error}") from error
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the file."""
        table, self._table = self._table, None
        if table is not None:
            table.close()

    async def generate(self, request: GenerationRequest) -> Generation:
        """Return what was recorded for a request.

        Raises:
            RequestRefused: nothing was, or too little.
        """
        request.validate()
        if self._table is None:
            raise ModelUnavailable("the model is not open")
        line = self._table.find(request)
        if len(line.texts) < request.n:
            raise RequestRefused(
                f"request {request.id}: {request.n} completions are asked for, and "
                f"{len(line.texts)} are recorded"
            )
        generation = line.generation(request, self.name)
        found = generation.completions
        if request.logprobs and any(one.text and not one.logprobs for one in found):
            raise RequestRefused(f"request {request.id}: no log-probabilities are recorded")
        return msgspec.structs.replace(
            generation, completions=tuple(cut(one, request.stop) for one in found)
        )
