"""Near-duplicates among chosen responses: seed collection's steps, asked about other texts.

A rule compares one thing: the instruction, the response, the code, the form of the code (`trees`),
or the papers' function names (`names`). With a threshold of 1 equal texts are duplicates, white
space apart; below, texts whose sets of word 5-grams have that Jaccard similarity. Responses of one
instruction are no duplicates of one another by their instruction.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.seeds.steps import OrderedStep, Rejected
from veristone.generators.selection.groups import group_key
from veristone.generators.selection.names import first_block, name_sequence, name_set
from veristone.generators.selection.trees import normal_form
from veristone.generators.synthesis.records import Record

__all__ = ["Duplicate", "Duplicates", "Sieve"]

_NOWHERE = Provenance(source="selection")


class Duplicates(BaseModel):
    """A rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Literal["instruction", "response", "code", "tree", "names", "name_set"]
    threshold: float = Field(default=1.0, ge=0.05, le=1.0)
    """Jaccard similarity from which on the later one is rejected; 1: equal texts."""

    @property
    def name(self) -> str:
        """What the funnel calls it: `near_tree_0.7`, `same_instruction`."""
        return f"same_{self.of}" if self.threshold == 1 else f"near_{self.of}_{self.threshold:g}"

    def step(self) -> OrderedStep:
        """Return the step of seed collection that decides."""
        if self.threshold == 1:
            return ExactDuplicates()
        return NearDuplicates(threshold=self.threshold)


class Duplicate(NamedTuple):
    """Why a response is rejected."""

    id: str
    """Of the earlier response (or instruction)."""
    detail: str


class Sieve:
    """A rule at work: what it has seen lies in a folder.

    Args:
        rule: what is compared.
        folder: empty, or what this rule wrote before.
    """

    def __init__(self, rule: Duplicates, folder: Path) -> None:
        self.rule = rule
        self._folder = folder
        self._step = rule.step()
        self._part = 0

    def judge(self, records: Sequence[Record]) -> list[Duplicate | None]:
        """Return for each response what it duplicates, in order; the others are remembered."""
        subjects = _subjects(records, self.rule.of)
        # What has no name has nothing in common with others, by SelfCodeAlign's rule.
        seeds = [seed for seed in subjects if seed.code or self.rule.of != "name_set"]
        sketch = self._step.sketch(seeds)
        outcomes = self._step.decide(self._part, seeds, sketch, self._folder)
        self._part += 1
        found = {
            seed.id: _duplicate(outcome)
            for seed, outcome in zip(seeds, outcomes, strict=True)
            if isinstance(outcome, Rejected)
        }
        by_group = self.rule.of == "instruction"
        return [found.get(group_key(one.id) if by_group else one.id) for one in records]


def _duplicate(outcome: Rejected) -> Duplicate:
    return Duplicate(outcome.detail.rpartition(" ")[2], outcome.detail)


def _subjects(records: Sequence[Record], of: str) -> list[Seed]:
    """Return what is compared, once for each instruction where that is it."""
    text = _TEXTS[of]
    found: dict[str, Seed] = {}
    for record in records:
        key = group_key(record.id) if of == "instruction" else record.id
        if key not in found:
            found[key] = Seed(
                id=key, code=text(record), language=record.language, provenance=_NOWHERE
            )
    return list(found.values())


_TEXTS: dict[str, Callable[[Record], str]] = {
    "instruction": lambda record: record.instruction,
    "response": lambda record: record.response,
    "code": lambda record: record.code,
    "tree": lambda record: normal_form(record.code, record.language),
    "names": lambda record: name_sequence(first_block(record.response, record.code)),
    "name_set": lambda record: name_set(first_block(record.response, record.code)),
}
