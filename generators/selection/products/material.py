"""What products are made of: passes and failures of an instruction, as a student sees them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from veristone import Decision, Reason
from veristone.generators.selection.draws import draw
from veristone.generators.selection.student import Student, show_response
from veristone.generators.synthesis.records import Record

__all__ = ["Material", "Products", "Shaped", "gather"]

REASONS = frozenset({Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED, Reason.RUNTIME_ERROR})
"""Failures that speak of the program."""
_MOST = 100
"""Passes, and failures, of one instruction that are looked at: pairs are their product."""


class Products(BaseModel):
    """How much is made of each instruction; 0: none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preferences: int = Field(default=0, ge=0, le=100)
    """Pairs."""
    kto: int = Field(default=0, ge=0, le=100)
    """Good rows, and as many bad ones at most."""
    repairs: int = Field(default=0, ge=0, le=100)
    max_length_ratio: float = Field(default=1.5, ge=1.0)
    """Longer over shorter of the two answers of a pair: length must not tell them apart."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """An answer, and the text of it that a student sees."""

    record: Record
    text: str
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """The answers to one instruction that products may use, in random order."""

    group: str
    prompt: str
    passes: tuple[Shaped, ...]
    failures: tuple[Shaped, ...]
    language: str
    unused: dict[str, int]
    """Failures that are not used, by why."""


def gather(
    group: str,
    prompt: str,
    passes: Sequence[Record],
    failures: Sequence[Record],
    student: Student,
    random_seed: int,
    doubtful: Collection[str] = (),
) -> Material:
    """Return the material of an instruction.

    Args:
        group: id of the instruction.
        prompt: the instruction as the student sees it.
        passes: responses that went through every gate.
        failures: of any kind.
        student: how answers are shown; all of one instruction alike.
        random_seed: of the recipe.
        doubtful: ids of failures that behave like a pass, where that is known.
    """
    unused: dict[str, int] = {}

    def leave_out(reason: str) -> None:
        unused[reason] = unused.get(reason, 0) + 1

    good = [_shaped(record, student, random_seed, group) for record in passes]
    texts = {"".join(one.text.split()) for one in good}
    bad: list[Shaped] = []
    for record in failures:
        verdict = record.verdict
        if verdict is None or verdict.decision is not Decision.FAIL:
            leave_out("undecided")
        elif verdict.reason not in REASONS:
            leave_out(str(verdict.reason))
        elif record.id in doubtful:
            leave_out("behaves_like_a_pass")
        else:
            shaped = _shaped(record, student, random_seed, group)
            if "".join(shaped.text.split()) in texts:
                # The same answer passed beside other tests: nothing to be learnt from it.
                leave_out("same_as_a_pass")
            elif shaped.text:
                bad.append(shaped)
            else:
                leave_out("empty")
    return Material(
        group=group,
        prompt=prompt,
        passes=tuple(_shuffled([one for one in good if one.text], random_seed)[:_MOST]),
        failures=tuple(_shuffled(bad, random_seed)[:_MOST]),
        language=passes[0].language if passes else "python",
        unused=unused,
    )


def _shaped(record: Record, student: Student, random_seed: int, group: str) -> Shaped:
    shown = show_response(record, student, random_seed, group)
    return Shaped(record, shown.text, shown.sections)


def _shuffled(items: list[Shaped], random_seed: int) -> list[Shaped]:
    return sorted(items, key=lambda one: draw(random_seed, "product", one.record.id))
