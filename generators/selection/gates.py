"""What a response must be to count. Each gate is a named step of the funnel."""

import re
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.code.suites import effective_asserts
from veristone.generators.selection.scoring import Score
from veristone.generators.synthesis.records import Record

__all__ = [
    "GATES",
    "Candidate",
    "Gates",
    "Refusal",
    "not_judged",
    "refusal_by_score",
    "refusal_by_text",
]

GATES = ("finished", "instruction_length", "tests", "asserts", "strength", "agreement", "stable")
"""Names of the gates, in the order in which they are asked."""

_UNFINISHED = re.compile(
    r"\bTODO\b|\bFIXME\b|\byour (?:code|implementation|solution) (?:goes )?here\b"
    r"|\bNotImplemented(?:Error)?\b|\bimplement (?:this|me)\b",
    re.IGNORECASE,
)


class Gates(BaseModel):
    """Thresholds; what stands at its default asks nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finished: bool = True
    """Refuse responses with TODO, FIXME, NotImplementedError or "your code here", as
    StarCoder2-Instruct does."""
    max_instruction_words: int = Field(default=0, ge=0)
    """0: no limit. SelfCodeAlign: 200."""
    min_tests: int = Field(default=1, ge=0)
    """Tests that ran to their end, by the verdict, where there is one."""
    min_asserts: int = Field(default=0, ge=0)
    """Effective asserts in the test code. Python only."""
    min_strength: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of mutants that the tests notice; above 0, a stub that passes is refused too."""
    min_agreement: int = Field(default=0, ge=0)
    """Solutions of the instruction that behave alike, this one included. Not asked of the only one
    that there is."""
    stable: bool = False
    """Refuse what failed when it was run again."""


class Candidate(NamedTuple):
    """A response that can be chosen, and what is known of it."""

    record: Record
    asserts: int | None = None
    """Effective asserts; None where they cannot be counted."""
    score: Score | None = None

    @classmethod
    def of(cls, record: Record) -> "Candidate":
        """Count the asserts of a response."""
        if record.language != "python":
            return cls(record)
        return cls(record, effective_asserts(record.code, record.tests))


class Refusal(NamedTuple):
    """Why a response goes no further."""

    step: str
    reason: str
    detail: str = ""


def refusal_by_text(gates: Gates, one: Candidate) -> Refusal | None:
    """Ask the gates that need the record alone."""
    record = one.record
    found = _UNFINISHED.search(f"{record.response}\n{record.code}") if gates.finished else None
    if found is not None:
        return Refusal("finished", "unfinished", " ".join(found[0].split()))
    words = len(record.instruction.split())
    if gates.max_instruction_words and words > gates.max_instruction_words:
        return Refusal("instruction_length", "too_long", f"{words} words")
    if record.verdict is not None and record.verdict.passed < gates.min_tests:
        return Refusal("tests", "too_few_tests", str(record.verdict.passed))
    if one.asserts is not None and one.asserts < gates.min_asserts:
        reason = "too_few_asserts" if one.asserts else "vacuous"
        return Refusal("asserts", reason, str(one.asserts))
    return None


def refusal_by_score(gates: Gates, one: Candidate) -> Refusal | None:
    """Ask the gates that need scores. What could not be scored passes, see `not_judged`."""
    score = one.score
    if score is None:
        return None
    if gates.min_strength:
        if score.stub_passes:
            return Refusal("strength", "vacuous", "a stub passes its tests")
        if score.unjudged and not score.mutants:
            return Refusal("strength", "undecided", f"{score.unjudged} runs without a verdict")
        if score.strength is not None and score.strength < gates.min_strength:
            return Refusal("strength", "weak_tests", f"{score.killed} of {score.mutants} mutants")
    agreeing = score.agreeing
    if score.solutions > 1 and agreeing is not None and agreeing < gates.min_agreement:
        detail = f"{agreeing} of {score.solutions} solutions"
        return Refusal("agreement", "no_agreement", detail)
    if gates.stable and score.failed_again:
        return Refusal("stable", "flaky", f"failed {score.failed_again} times when run again")
    return None


def not_judged(gates: Gates, one: Candidate) -> list[str]:
    """Return the gates that are asked and cannot judge a candidate."""
    score = one.score
    unknown = {
        "asserts": gates.min_asserts and one.asserts is None,
        "strength": gates.min_strength and (score is None or score.strength is None),
        "agreement": gates.min_agreement and (score is None or score.solutions < 2),
        "stable": gates.stable and score is None,
    }
    return [gate for gate, is_unknown in unknown.items() if is_unknown]
