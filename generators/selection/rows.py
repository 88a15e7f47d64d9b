"""What selection writes, one struct for each file. Wire types: unknown fields are tolerated."""

import msgspec

from veristone.generators.synthesis.records import Record

__all__ = ["Preference", "Rejection", "Repair", "Selected", "Unpaired"]


class Selected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A training row to be: a line of `selected.jsonl`."""

    id: str
    """Of the response."""
    group: str
    """Id of the instruction."""
    instruction: str
    """As the student sees it, perhaps with tests added."""
    response: str
    """As the student is to answer."""
    sections: tuple[str, ...] = ()
    """Sections of the response that were kept; empty where it has none."""
    shown_tests: int = 0
    """Asserts that were added to the instruction."""
    asserts: int = 0
    """Effective asserts in the response's tests, see `asserts`."""
    strength: float | None = None
    """Share of mutants that the tests noticed."""
    agreement: int | None = None
    """Solutions of this instruction that behave alike, this one included."""
    record: Record
    """Everything that made it, as it was read."""


class Preference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pass preferred to a failure, as DPO takes it: a line of `preferences.jsonl`."""

    id: str
    """Ids of both responses: `SEED/3>5`."""
    group: str
    prompt: str
    """The instruction as the student sees it, without a template."""
    chosen: str
    rejected: str
    reason: str
    """Why the rejected one failed."""
    language: str = "python"


class Unpaired(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A response and whether it is good, as KTO takes it: a line of `kto.jsonl`."""

    id: str
    group: str
    prompt: str
    completion: str
    label: bool
    reason: str
    language: str = "python"


class Repair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A failure, what was seen, and an answer that passes: a line of `repairs.jsonl`."""

    id: str
    group: str
    prompt: str
    """The instruction, the failing answer and the error, in words."""
    completion: str
    instruction: str
    failing: str
    error: str
    reason: str
    language: str = "python"


class Rejection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A response that was not selected: a line of `rejected.jsonl`.

    Its text stands in the input.
    """

    id: str
    step: str
    reason: str
    """A short fixed word, for counting."""
    detail: str = ""
    """What exactly was found, for a person; at most a line."""
