"""What a worker does with a record: ask the model and read the answers, or have its code judged."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec

from veristone import (
    Decision,
    Generation,
    GenerationRequest,
    InvalidSample,
    Model,
    ModelUnavailable,
    RequestRefused,
    Verifier,
    VeristoneError,
)
from veristone.generators.synthesis.pipeline.chain import VERIFY
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.generators.synthesis.stages.base import Stage
from veristone.generators.synthesis.verification import Verify, sample_of
from veristone.text import line

__all__ = ["Undecided", "Work", "asking", "judging"]

Work: TypeAlias = Callable[[Record], Awaitable[StageResult]]
_LONGEST_S = 3600.0
"""Longest wait for one answer. Back ends have shorter ones; this is for one that hangs."""


class Undecided(VeristoneError, RuntimeError):
    """The verifier could not judge: a fault of ours, never the sample's. To be tried again."""


def asking(stage: Stage, model: Model, random_seed: int) -> Work:
    """Return what makes the stage's result of a record.

    It raises `ModelUnavailable` where an answer could not be had: the record is to be tried again.
    A request that the model will never answer makes a refusal (`refused_by_model`) of the record.
    """
    name = stage.name or stage.kind

    async def ask(record: Record) -> StageResult:
        requests = stage.requests(record, random_seed)
        if not requests:
            return StageResult(key=record.id, kept=(record,))
        try:
            answers = await _all(model, requests)
        except RequestRefused as error:
            return _refused(record, name, "refused_by_model", error)
        return stage.read(record, answers, random_seed)

    return ask


def judging(verifier: Verifier, settings: Verify) -> Work:
    """Return what makes a judged record of a record.

    It raises `Undecided` where there is no decision. A record that cannot be a sample (a language
    without sandboxes, too much code) is refused: `invalid_sample`. What the recipe does not verify
    passes as it is, without a verdict.
    """

    async def judge(record: Record) -> StageResult:
        try:
            sample = sample_of(record, settings)
            if sample is None:
                return StageResult(key=record.id, kept=(record,))
            verdict = await verifier.verify(sample)
        except InvalidSample as error:
            return _refused(record, VERIFY, "invalid_sample", error)
        if verdict.decision is Decision.UNDECIDED:
            raise Undecided(f"{verdict.reason}: {verdict.message}")
        return StageResult(key=record.id, kept=(msgspec.structs.replace(record, verdict=verdict),))

    return judge


def _refused(record: Record, stage: str, reason: str, error: Exception) -> StageResult:
    detail = line(" ".join(str(error).split()), 500)
    refusal = Refusal(record=record, stage=stage, reason=reason, detail=detail)
    return StageResult(key=record.id, refused=(refusal,))


async def _all(model: Model, requests: Sequence[GenerationRequest]) -> list[Generation]:
    """The answers in order. What was refused counts more than what may work later."""
    results = await asyncio.gather(
        *(_one(model, request) for request in requests), return_exceptions=True
    )
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in sorted(failures, key=lambda error: not isinstance(error, RequestRefused)):
        raise failure
    return [result for result in results if isinstance(result, Generation)]


async def _one(model: Model, request: GenerationRequest) -> Generation:
    request.validate()
    try:
        async with asyncio.timeout(_LONGEST_S):
            answer = await model.generate(request)
    except TimeoutError as error:
        raise ModelUnavailable(f"request {request.id}: no answer in {_LONGEST_S:g} s") from error
    if len(answer.completions) != request.n:
        raise ModelUnavailable(
            f"request {request.id}: {len(answer.completions)} completions of {request.n}"
        )
    # Lone surrogates, which no file and no queue takes, become U+FFFD.
    completions = tuple(
        msgspec.structs.replace(
            one, text=one.text.encode(errors="surrogatepass").decode(errors="replace")
        )
        for one in answer.completions
    )
    return msgspec.structs.replace(answer, completions=completions)
