"""Asks a model about seeds.

One question, one token: the probabilities of yes and no among the twenty likeliest first tokens. A
back end that reports none cannot be a judge.

A question that was answered is not asked again, see `store.py`. What a model refuses is that
seed's own affair and is not kept, because a larger context may take it later.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from veristone import (
    ConfigError,
    GenerationRequest,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.judge.answers import weigh
from veristone.generators.judge.prompt import Case, Prompt, TooLong, compose, render
from veristone.generators.judge.records import Judgement
from veristone.generators.judge.store import JudgementStore
from veristone.generators.seeds.records import Seed
from veristone.text import line

__all__ = ["ModelJudge"]

ALTERNATIVES = (20, 5)
"""Numbers of likeliest tokens to ask for, best first: 20 is vLLM's limit, 5 that of others."""
WORKERS = 256
"""Seeds in hand at a time; how many requests are under way is the back end's business."""
_TRIAL = Case("python", "def double(x):\n    return 2 * x", "Return twice x.")


class ModelJudge:
    """A judge that asks a base model; `veristone.generators.seeds.steps.Judge`."""

    def __init__(self, model: Model, *, folder: Path | None = None, workers: int = WORKERS) -> None:
        """`folder` keeps judgements; without one nothing is remembered."""
        self._model = model
        self._folder = folder
        self._places = asyncio.Semaphore(workers)
        self._store: JudgementStore | None = None
        self._alternatives = 0
        self._rendering = asyncio.Lock()
        self._trying = asyncio.Lock()

    async def judge(self, seeds: Sequence[Seed]) -> list[Judgement]:
        """Return the judgement of each seed, in order.

        Raises:
            ModelUnavailable: the model does not answer. What it answered is kept: later, the rest
                is asked.
            ConfigError: the model takes no such questions at all, or what lies in the place of
                the judgements is none.
            OSError: a judgement cannot be written.
        """
        if self._folder is not None:
            self._store = JudgementStore(self._folder, self._model.name)
        tasks: list[asyncio.Task[Judgement]] = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks += [group.create_task(self._one(seed)) for seed in seeds]
        except ExceptionGroup as errors:  # the first one ended all others
            error = errors.exceptions[0]
            if not isinstance(error, ModelUnavailable):
                raise error from None
            done = sum(not task.cancelled() and task.exception() is None for task in tasks)
            raise ModelUnavailable(
                f"the docstring judge had answers for {done} of these {len(seeds)} seeds"
                f" when the model was lost: {error}. The same command goes on from here"
            ) from error
        finally:
            if self._store is not None:
                self._store.close()
        return [task.result() for task in tasks]

    async def _one(self, seed: Seed) -> Judgement:
        async with self._places:
            try:
                async with self._rendering:  # a parser serves one at a time
                    prompt = await asyncio.to_thread(render, seed)
            except TooLong as error:
                return Judgement(seed=seed.id, refused="too_long_to_judge", detail=str(error))
            known = self._store.get(prompt.key) if self._store is not None else None
            if known is None:
                try:
                    known = await self._ask(seed.id, prompt)
                except RequestRefused as error:
                    detail = line(str(error))
                    return Judgement(seed=seed.id, refused="request_refused", detail=detail)
                if self._store is not None:
                    self._store.add(prompt.key, known)
            # Copies of a function have one prompt.
            return msgspec.structs.replace(known, seed=seed.id)

    async def _ask(self, seed: str, prompt: Prompt) -> Judgement:
        async with self._trying:
            self._alternatives = self._alternatives or await self._try()
        tops = await self._first_token(prompt, self._alternatives)
        return Judgement(seed=seed, **weigh(tops)._asdict())

    async def _try(self) -> int:
        """Return how many likeliest tokens the model reports, by a question of no consequence.

        So a model that takes no such requests does not look like one that refuses every seed.
        """
        why = "it reports no log-probabilities"
        for alternatives in ALTERNATIVES:
            try:
                if await self._first_token(compose(_TRIAL, "trial"), alternatives):
                    return alternatives
            except RequestRefused as refusal:
                why = f"it refuses even a short question: {refusal}"
        raise ConfigError(
            f"{self._model.name} cannot be a judge: {why}; a model that continues raw text and"
            " reports log-probabilities is needed"
        )

    async def _first_token(self, prompt: Prompt, alternatives: int) -> Mapping[str, float]:
        """Return the likeliest first tokens of an answer; none where it is empty."""
        request = GenerationRequest(
            id=f"judge/{prompt.key}", prompt=prompt.text, max_tokens=1, logprobs=alternatives
        )
        (completion,) = (await self._model.generate(request)).completions
        return completion.logprobs[0] if completion.logprobs else {}
