"""What a passing response must be to count. Each gate is a named step of the funnel."""

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.selection.asserts import effective_asserts
from veristone.generators.selection.scoring.scores import Score
from veristone.generators.synthesis.records import Record

__all__ = ["GATES", "Candidate", "Gates", "Refused", "judge_scores", "judge_text"]

_UNFINISHED = re.compile(
    r"\bTODO\b|\bFIXME\b|\byour (?:code|implementation|solution) (?:goes )?here\b"
    r"|\bNotImplemented(?:Error)?\b|\bimplement (?:this|me)\b",
    re.IGNORECASE,
)
GATES = ("finished", "instruction_length", "tests", "asserts", "strength", "agreement", "stable")
"""Names of the gates, in the order in which they are asked."""


class Gates(BaseModel):
    """Thresholds; what stands at its default asks nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finished: bool = True
    """Refuse responses with TODO, FIXME, NotImplementedError or "your code here", as
    StarCoder2-Instruct does."""
    max_instruction_words: int = Field(default=0, ge=0)
    """0: no limit. SelfCodeAlign: 200."""
    min_tests: int = Field(default=1, ge=0)
    """Tests that ran to their end, by the verdict."""
    min_asserts: int = Field(default=0, ge=0)
    """Effective asserts in the test code, see `asserts`. Python only."""
    min_strength: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of mutants that the tests notice; above 0, a stub that passes is refused too."""
    min_agreement: int = Field(default=0, ge=0)
    """Solutions of the instruction that behave alike, this one included. Not asked of the only one
    that there is."""
    stable: bool = False
    """Refuse what failed when it was run again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A response that can be chosen, and what is known of it."""

    record: Record
    asserts: int | None = None
    """Effective asserts; None where they cannot be counted."""
    score: Score | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Which gate refuses a response, and why."""

    gate: str
    reason: str
    detail: str = ""


def judge_text(gates: Gates, record: Record, *, verified: bool) -> Candidate | Refused:
    """Ask the gates that need the record alone.

    Args:
        gates: the thresholds.
        record: a response.
        verified: whether the response has to show that its tests are any good; ablations take
            failures too.
    """
    found = _UNFINISHED.search(f"{record.response}\n{record.code}") if gates.finished else None
    if found is not None:
        return Refused("finished", "unfinished", " ".join(found[0].split()))
    words = len(record.instruction.split())
    if gates.max_instruction_words and words > gates.max_instruction_words:
        return Refused("instruction_length", "too_long", f"{words} words")
    ran = record.verdict.passed if record.verdict is not None else 0
    if verified and ran < gates.min_tests:
        return Refused("tests", "too_few_tests", str(ran))
    asserts = effective_asserts(record.code, record.tests) if _is_python(record) else None
    if verified and asserts is not None and asserts < gates.min_asserts:
        return Refused("asserts", "vacuous" if not asserts else "too_few_asserts", str(asserts))
    return Candidate(record, asserts)


def _is_python(record: Record) -> bool:
    return record.language == "python"


def _can_agree(score: Score) -> bool:
    """Tell whether there was anybody to agree with."""
    return score.solutions > 1


def judge_scores(gates: Gates, candidate: Candidate) -> Refused | None:
    """Ask the gates that need scores. What could not be scored passes, and is counted as such."""
    score = candidate.score
    if score is None:
        return None
    if gates.min_strength:
        if score.stub_passes:
            return Refused("strength", "vacuous", "a stub passes its tests")
        if score.unjudged and not score.mutants:
            return Refused("strength", "undecided", f"{score.unjudged} runs without a verdict")
        strength = score.strength
        if strength is not None and strength < gates.min_strength:
            return Refused("strength", "weak_tests", f"{score.killed} of {score.mutants} mutants")
    agreeing = score.agreeing
    if _can_agree(score) and agreeing is not None and agreeing < gates.min_agreement:
        return Refused("agreement", "no_agreement", f"{agreeing} of {score.solutions} solutions")
    if gates.stable and score.failed_again:
        return Refused("stable", "flaky", f"failed {score.failed_again} times when run again")
    return None
