"""Recorded generations instead of a model: real outputs, at the speed of the disk.

A request is answered by the line that has its id; where no line has, by the line that has its
prompt or messages. Where an id stands twice, the later line counts: a run that was killed between
recording an answer and storing it asks again, and goes on with what it is told then. Lines without
ids must differ in their prompts, and a prompt that was recorded under several ids is found by none
of them. A line that has the right id and another prompt is refused: it answers another question.

Sampling settings of the request are not compared, but its stop strings end recorded texts too.
"""

import asyncio
import sqlite3
from pathlib import Path
from typing import Self

from veristone import (
    ConfigError,
    DatasetError,
    Generation,
    GenerationRequest,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import ReplayConfig
from veristone.generators.models.recorded import Line, Table, open_recording, question
from veristone.generators.models.stops import cut

__all__ = ["ReplayModel"]


class ReplayModel:
    """A model that says what was recorded. An asynchronous context manager, used once."""

    def __init__(self, config: ReplayConfig) -> None:
        self.name = config.model
        """The model that was recorded; known once this one is open."""
        self._path = Path(config.path)
        self._table: Table | None = None
        self._used = False

    async def __aenter__(self) -> Self:
        """Open the recording; lines of JSON are copied into a table.

        Raises:
            DatasetError: the file cannot be read; the message names the line.
        """
        if self._used:
            raise ConfigError("a model is opened once")
        self._used = True
        try:
            self._table, lines = open_recording(self._path)
            # In pieces, so that whoever is cancelled need not wait for all of them.
            while await asyncio.to_thread(self._table.fill, lines, self._path.name):
                pass
            if not len(self._table):
                raise DatasetError(f"{self._path}: there is no recording in it")
            self.name = self.name or self._table.model() or f"replay:{self._path.name}"
        except BaseException as error:
            await self.close()
            if isinstance(error, sqlite3.Error):
                raise DatasetError(f"{self._path}: no recording: {error}") from error
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file. May be called twice."""
        table, self._table = self._table, None
        if table is not None:
            table.close()

    def __len__(self) -> int:
        """How many generations are recorded; 0 unless the model is open."""
        return 0 if self._table is None else len(self._table)

    async def generate(self, request: GenerationRequest) -> Generation:
        """Return what was recorded for a request.

        Raises:
            RequestRefused: nothing was, or too little.
        """
        request.validate()
        if self._table is None:
            raise ModelUnavailable("the model is not open")
        line = self._found(self._table, request)
        if len(line.texts) < request.n:
            raise RequestRefused(
                f"request {request.id}: {request.n} completions are asked for, and "
                f"{len(line.texts)} are recorded"
            )
        generation = line.generation(request, self.name)
        if request.logprobs and any(
            one.text and not one.logprobs for one in generation.completions
        ):
            raise RequestRefused(f"request {request.id}: no log-probabilities are recorded")
        return cut(generation, request.stop)

    def _found(self, table: Table, request: GenerationRequest) -> Line:
        key = question(request.prompt, request.messages)
        line = table.by_id(request.id)
        if line is None:
            lines = table.by_question(key)
            if len(lines) == 1:
                return lines[0]
            why = "neither its id nor its prompt is recorded in " + self._path.name
            if lines:
                why = "its prompt is recorded under several other ids"
            raise RequestRefused(f"request {request.id}: {why}")
        if question(line.prompt, line.messages) not in (b"", key):
            raise RequestRefused(
                f"request {request.id}: it is recorded with another prompt (to have it found by its"
                " id alone, leave the prompt out of the line)"
            )
        return line
