"""Asks a model about seeds.

One question, one token: the probabilities of yes and no among the twenty likeliest first tokens.
Where a back end reports none, whole answers are drawn and counted instead: dearer and coarser (20
answers tell 0.5 from 0.7, not from 0.55), and every judgement says which it was.

A question that was answered is not asked again, see `store.py`. What a model refuses is that
seed's own affair and is not kept, because a larger context may take it later.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from veristone import (
    ConfigError,
    Generation,
    GenerationRequest,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.judge.answers import Weights, count, weigh
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

    def __init__(
        self, model: Model, *, folder: Path | None = None, votes: int = 20, workers: int = WORKERS
    ) -> None:
        """`folder` keeps judgements; without one nothing is remembered.

        `votes` is how many answers are drawn where a model gives no log-probabilities.
        """
        self._model = model
        self._folder = folder
        self._votes = votes
        self._places = asyncio.Semaphore(workers)
        self._store: JudgementStore | None = None
        self._alternatives: int | None = None
        self._rendering = asyncio.Lock()
        self._trying = asyncio.Lock()

    @property
    def draws(self) -> bool:
        """Whether answers are drawn for want of log-probabilities; known once it was asked."""
        return self._alternatives == 0

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
        if self._alternatives is None:
            async with self._trying:
                if self._alternatives is None:
                    self._alternatives = await self._try()
        if self._alternatives:
            generation = await self._send(prompt, self._alternatives)
            weights = _first_token(generation)
            if weights is not None:
                return _judgement(seed, weights, votes=0)
        generation = await self._send(prompt, 0)
        texts = [completion.text for completion in generation.completions]
        return _judgement(seed, count(texts), votes=len(texts))

    async def _try(self) -> int:
        """Return how many likeliest tokens the model reports, by a question of no consequence.

        So a model that takes no such requests does not look like one that refuses every seed.
        """
        prompt = compose(_TRIAL, "trial")
        refusal: RequestRefused | None = None
        for alternatives in (*ALTERNATIVES, 0):
            try:
                generation = await self._send(prompt, alternatives)
            except RequestRefused as error:
                refusal = error
                continue
            if not alternatives or _first_token(generation) is not None:
                return alternatives
        raise ConfigError(
            f"{self._model.name} cannot be a judge: it refuses even a short question"
            f" ({refusal}); a model that continues raw text is needed"
        ) from refusal

    async def _send(self, prompt: Prompt, alternatives: int) -> Generation:
        if alternatives:
            request = GenerationRequest(
                id=f"judge/{prompt.key}", prompt=prompt.text, max_tokens=1, logprobs=alternatives
            )
        else:
            request = GenerationRequest(
                id=f"judge/{prompt.key}/votes",
                prompt=prompt.text,
                n=self._votes,
                max_tokens=4,
                temperature=1.0,
                stop=("\n",),
                seed=int(prompt.key[:7], 16),
            )
        return await self._model.generate(request)


def _first_token(generation: Generation) -> Weights | None:
    """Return the weights at the first token; None where its alternatives were not reported."""
    completion = generation.completions[0] if generation.completions else None
    if completion is None or not completion.logprobs or not completion.logprobs[0]:
        return None
    return weigh(completion.logprobs[0])


def _judgement(seed: str, weights: Weights, *, votes: int) -> Judgement:
    return Judgement(
        seed=seed,
        p_yes=weights.p_yes,
        logp_yes=weights.logp_yes,
        logp_no=weights.logp_no,
        mass=weights.mass,
        votes=votes,
    )
