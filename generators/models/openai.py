"""Any server that speaks OpenAI's protocol: vLLM, SGLang, `transformers serve`, hosted ones.

OpenAI's own client carries the requests. Prompts go to ``/completions``, messages to
``/chat/completions``. Invariants:

- An answer has exactly n completions. What a server leaves out is asked for again, with seeds of
  their own so that the texts differ; how many it gives at once is remembered, and from then on that
  many are asked for at a time, side by side. What it gives beyond n is dropped.
- A request ends: each HTTP request has a time limit, and tries are repeated only for as long as
  `patience_s`. A caller that is cancelled closes its connection, by which vLLM stops generating.
- How many requests are under way follows what the server takes (`pressure.py`).

Not promised: that a server's seed means what it says. With other requests in its batch, the same
seed may give another text. Nor that it samples: `transformers serve` (5.19) does so only where the
model's generation config says ``do_sample``, whatever the temperature; give it
``extra_body = {generation_config = '{"do_sample": true}'}``.
"""

import asyncio
import hashlib
import os
import random
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx2
import msgspec
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    Omit,
)

from veristone import ConfigError, Generation, GenerationRequest, ModelUnavailable, RequestRefused
from veristone.generators.models.answers import (
    Answer,
    ServedModel,
    fault,
    read_answer,
    read_models,
    said,
)
from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.pressure import Again, BadAnswer, Gate, Pressure
from veristone.generators.models.retry import ask
from veristone.text import line

__all__ = ["OpenAIModel", "Piece", "pieces"]

_LIST = "the list of models"
_NO_LIST = frozenset({404, 405, 500, 501})
"""What servers without such a list answer. `transformers serve` lists what is in the hub's cache,
and fails with 500 where there is no cache."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_KEPT_S = 3.0
"""How long an idle connection is kept: less than the 5 s after which vLLM's server, uvicorn, closes
it, since a request sent at that moment is lost."""
_MOST_CHOICES = 16384
"""vLLM's own limit (`VLLM_MAX_N_SEQUENCES`)."""
_VLLM = "vllm"
"""Owner of every model in the list of a vLLM server."""
_VLLM_NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Where a request leaves these out, vLLM takes them from the model's `generation_config.json`, and
the texts come from another distribution than was asked for."""

T = TypeVar("T")


class Piece(NamedTuple):
    """A part of a request's completions: `n` of them from `first` on, drawn with `seed`."""

    first: int
    n: int
    seed: int | None


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
        self._most_choices = _MOST_CHOICES
        self._parameters: dict[str, str] = dict(config.parameters)
        self._key = ""
        self._client: AsyncOpenAI | None = None
        self._gate: Gate | None = None

    @property
    def name(self) -> str:
        """The model's name on the server; known once the model is open."""
        return self._name

    async def __aenter__(self) -> Self:
        """Make contact and find out which model is served.

        Raises:
            ConfigError: the key, the address or the model is wrong, or there are several models.
            ModelUnavailable: nobody answers.
        """
        if self._gate is not None:
            raise ConfigError("a model is opened once")
        self._key = _key(self._config.api_key_env)
        self._client = _client(self._config, self._key)
        self._gate = Gate(Pressure(self._config.max_in_flight, self._config.patience_s))
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
        if self._gate is not None and self._client is not None:
            self._gate.close()
            await self._client.close()

    async def generate(self, request: GenerationRequest) -> Generation:
        """Answer one request.

        Raises:
            RequestRefused: the server said that it cannot be answered, or nothing could.
            ModelUnavailable: no answer within the patience.
            ConfigError: the server knows no such model, or refuses the key.
        """
        request.validate()
        # Without randomness all n are one, and vLLM refuses to be asked for more.
        copies = request.n if request.temperature <= 0 else 1
        answers = await self._completions(request, 0, request.n // copies)
        return Generation(
            id=request.id,
            completions=tuple(one for answer in answers for one in answer.completions) * copies,
            model=self._name,
            prompt_tokens=sum(answer.prompt_tokens for answer in answers),
            completion_tokens=sum(answer.completion_tokens for answer in answers) * copies,
        )

    async def _completions(self, request: GenerationRequest, first: int, end: int) -> list[Answer]:
        """Return answers that hold completions `first` to `end` of a request, in order."""
        plan = pieces(request.seed, first, end, self._most_choices)
        if len(plan) > 1:
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(self._completions(request, one.first, one.first + one.n))
                        for one in plan
                    ]
            except ExceptionGroup as errors:  # the first ended the others
                raise errors.exceptions[0] from errors
            return [answer for task in tasks for answer in task.result()]
        (piece,) = plan
        try:
            answer = await self._ask(request, piece)
        except RequestRefused:
            if piece.n == 1:
                raise
            # Some servers refuse to be asked for several at once.
            answer = await self._ask(request, piece._replace(n=1))
        got = len(answer.completions)
        if got >= piece.n:
            return [answer._replace(completions=answer.completions[: piece.n])]
        self._most_choices = min(self._most_choices, got)
        return [answer, *await self._completions(request, first + got, end)]

    async def _ask(self, request: GenerationRequest, piece: Piece) -> Answer:
        what = f"request {request.id}"
        path = "/chat/completions" if request.messages else "/completions"
        body = self._body(request, piece)

        async def once() -> Answer:
            return read_answer(await self._send(path, what, body), request)

        try:
            return await self._patiently(once, what, self._config.patience_s)
        except RequestRefused as refusal:
            # Newer models of OpenAI's take the limit under another name only, and say so.
            if "max_completion_tokens" not in str(refusal) or "max_tokens" not in body:
                raise
            self._parameters["max_tokens"] = "max_completion_tokens"
            return await self._ask(request, piece)

    def _body(self, request: GenerationRequest, piece: Piece) -> dict[str, Any]:
        """Return what asks for a piece of a request.

        What is at its neutral value is left out, as not every server knows every field; except
        `temperature` and `top_p`, for which servers put the model's own defaults.
        """
        body: dict[str, Any] = {
            "model": self._name,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
        }
        if request.messages:
            body["messages"] = msgspec.to_builtins(request.messages)
        else:
            body["prompt"] = request.prompt
        if piece.n > 1:
            body["n"] = piece.n
        if piece.seed is not None:
            body["seed"] = piece.seed
        if request.stop:
            body["stop"] = list(request.stop)
        if request.logprobs and request.messages:
            body |= {"logprobs": True, "top_logprobs": request.logprobs}
        elif request.logprobs:
            body["logprobs"] = request.logprobs
        named = {self._parameters.get(name, name): value for name, value in body.items()}
        return {**self._extra, **{name: value for name, value in named.items() if name}}

    async def _meet(self) -> None:
        """Find out which model the server has, and whether it is vLLM."""

        async def once() -> list[ServedModel]:
            try:
                return read_models(await self._send("/models", _LIST))
            except BadAnswer:
                if self._name:
                    return []
                raise

        models = await self._patiently(once, _LIST, self._config.open_patience_s)
        self._name = self._name or self._only(models)
        if any(model.owned_by == _VLLM for model in models if model.id == self._name):
            self._extra = {**_VLLM_NEUTRAL, **self._extra}

    def _only(self, models: list[ServedModel]) -> str:
        names = sorted({model.id for model in models})
        if len(names) != 1 or not names[0]:
            raise ConfigError(
                f"{self._config.base_url} has {len(names)} models: set `model` to one of them, "
                "or write #NAME behind the address "
                f"({line(', '.join(names[:10])) or 'it lists none'})"
            )
        return names[0]

    async def _patiently(
        self, once: Callable[[], Coroutine[Any, Any, T]], what: str, patience_s: float
    ) -> T:
        if self._gate is None or self._gate.closed:
            raise ModelUnavailable("the model is not open")
        what = f"{what} from {self._config.base_url}"
        return await ask(once, self._gate, what, patience_s, self._jitter)

    async def _send(self, path: str, what: str, body: dict[str, Any] | None = None) -> bytes:
        """Return the body of an answer with status 200; without a `body` it is a GET.

        Raises:
            Again, RequestRefused, ConfigError: there is none.
        """
        assert self._client is not None, "open"
        timeout_s = self._config.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                send = self._client.get if body is None else partial(self._client.post, body=body)
                options: Any = {} if self._key else {"headers": {"Authorization": Omit()}}
                return (await send(path, cast_to=httpx2.Response, options=options)).content
        except APIStatusError as error:
            status = error.status_code
            if body is None and self._name and status in _NO_LIST:
                raise BadAnswer(f"no list: {status}") from error
            words = said(error.body)
            words = words.replace(self._key, "***") if self._key else words
            retry_after = error.response.headers.get("retry-after", "")
            raise fault(status, retry_after, words, what=what) from error
        except (APIConnectionError, TimeoutError) as error:
            cause = error.__cause__
            if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
                raise Again(
                    f"no connection: {cause} (does a server run there, at this port?)"
                ) from error
            if isinstance(error, APITimeoutError | TimeoutError):
                raise Again(f"no answer in {timeout_s:g} s", overloaded=True) from error
            raise Again(f"the connection broke: {cause}") from error
        except (ValueError, RecursionError) as error:
            # JSON holds neither half a surrogate pair nor a number that is none.
            raise RequestRefused(f"{what}: it cannot be sent: {error}") from error


