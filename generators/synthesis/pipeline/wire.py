"""Records and results as bytes, with their bounds, and what is counted about a result."""

from collections import Counter
from collections.abc import Callable

import msgspec

from veristone import DatasetError
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.queues import Item, Outcome

__all__ = [
    "MAX_ID_BYTES",
    "MAX_RECORD_BYTES",
    "MAX_RESULT_BYTES",
    "bounded",
    "count",
    "decode_record",
    "decode_result",
    "encode",
    "outcome",
    "too_large",
]

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Largest record that goes from stage to stage, as JSON. A model's answer has some thousand bytes,
a hostile seed has what its file holds."""
MAX_RESULT_BYTES = 16 * MAX_RECORD_BYTES
"""Largest result of one record: all that a stage made of it, the refusals with their texts."""
MAX_ID_BYTES = 400
"""Of an input's id. Every stage may add a few characters; a queue's keys have 512 bytes."""
_TEXT_HEAD = 100_000

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
_record = msgspec.json.Decoder(Record).decode
_result = msgspec.json.Decoder(StageResult).decode


def decode_record(data: bytes) -> Record:
    """Read what a queue held.

    Raises:
        DatasetError: it is no record.
    """
    try:
        return _record(data)
    except msgspec.MsgspecError as error:
        raise DatasetError(f"a queue holds something that is no record: {error}") from error


def decode_result(data: bytes) -> StageResult:
    """Read what was kept.

    Raises:
        DatasetError: it is no result.
    """
    try:
        return _result(data)
    except msgspec.MsgspecError as error:
        raise DatasetError(f"the store holds something that is no result: {error}") from error


def outcome(result: StageResult, given: Record, after: str | None = None) -> Outcome:
    """Return what is kept with the ack of a record, its results for the stage `after` included."""
    items = [Item(record.id, encode(record)) for record in result.kept] if after else []
    puts = {after: items} if after and items else {}
    return Outcome(result=encode(result), puts=puts, counts=count(result, given))


def bounded(result: StageResult, stage: str) -> StageResult:
    """Return the result with records that are too large for the queues refused instead of kept."""
    sizes = [len(encode(record)) for record in result.kept]
    if all(size <= MAX_RECORD_BYTES for size in sizes):
        return result
    kept: list[Record] = []
    refused = list(result.refused)
    for record, size in zip(result.kept, sizes, strict=True):
        if size <= MAX_RECORD_BYTES:
            kept.append(record)
        else:
            refused.append(too_large(record, stage, size))
    return msgspec.structs.replace(result, kept=tuple(kept), refused=tuple(refused))


def too_large(record: Record, stage: str, size: int) -> Refusal:
    """Refuse a record for its size; only the beginning of its text is kept."""
    text = record.response or record.instruction or (record.seed.code if record.seed else "")
    return Refusal(
        record=Record(id=record.id, language=record.language),
        stage=stage,
        reason="record_too_large",
        detail=f"{size:,} bytes of {MAX_RECORD_BYTES:,}",
        text=text[:_TEXT_HEAD],
    )


def count(result: StageResult, given: Record) -> dict[str, int]:
    """What is counted about a result.

    `given`, `kept`, `refused`, `refused:REASON`, `verdict:REASON`, tokens, and how many of the kept
    records have another instruction, other concepts or another response than the given one:
    exports go by that.
    """
    counts = Counter(given=1, kept=len(result.kept), refused=len(result.refused))
    counts["prompt_tokens"] = result.prompt_tokens
    counts["completion_tokens"] = result.completion_tokens
    for refusal in result.refused:
        counts[f"refused:{refusal.reason}"] += 1
    for record in result.kept:
        counts["concepts"] += record.concepts != given.concepts
        counts["instructions"] += record.instruction != given.instruction
        counts["responses"] += record.response != given.response
        if record.verdict is not None:
            counts[f"verdict:{record.verdict.reason}"] += 1
    return {name: number for name, number in counts.items() if number}
