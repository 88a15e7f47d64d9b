"""Records and results as bytes, and what is counted about a result."""

from collections import Counter
from collections.abc import Callable

import msgspec

from veristone.generators.synthesis.records import Record, StageResult
from veristone.queues import Item, Outcome

__all__ = [
    "MAX_ID_BYTES",
    "MAX_RESULT_BYTES",
    "decode_record",
    "decode_result",
    "encode",
    "outcome",
]

MAX_RESULT_BYTES = 256 * 1024 * 1024
"""Largest result of one record: all that a stage made of it, the refusals with their texts. Where
it is larger, the record is a dead letter that says so."""
MAX_ID_BYTES = 400
"""Of an input's id. Every stage may add a few characters; a queue's keys have 512 bytes."""

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
decode_record = msgspec.json.Decoder(Record).decode
decode_result = msgspec.json.Decoder(StageResult).decode


def outcome(result: StageResult, given: Record, after: str | None = None) -> Outcome:
    """Return what is kept with the ack of a record, its results for the stage `after` included."""
    items = [Item(record.id, encode(record)) for record in result.kept] if after else []
    puts = {after: items} if after and items else {}
    return Outcome(result=encode(result), puts=puts, counts=count(result, given))


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
