"""Hugging Face transformers in this process, on a CPU or one GPU.

Requests that wait are gathered into batches of at most `batch_size` sequences, whatever their
sampling settings, and `generate` of transformers runs each batch to its end. Every sequence draws
its own random numbers (`sampling.py`), so that a request's texts, for a seed, do not depend on the
batch they ran in. Slow: a batch takes as long as its longest continuation. For a large model use
vLLM.

A batch that fails makes its requests raise `ModelUnavailable`, as do requests that are under way
when the model is closed. How many threads torch uses on a CPU is the environment's affair. For a
small model on a machine that does other things set ``OMP_NUM_THREADS=1``: on two busy cores two
threads were 25 times slower.
"""

import asyncio
import collections
import copy
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessor,
    StoppingCriteria,
)

from veristone import Completion, ConfigError, Generation, GenerationRequest, ModelUnavailable
from veristone.generators.models.config import TransformersConfig
from veristone.generators.models.local import sampling
from veristone.generators.models.local.prompts import encode, model_name, read_text, token_text
from veristone.generators.models.stops import cut, stop_at

__all__ = ["TransformersModel"]

_UNLIMITED = 10**9
"""Tokenizers without a limit of their own say a number far above this."""


class TransformersModel:
    """A causal language model of the transformers library; a context manager, used once."""

    def __init__(self, config: TransformersConfig) -> None:
        self._config = config
        self._name = model_name(config.model)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model {self._name}")
        self._engine: _Engine | None = None
        self._encoder: Any = None
        self._waiting: collections.deque[_Row] = collections.deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self._serving: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The name on the hub, or the last part of the folder's name."""
        return self._name

    async def __aenter__(self) -> Self:
        """Load the model, which may take minutes.

        Raises:
            ConfigError: there is no such model, or no such device.
        """
        if self._serving is not None or self._closed:
            raise ConfigError("a model is opened once")
        loop = asyncio.get_running_loop()
        try:
            engine = await loop.run_in_executor(self._thread, _load, self._config)
        except BaseException:
            await self.close()
            raise
        # A tokenizer is not for two threads at once.
        self._encoder = copy.deepcopy(engine.tokenizer)
        self._engine = engine
        self._serving = asyncio.create_task(self._serve(engine))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self.close())

    async def close(self) -> None:
        """End what is under way after its next token, and free the model."""
        self._closed = True
        self._arrived.set()
        if self._serving is not None:
            await self._serving
        self._engine = None
        self._thread.shutdown(wait=False, cancel_futures=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    async def generate(self, request: GenerationRequest) -> Generation:
        """See `veristone.Model`."""
        request.validate()
        if self._engine is None or self._closed:
            raise self._unavailable("the model is not open")
        context = self._engine.context
        prompt = encode(self._encoder, request, context)
        room = min(request.max_tokens, (context or _UNLIMITED) - len(prompt))
        # Without randomness all n are one.
        rows = [
            _Row(request, prompt, room, random.Random(_seed(request, index)))
            for index in range(1 if request.temperature <= 0 else request.n)
        ]
        self._waiting.extend(rows)
        self._arrived.set()
        completions = await asyncio.gather(*(row.done for row in rows))
        copies = request.n // len(rows)
        return Generation(
            id=request.id,
            completions=tuple(completions) * copies,
            model=self._name,
            prompt_tokens=len(prompt),
            completion_tokens=sum(len(row.tokens) for row in rows) * copies,
        )

    async def _serve(self, engine: "_Engine") -> None:
        loop = asyncio.get_running_loop()
        while not self._closed:
            await self._arrived.wait()
            if len(self._waiting) < self._config.batch_size:
                await asyncio.sleep(self._config.max_wait_s)
            batch: list[_Row] = []
            while self._waiting and len(batch) < self._config.batch_size:
                row = self._waiting.popleft()
                if not row.done.done():  # or else whoever waited was cancelled
                    batch.append(row)
            if not self._waiting and not self._closed:
                self._arrived.clear()
            if batch:
                await self._finish(
                    batch, loop.run_in_executor(self._thread, self._run, engine, batch)
                )
        for row in self._waiting:
            row.fail(self._unavailable("the model was closed"))

    async def _finish(self, batch: "list[_Row]", running: "asyncio.Future[None]") -> None:
        why = "the model was closed"
        try:
            await running
        except torch.OutOfMemoryError as error:
            size = self._config.batch_size
            why = f"out of memory; make batch_size smaller than {size} ({error})"
        except Exception as error:  # whatever the model's code raises is this batch's trouble
            why = f"generating failed: {type(error).__name__}: {error}"
        for row in batch:
            if row.completion is None:
                row.fail(self._unavailable(why))
            elif not row.done.done():
                row.done.set_result(row.completion)

    def _run(self, engine: "_Engine", batch: "list[_Row]") -> None:
        width = max(len(row.prompt) for row in batch)
        padded = [[engine.pad] * (width - len(row.prompt)) + list(row.prompt) for row in batch]
        mask = [[0] * (width - len(row.prompt)) + [1] * len(row.prompt) for row in batch]
        device = engine.model.device
        engine.model.generate(
            input_ids=torch.tensor(padded, device=device),
            attention_mask=torch.tensor(mask, device=device),
            max_new_tokens=max(row.room for row in batch),
            do_sample=False,  # `_Choose` leaves one token to choose
            logits_processor=[_Choose(batch, engine.tokenizer)],
            stopping_criteria=[_Ended(batch, engine, lambda: self._closed)],
        )

    def _unavailable(self, why: str) -> ModelUnavailable:
        return ModelUnavailable(f"{self._name}: {why}")


@dataclass(frozen=True, slots=True)
class _Engine:
    model: Any
    tokenizer: Any
    ends: frozenset[int]
    """Tokens that end a text."""
    pad: int
    context: int | None
    """Most tokens of prompt and continuation together, where the model says so."""


@dataclass(eq=False, slots=True)
class _Row:
    """One continuation while it grows. `done` is the event loop's, the rest the thread's."""

    request: GenerationRequest
    prompt: Sequence[int]
    room: int
    """Most tokens that it may have: what was asked for, or what the context has room for."""
    rng: random.Random
    tokens: list[int] = field(default_factory=list[int])
    logprobs: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    completion: Completion | None = None
    """None: it still grows."""
    done: "asyncio.Future[Completion]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def add(self, token: int, tokenizer: Any, ends: frozenset[int]) -> None:
        """Take the next token, and see whether it was the last: one of `ends` is."""
        self.tokens.append(token)
        ended = token in ends
        last = ended or len(self.tokens) >= self.room
        if not last and not self._may_stop(tokenizer):
            return
        text = read_text(tokenizer, self.prompt, self.tokens[: -1 if ended else None])
        if last or stop_at(text, self.request.stop) is not None:
            whole = Completion(
                text=text,
                finish_reason="stop" if ended else "length",
                logprobs=tuple(self.logprobs[: len(self.tokens)]),
            )
            self.completion = cut(whole, self.request.stop)

    def _may_stop(self, tokenizer: Any) -> bool:
        """Whether the latest token seems to complete a stop string.

        Only the end of the text is read, or long continuations would cost their square, and without
        what stands before it, which may change its first character. Each token is at least one
        byte, but for special ones; the spare tokens are for these.
        """
        stop = self.request.stop
        window = 16 + max((len(word.encode()) for word in stop), default=0)
        end = read_text(tokenizer, self.prompt, self.tokens[-window:]) if stop else ""
        return stop_at(end, stop) is not None


class _Choose(LogitsProcessor):
    """Draws each row's next token as its request says, and leaves the others no chance."""

    def __init__(self, rows: Sequence[_Row], tokenizer: Any) -> None:
        self._rows = rows
        self._tokenizer = tokenizer

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        rows = self._rows
        if not bool(scores.isfinite().any(dim=-1).all()) or bool(scores.isnan().any()):
            raise ArithmeticError(
                "its outputs are no numbers; bfloat16 or float32 may help (dtype)"
            )
        most = max(row.request.logprobs for row in rows)
        if most:
            for row, near in zip(rows, sampling.likeliest(scores, most), strict=True):
                found: dict[str, float] = {}
                for token, value in near[: row.request.logprobs]:
                    # Tokens that are parts of one character look alike; the likeliest stays.
                    found.setdefault(token_text(self._tokenizer, token), value)
                if found and row.completion is None:
                    row.logprobs.append(found)
        chosen = sampling.choose(
            scores,
            [max(0.0, row.request.temperature) for row in rows],
            [row.request.top_p for row in rows],
            [row.rng.random() for row in rows],
        )
        return torch.full_like(scores, -torch.inf).scatter(1, chosen, 0.0)


class _Ended(StoppingCriteria):
    """Hands each row its token, and tells which rows are done."""

    def __init__(self, rows: Sequence[_Row], engine: _Engine, stop: Callable[[], bool]) -> None:
        self._rows = rows
        self._engine = engine
        self._stop = stop

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        for row, token in zip(self._rows, input_ids[:, -1].tolist(), strict=True):
            if row.completion is None:
                row.add(token, self._engine.tokenizer, self._engine.ends)
        stop = self._stop()
        ended = [stop or row.completion is not None or row.done.cancelled() for row in self._rows]
        return torch.tensor(ended, device=input_ids.device)


def _seed(request: GenerationRequest, index: int) -> str | None:
    return None if request.seed is None else f"{request.seed} {index}"


def _load(config: TransformersConfig) -> _Engine:
    device = config.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    revision = config.revision or None
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(config.model, revision=revision)
        model: Any = AutoModelForCausalLM.from_pretrained(
            config.model, revision=revision, dtype=config.dtype
        )
    except (OSError, ValueError, ImportError) as error:
        raise ConfigError(f"{config.model}: cannot be loaded: {error}") from error
    try:
        model.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {device!r}: {error}") from error
    named = getattr(model.generation_config, "eos_token_id", None)
    ends = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    ends = [end for end in dict.fromkeys(ends) if end is not None]
    pad = ends[0] if ends else 0  # hidden by the mask, whatever it is
    # Settings of a request are ours alone, not what stands in a model's generation config.
    model.generation_config = GenerationConfig(eos_token_id=ends or None, pad_token_id=pad)
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if not context and tokenizer.model_max_length < _UNLIMITED:
        context = tokenizer.model_max_length
    return _Engine(model, tokenizer, frozenset(ends), pad, context)
