"""Which of an instruction's candidates is learnt from. Pure: hashes decide where nothing else does.

`random` is the papers' rule. `strength` and `agreement` take the best by their score, `shortest`
the shortest answer.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.code.draws import draw
from veristone.generators.selection.gates import Candidate

__all__ = ["Choice", "ranked"]


class Choice(BaseModel):
    """How many of an instruction's responses are chosen, from which, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pool: Literal["passes", "not_failed", "any", "failures"] = "passes"
    """`not_failed`: passes, and responses without a verdict, such as those in languages that are
    not run. `any` and `failures` are the papers' ablations: no execution filter, which has
    responses without a verdict too; failures only."""
    languages: tuple[str, ...] = ()
    """Languages of the responses to choose from; empty: all."""
    by: Literal["random", "strength", "agreement", "shortest"] = "random"
    count: int = Field(default=1, ge=1, le=1000)
    """Responses of one instruction, at most."""
    before_duplicates: bool = False
    """Choose first and look for duplicates afterwards: an instruction whose choice is a duplicate
    has no row then. Otherwise a duplicate gives way to the instruction's next response, as in the
    papers' programs, which look for duplicates among all that pass."""
    limit: int = Field(default=0, ge=0)
    """Rows in all, at most, drawn at random at the very end; 0: no limit. For comparisons at equal
    size."""


def ranked(candidates: Sequence[Candidate], choice: Choice, random_seed: int) -> list[Candidate]:
    """Return the candidates, the one to choose first first, whatever their order was."""
    drawn = sorted(candidates, key=lambda one: draw(random_seed, "choice", one.record.id))
    return sorted(drawn, key=_KEYS[choice.by])


def _by_strength(one: Candidate) -> Any:
    strength = one.score.strength if one.score is not None else None
    return (-(strength or 0.0), -(one.asserts or 0))


def _by_agreement(one: Candidate) -> Any:
    """CodeT's score: solutions that agree, times the tests that they pass."""
    score = one.score
    if score is None:
        return (0, *_by_strength(one))
    return (-(score.agreeing or 0) * max(score.shared, 1), *_by_strength(one))


_KEYS: dict[str, Callable[[Candidate], Any]] = {
    "random": lambda one: 0,
    "strength": _by_strength,
    "agreement": _by_agreement,
    "shortest": lambda one: len(one.record.response),
}