def pieces(seed: int | None, first: int, end: int, most: int) -> list[Piece]:
    """Return how completions `first` to `end` are asked for, with at most `most` in one go.

    Where a piece begins decides its seed, so that the same request asks for the same pieces
    whenever the server's limit became known. Mixed, not added: with neighbouring seeds for
    neighbouring requests sums would meet. 31 bits, for servers that hold a seed in 32.
    """
    found: list[Piece] = []
    for index in range(first, end, most):
        own = seed
        if seed is not None and index > 0:
            digest = hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=4).digest()
            own = int.from_bytes(digest) >> 1
        found.append(Piece(index, min(most, end - index), own))
    return found


def _client(config: OpenAIConfig, key: str) -> AsyncOpenAI:
    try:
        http = DefaultAsyncHttpxClient(
            # A proxy of the environment is for other hosts than this one.
            trust_env=urlsplit(config.base_url).hostname not in _HERE,
            timeout=httpx2.Timeout(config.timeout_s, connect=config.connect_timeout_s),
            limits=httpx2.Limits(keepalive_expiry=_KEPT_S),
        )
    except (ImportError, ValueError, OSError) as error:
        raise ConfigError(f"HTTP client (proxies, certificates): {error}") from error
    return AsyncOpenAI(
        api_key=key or "none",
        base_url=config.base_url,
        max_retries=0,
        # What the environment says for OpenAI's own service is no other server's business.
        default_headers=cast(Any, {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}),
        http_client=http,
    )


def _key(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"the environment variable {variable} (api_key_env) is not set")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"what {variable} (api_key_env) holds is no key: it has odd characters")
    return key
