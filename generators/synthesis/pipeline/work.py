"""The loop of a stage: records in; what becomes of them, and what is for the next queue, out.

A result, its records in the next queue and the ack are one transaction, so a worker may be killed
at any moment, and any number of them may work on one stage. A full queue downstream blocks: the
leases are kept alive meanwhile. What a `Work` raises gives the record back, with the error as the
reason; after as many attempts as the queue's policy says it is a dead letter, which can be put
back. One whose request the model's server refuses is a dead letter at once, with the server's
words: whether a prompt is too long or a setting is not known, the record is there to be asked about
again once the server is mended. A disk or a server that fails, or a setting that is wrong, ends the
loop instead: that is no fault of the record.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from veristone import (
    ConfigError,
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
from veristone.generators.synthesis.pipeline.chain import REFUSED, VERIFY, Chain
from veristone.generators.synthesis.records import (
    Record,
    Refusal,
    StageResult,
    decode_record,
    encode,
)
from veristone.generators.synthesis.stages.base import Stage
from veristone.generators.synthesis.verification import Verify, sample_of
from veristone.queues import Consumed, GiveUp, Item, Lease, Outcome, consume
from veristone.text import line

__all__ = ["LEASE_S", "Undecided", "Work", "asking", "judging", "outcome", "work_off"]

Work: TypeAlias = Callable[[Record], Awaitable[StageResult]]
"""What a worker does with a record."""
LEASE_S = 20.0
"""What a killed worker delays its records by; an event loop that is blocked for so long loses its
own."""
_REFUSALS = 16
"""Requests that a server may refuse, and answer none, before a setting is held to be wrong."""
_LONGEST_S = 3600.0
"""Longest wait for one answer. Back ends have shorter ones; this is for one that hangs."""


class Undecided(VeristoneError, RuntimeError):
    """The verifier could not judge: a fault of ours, never the sample's. To be tried again."""


async def work_off(
    chain: Chain,
    stage: str,
    work: Work,
    *,
    concurrency: int,
    prefetch: int | None = None,
    lease_s: float = LEASE_S,
) -> Consumed:
    """Work until the stage's queue is finished, then say so downstream.

    `concurrency` records are worked on at a time, `prefetch` more are held ready (as many if None).

    Raises:
        QueueUnavailable: the disk is full, or the server does not answer.
        ConfigError: the storage is damaged, or `work` says that a setting is wrong.
    """
    source, after = chain.queues[stage], chain.after(stage)
    if after is not None and not (await source.stats()).finished:
        # An earlier worker may have said complete before more was fed.
        await chain.queues[after].begin(stage)

    async def handle(lease: Lease) -> Outcome:
        given = decode_record(lease.payload)
        return outcome(await work(given), given, after)

    consumed = await consume(
        source, handle, concurrency=concurrency, prefetch=prefetch, ttl_s=lease_s
    )
    if after is not None:
        await chain.queues[after].complete(stage)
    return consumed


def outcome(result: StageResult, given: Record, after: str | None = None) -> Outcome:
    """Return what is kept with the ack of a record, its results for the stage `after` included."""
    items = [Item(record.id, encode(record)) for record in result.kept] if after else []
    puts = {after: items} if after and items else {}
    return Outcome(result=encode(result), puts=puts, counts=_count(result, given))


def _count(result: StageResult, given: Record) -> dict[str, int]:
    """What is counted about a result.

    `given`, `kept`, `refused`, `refused:REASON`, `verdict:REASON`, tokens, and how many of the kept
    records have another instruction or other concepts than the given one: exports go by that. Of
    verdicts also what `strength` found and took, and the CPU time of all runs in milliseconds.
    """
    counts = Counter(given=1, kept=len(result.kept), refused=len(result.refused))
    counts["prompt_tokens"] = result.prompt_tokens
    counts["completion_tokens"] = result.completion_tokens
    for refusal in result.refused:
        counts[f"refused:{refusal.reason}"] += 1
    for record in result.kept:
        counts["concepts"] += record.concepts != given.concepts
        counts["instructions"] += record.instruction != given.instruction
        if record.verdict is not None:
            counts[f"verdict:{record.verdict.reason}"] += 1
            counts["cpu_ms"] += round(1000 * record.verdict.usage.cpu_s)
            if (strength := record.verdict.strength) is not None:
                counts["vacuous"] += strength.vacuous
                counts["strength_runs"] += strength.runs
                counts["strength_cpu_ms"] += round(1000 * strength.cpu_s)
    return {name: number for name, number in counts.items() if number}


def asking(stage: Stage, model: Model, random_seed: int) -> Work:
    """Return what makes the stage's result of a record.

    It raises `ModelUnavailable` where an answer could not be had: the record is to be tried again;
    `GiveUp` where the model's server refuses to answer, sends something else than a text, or cuts
    all of it off before the limit asked for; and `ConfigError` where it refuses everything: then a
    setting is wrong.
    """
    answered = 0
    refused = 0

    async def ask(record: Record) -> StageResult:
        nonlocal answered, refused
        requests = stage.requests(record, random_seed)
        try:
            answers = [await _answer(model, request) for request in requests]
        except RequestRefused as error:
            refused += 1
            if refused >= _REFUSALS and not answered:
                raise ConfigError(
                    f"every request of stage {stage.name} is refused: {error}"
                ) from error
            raise GiveUp(f"{REFUSED}{line(' '.join(str(error).split()), 500)}") from error
        if notes := [one.note for answer in answers for one in answer.completions if one.note]:
            raise GiveUp(f"{REFUSED}no text came: {notes[0]}")
        answered += 1
        result = stage.read(record, answers, random_seed)
        limits = [request.max_tokens for request in requests]
        if not result.kept and any(map(Generation.cut_early, answers, limits)):
            raise GiveUp(
                f"{REFUSED}its context is too short: texts were cut off before the"
                f" {min(limits)} tokens asked for"
            )
        return result

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
            detail = line(" ".join(str(error).split()), 500)
            refusal = Refusal(record=record, stage=VERIFY, reason="invalid_sample", detail=detail)
            return StageResult(key=record.id, refused=(refusal,))
        if verdict.decision is Decision.UNDECIDED:
            raise Undecided(f"{verdict.reason}: {verdict.message}")
        return StageResult(key=record.id, kept=(msgspec.structs.replace(record, verdict=verdict),))

    return judge


async def _answer(model: Model, request: GenerationRequest) -> Generation:
    request.validate()
    async with asyncio.timeout(_LONGEST_S):
        answer = await model.generate(request)
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
