"""Recorded generations instead of a model: real outputs, at the speed of the disk.

A request is answered by the line that has its id; where no line has, by the line that has its
prompt or messages. Where an id stands twice, the later line counts: a run that was killed between
recording an answer and storing it asks again, and goes on with what it is told then. Lines without
ids must differ in their prompts, and a prompt that was recorded under several ids is found by none
of them. A line that has the right id and another prompt is refused: it answers another question.

Sampling settings of the request are not compared, but its stop strings end recorded texts too.
Memory is bounded by the number of lines (32 bytes each), not by their length; each answer is read
from the file when it is asked for, on the event loop, as it takes microseconds. The file may grow
meanwhile, but must not be changed.
"""

import asyncio
import threading
from typing import Self

from veristone import ConfigError, Generation, GenerationRequest, ModelUnavailable, RequestRefused
from veristone.generators.models.config import ReplayConfig
from veristone.generators.models.recorded import Line, id_key, prompt_key
from veristone.generators.models.recorded_index import Index, read_index
from veristone.generators.models.stops import cut

__all__ = ["ReplayModel"]


class ReplayModel:
    """A model that says what was recorded. An asynchronous context manager."""

    def __init__(self, config: ReplayConfig) -> None:
        self._config = config
        self._index: Index | None = None
        self._used = False
        self._name = config.model

    @property
    def name(self) -> str:
        """The model that was recorded; known once this one is open."""
        return self._name

    async def __aenter__(self) -> Self:
        """Read where every recording lies, in a thread.

        Raises:
            DatasetError: the file cannot be read; the message names the line.
        """
        if self._used:
            raise ConfigError("a model is opened once")
        self._used = True
        self._index = await _indexed(self._config.path)
        self._name = self._name or self._index.model or f"replay:{self._index.path}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file. May be called twice."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def __len__(self) -> int:
        """How many generations are recorded; 0 unless the model is open."""
        return 0 if self._index is None else len(self._index)

    async def generate(self, request: GenerationRequest) -> Generation:
        """Return what was recorded for a request.

        Raises:
            RequestRefused: nothing was, or too little.
            DatasetError: the file was changed since it was opened.
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
        index = self._index
        if index is None:
            raise ModelUnavailable("the model is not open")
        for offset in reversed(index.ids.find(id_key(request.id))):
            line = index.line(offset)
            if line.id != request.id:
                continue
            if not line.is_about(request):
                raise RequestRefused(
                    f"request {request.id}: it is recorded with another prompt (to have it found "
                    "by its id alone, leave the prompt out of the line)"
                )
            return line
        return self._by_prompt(index, request)

    def _by_prompt(self, index: Index, request: GenerationRequest) -> Line:
        key = prompt_key(request.prompt, request.messages)
        for table in (index.anonymous, index.prompts):
            found: Line | None = None
            for offset in reversed(table.find(key)):
                line = index.line(offset)
                if not line.is_about(request):
                    continue
                if found is not None and line.id != found.id:
                    raise RequestRefused(
                        f"request {request.id}: its prompt is recorded under several other ids"
                    )
                found = found or line
            if found is not None:
                return found
        raise RequestRefused(
            f"request {request.id}: neither its id nor its prompt is recorded in {index.path}"
        )


async def _indexed(path: str) -> Index:
    """Read a file's index in a thread, which stops when nobody waits for it any more."""
    stop = threading.Event()
    reading = asyncio.ensure_future(asyncio.to_thread(read_index, path, stop.is_set))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([reading])
        if reading.exception() is None:
            reading.result().close()
        raise
