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
from veristone.generators.models.recorded import Line, Table, is_table, open_lines, question
from veristone.generators.models.stops import cut

__all__ = ["ReplayModel"]

_LINES_AT_ONCE = 500


class ReplayModel:
    """A model that says what was recorded. An asynchronous context manager."""

    def __init__(self, config: ReplayConfig) -> None:
        self._path = Path(config.path)
        self._table: Table | None = None
        self._used = False
        self._name = config.model

    @property
    def name(self) -> str:
        """The model that was recorded; known once this one is open."""
        return self._name

    async def __aenter__(self) -> Self:
        """Open the recording; lines of JSON are copied, in threads.

        Raises:
            DatasetError: the file cannot be read; the message names the line.
        """
        if self._used:
            raise ConfigError("a model is opened once")
        self._used = True
        try:
            await self._load()
        except BaseException as error:
            await self.close()
            if isinstance(error, sqlite3.Error):
                raise DatasetError(f"{self._path}: no recording: {error}") from error
            raise
        return self

    async def _load(self) -> None:
        path = self._path
        if path.is_file() and is_table(path):
            self._table = await asyncio.to_thread(Table, str(path), new=False)
        else:
            self._table = Table()
            lines = open_lines(path)
            # In pieces, so that whoever is cancelled need not wait for all of them.
            while await asyncio.to_thread(self._table.fill, lines, _LINES_AT_ONCE, path.name):
                pass
        if not len(self._table):
            raise DatasetError(f"{path}: there is no recording in it")
        self._name = self._name or self._table.model() or f"replay:{path.name}"

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
        line = self._found(request)
        if len(line.texts) < request.n:
            raise RequestRefused(
                f"request {request.id}: {request.n} completions are asked for, and "
                f"{len(line.texts)} are recorded"
            )
        generation = line.generation(request, self._name)
        if request.logprobs and any(
            one.text and not one.logprobs for one in generation.completions
        ):
            raise RequestRefused(f"request {request.id}: no log-probabilities are recorded")
        return cut(generation, request.stop)

    def _found(self, request: GenerationRequest) -> Line:
        if self._table is None:
            raise ModelUnavailable("the model is not open")
        key = question(request.prompt, request.messages)
        line = self._table.by_id(request.id)
        if line is not None:
            if question(line.prompt, line.messages) not in (b"", key):
                raise RequestRefused(
                    f"request {request.id}: it is recorded with another prompt (to have it found "
                    "by its id alone, leave the prompt out of the line)"
                )
            return line
        lines = self._table.by_question(key)
        if len(lines) > 1:
            raise RequestRefused(
                f"request {request.id}: its prompt is recorded under several other ids"
            )
        if not lines:
            raise RequestRefused(
                f"request {request.id}: neither its id nor its prompt is recorded in "
                f"{self._path.name}"
            )
        return lines[0]
