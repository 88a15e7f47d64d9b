"""What a stage's worker does with a record: ask the model, read the answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from veristone import Generation, GenerationRequest, Model, ModelUnavailable, RequestRefused
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.generators.synthesis.stages.base import Stage

__all__ = ["asking"]

_LONGEST_S = 3600.0
"""Longest wait for one answer. Back ends have shorter ones; this is for one that hangs."""


def asking(
    stage: Stage, model: Model, random_seed: int
) -> Callable[[Record], Awaitable[StageResult]]:
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
            refusal = Refusal(
                record=record, stage=name, reason="refused_by_model", detail=_line(str(error))
            )
            return StageResult(key=record.id, refused=(refusal,))
        return stage.read(record, answers, random_seed)

    return ask


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
    return _clean(answer)


def _clean(answer: Generation) -> Generation:
    """Lone surrogates, which no file and no queue takes, become U+FFFD."""
    texts = [completion.text for completion in answer.completions]
    if all(_is_unicode(text) for text in texts):
        return answer
    return msgspec.structs.replace(
        answer,
        completions=tuple(
            msgspec.structs.replace(
                completion,
                text=completion.text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
            )
            for completion in answer.completions
        ),
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
