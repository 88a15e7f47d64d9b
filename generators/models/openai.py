"""Any server that speaks OpenAI's protocol: vLLM, SGLang, `transformers serve`, hosted ones.

Prompts go to ``/completions``, messages to ``/chat/completions``. Invariants:

- An answer has exactly n completions. What a server leaves out is asked for again, with seeds of
  their own so that the texts differ; how many it gives at once is remembered, and from then on that
  many are asked for at a time, side by side. What it gives beyond n is dropped.
- A request ends: each HTTP request has a time limit, and tries are repeated only for as long as
  `patience_s`. A caller that is cancelled closes its connection, by which vLLM stops generating.
- How many requests are under way follows what the server takes (`generators.models.pressure`).

Not promised: that a server's seed means what it says. With other requests in its batch, the same
seed may give another text. Nor that it samples: `transformers serve` (5.19) does so only where the
model's generation config says ``do_sample``, whatever the temperature; give it
``extra_body = {generation_config = '{"do_sample": true}'}``.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from veristone import (
    ConfigError,
    Generation,
    GenerationRequest,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.patience import Asker
from veristone.generators.models.pressure import Gate, Pressure
from veristone.generators.models.transport import Reply, Transport
from veristone.generators.models.wire import body, vllm
from veristone.generators.models.wire.answers import (
    Answer,
    BadAnswer,
    ServedModel,
    read_answer,
    read_models,
)
from veristone.generators.models.wire.faults import about_choices, fault

__all__ = ["OpenAIModel"]

_LIST = "the list of models"
_NO_LIST = frozenset({404, 405, 500, 501})
"""What servers without such a list answer. `transformers serve` lists what is in the hub's cache,
and fails with 500 where there is no cache."""
_NAMES_SHOWN = 10
_LONGEST_NAME = 512

T = TypeVar("T")


class OpenAIModel:
    """A model behind HTTP. An asynchronous context manager; used inside one event loop."""

    def __init__(
        self, config: OpenAIConfig, *, jitter: Callable[[], float] = random.random
    ) -> None:
        """Take the settings; `jitter` draws from 0 to 1 for the delays between tries."""
        self._config = config
        self._jitter = jitter
        self._name = config.model
        self._extra: dict[str, Any] = dict(config.extra_body)
        self._vllm = False
        self._most_choices = body.MOST_CHOICES
        self._opened: _Opened | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """The model's name on the server; known once the model is open."""
        return self._name

    @property
    def pressure(self) -> Pressure:
        """How many requests may be under way now, for those who watch.

        Raises:
            ModelUnavailable: the model is not open.
        """
        return self._open().gate.pressure

    async def __aenter__(self) -> Self:
        """Make contact and find out which model is served.

        Raises:
            ConfigError: the key, the address or the model is wrong, or there are several models.
            ModelUnavailable: nobody answers.
        """
        if self._opened is not None:
            raise ConfigError("a model is opened once")
        config = self._config
        gate = Gate(Pressure(config.max_in_flight, config.patience_s))
        asker = Asker(config.base_url, gate, self._jitter)
        self._opened = _Opened(Transport(config), gate, asker)
        try:
            await self._meet()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; requests under way fail. May be called twice."""
        if self._closed or self._opened is None:
            return
        self._closed = True
        self._opened.gate.close()
        await self._opened.transport.close()

    async def generate(self, request: GenerationRequest) -> Generation:
        """Answer one request.

        Raises:
            RequestRefused: the server said that it cannot be answered, or nothing could.
            ModelUnavailable: no answer within the patience.
            ConfigError: the server knows no such model, or refuses the key.
        """
        body.check(request)
        answers = await self._completions(request, 0, request.n)
        return Generation(
            id=request.id,
            completions=tuple(one for answer in answers for one in answer.completions),
            model=self._name,
            prompt_tokens=sum(answer.prompt_tokens for answer in answers),
            completion_tokens=sum(answer.completion_tokens for answer in answers),
        )

    async def _completions(self, request: GenerationRequest, first: int, end: int) -> list[Answer]:
        """Return answers that hold completions `first` to `end` of a request, in order."""
        most = self._most_choices
        if self._vllm:
            most = min(most, vllm.most_choices(request.temperature) or most)
        plan = body.pieces(request, first, end, most)
        if len(plan) > 1:
            jobs = (self._completions(request, part.first, part.first + part.n) for part in plan)
            return [answer for answers in await _together(jobs) for answer in answers]
        (piece,) = plan
        answer = await self._choices(request, piece)
        got = len(answer.completions)
        if got >= piece.n:
            return [replace(answer, completions=answer.completions[: piece.n])]
        self._most_choices = min(self._most_choices, got)
        return [answer, *await self._completions(request, first + got, end)]

    async def _choices(self, request: GenerationRequest, piece: body.Piece) -> Answer:
        """Return what the server gives for a piece; one choice, if it refuses to give several."""
        try:
            return await self._ask(request, piece)
        except RequestRefused as refusal:
            if piece.n == 1 or not about_choices(str(refusal)):
                raise
            return await self._ask(request, replace(piece, n=1))

    async def _ask(self, request: GenerationRequest, piece: body.Piece) -> Answer:
        path = body.endpoint(request)
        data = body.encode(request, piece, self._name, self._extra)
        opened = self._open()

        async def once() -> Answer:
            reply = await opened.transport.post(path, data)
            return read_answer(_good(reply, f"request {request.id}"), request)

        what = f"request {request.id}"
        return await opened.asker.ask(once, what, self._config.patience_s)

    async def _meet(self) -> None:
        """Find out which model the server has, and whether it is vLLM."""
        opened = self._open()

        async def once() -> list[ServedModel]:
            reply = await opened.transport.get("/models")
            if self._name and reply.status in _NO_LIST:
                return []
            try:
                return read_models(_good(reply, _LIST))
            except BadAnswer:
                if self._name:
                    return []
                raise

        models = await opened.asker.ask(once, _LIST, self._config.open_patience_s)
        if not self._name:
            self._name = self._only(models)
        if any(model.owner == vllm.OWNER for model in models if model.name == self._name):
            self._vllm = True
            self._extra = {**vllm.NEUTRAL, **self._extra}

    def _only(self, models: list[ServedModel]) -> str:
        names = sorted({model.name for model in models})
        if len(names) != 1:
            shown = ", ".join(name[:80] for name in names[:_NAMES_SHOWN])
            raise ConfigError(
                f"{self._config.base_url} has {len(names)} models: set `model` to one of "
                f"them ({shown or 'it lists none'})"
            )
        (name,) = names
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ConfigError(f"{self._config.base_url} lists no proper name: set `model`")
        return name

    def _open(self) -> "_Opened":
        if self._opened is None or self._closed:
            raise ModelUnavailable("the model is not open")
        return self._opened


@dataclass(frozen=True, slots=True)
class _Opened:
    transport: Transport
    gate: Gate
    asker: Asker


def _good(reply: Reply, what: str) -> bytes:
    """Return the body of an answer.

    Raises:
        Again, RequestRefused, ConfigError: it is an error.
    """
    if reply.status == 200:
        return reply.body
    raise fault(reply.status, reply.headers, reply.body, what=what, now_s=time.time())


async def _together(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results of all jobs, in order; the first error ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return [task.result() for task in tasks]
