"""What flows through synthesis: one record that grows from stage to stage.

    seed ─ concepts ─ instruction ─ response, code and tests ─ verdict

A record keeps everything that made it, so a training row can be traced to its source file, and
nothing has to be looked up elsewhere. These are wire types: they cross queues, files and processes,
and unknown fields are tolerated on read.
"""

from collections.abc import Callable

import msgspec

from veristone import Verdict
from veristone.generators.seeds.records import Seed

__all__ = [
    "Evolution",
    "Record",
    "Refusal",
    "StageResult",
    "Trace",
    "decode_record",
    "decode_result",
    "encode",
]


class Trace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one stage made its part of a record."""

    stage: str
    model: str = ""
    request: str = ""
    """Id of the request; with the recipe it gives the prompt again."""
    seed: int | None = None
    shots: tuple[str, ...] = ()
    """Names of the examples in the prompt, in order."""
    finish_reason: str = ""


class Evolution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An instruction as it was before a step of evolution."""

    method: str
    instruction: str


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit of work on its way to a training row. Empty: not made yet."""

    id: str
    """Made of its parent's id: `SEED` for concepts and instructions, `SEED/3` for response 3.
    Nothing else identifies a record, in every queue, store and file."""
    seed: Seed | None = None
    """None where the recipe starts from no code."""
    language: str = "python"
    """Of the code that is asked for; the seed may be in another."""
    concepts: tuple[str, ...] = ()
    category: str = ""
    """What is asked for: `function`, `class`, `program`."""
    difficulty: str = ""
    """`easy`, `medium` or `hard`."""
    instruction: str = ""
    history: tuple[Evolution, ...] = ()
    """Earlier forms of the instruction, oldest first."""
    response: str = ""
    """What a student should answer: the model's text, without the tests where the recipe says."""
    code: str = ""
    """The program in the response."""
    tests: str = ""
    """The test code that the model wrote for it."""
    verdict: Verdict | None = None
    traces: tuple[Trace, ...] = ()


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a model wrote and a check refused."""

    record: Record
    """As the stage was given it, with the id that the result would have had."""
    stage: str
    reason: str
    """A short fixed word, for counting: `empty`, `truncated`, `no_code`."""
    detail: str = ""
    """What exactly was found, for a person; at most a line."""
    text: str = ""
    """The model's text, whole."""
    finish_reason: str = ""


class StageResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a stage made of one record. Stored once, under the record's id."""

    key: str
    kept: tuple[Record, ...] = ()
    refused: tuple[Refusal, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0


encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
decode_record = msgspec.json.Decoder(Record).decode
decode_result = msgspec.json.Decoder(StageResult).decode
