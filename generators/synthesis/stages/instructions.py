"""Stages that have a task written: concepts first (S->C), instructions (C->I, S->I), proposals."""

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.base import Check, Problem
from veristone.generators.synthesis.checks.copies import example_instruction, seed_in_instruction
from veristone.generators.synthesis.checks.text import concepts, leak, size
from veristone.generators.synthesis.formats import concepts_in
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.base import Stage

__all__ = ["Concepts", "Instructions", "Propose", "WritingStage", "instruction_in"]

_LABEL = re.compile(
    r"\A[ \t]*(?:#{1,6}[ \t]*)?\*{0,2}\[?(?:instruction|task)\]?:?\*{0,2}:?[ \t]*\n", re.IGNORECASE
)


def instruction_in(text: str) -> str:
    """Return an instruction without blanks around it and without a label of its own line on top,
    such as `**Task:**`, which chat models put there."""
    return _LABEL.sub("", text.strip()).strip()


class Concepts(Stage, frozen=True):
    """What a seed is about, in a few phrases (S->C of StarCoder2-Instruct).

    The template shows `seed_code`; the completion is a list, see `formats.concepts_in`."""

    needs: ClassVar[tuple[str, ...]] = ("snippet", "concepts")
    gives: ClassVar[tuple[str, ...]] = ("concepts",)

    kind: Literal["concepts"] = "concepts"
    shots: int = Field(default=8, ge=0)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return the concepts, or what is wrong with the list."""
        found = concepts_in(text)
        wrong = self.look(lambda: leak(text, self.markers), lambda: concepts(found))
        return wrong or {"concepts": found}


class WritingStage(Stage, frozen=True):
    """A stage whose completion is an instruction."""

    needs: ClassVar[tuple[str, ...]] = ("instruction",)
    gives: ClassVar[tuple[str, ...]] = ("instruction",)

    min_characters: int = Field(default=20, ge=0)
    max_characters: int = Field(default=4000, ge=1)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return the instruction, or the first thing that is wrong with it."""
        instruction = instruction_in(text)
        found = self.look(*self.instruction_checks(record, instruction, random_seed))
        return found or {"instruction": instruction}

    def instruction_checks(
        self, record: Record, instruction: str, random_seed: int
    ) -> tuple[Check, ...]:
        """Return the checks of an instruction, in order."""
        return (
            lambda: self.whole(fences(instruction)),
            lambda: leak(instruction, self.markers),
            lambda: size(instruction, self.min_characters, self.max_characters, "instruction"),
            lambda: example_instruction(instruction, self.shown(record, random_seed)),
            lambda: seed_in_instruction(instruction, record),
        )


class Instructions(WritingStage, frozen=True):
    """A task out of concepts and drawn properties (C->I), or of the seed alone (S->I): the template
    decides. The completion is the task, whole."""

    kind: Literal["instructions"] = "instructions"
    shots: int = Field(default=8, ge=0)


class Propose(WritingStage, frozen=True):
    """Self-Instruct: new tasks out of nothing but examples that people wrote. Each record is an
    empty draw with examples of its own; the completion is a new task.

    Likeness to the examples is judged here. Likeness among proposals is not: it would depend on
    their order, and belongs to the choice of rows at the end.
    """

    kind: Literal["propose"] = "propose"
    shots: int = Field(default=8, ge=0)
    decks: int = Field(default=0, ge=0)
    max_similarity: float = Field(default=0.7, gt=0, le=1)
    """ROUGE-L (F measure over words) with any example of the set, not only the ones in the prompt;
    more is `copies_example`. Self-Instruct's threshold (arXiv 2212.10560)."""

    def instruction_checks(
        self, record: Record, instruction: str, random_seed: int
    ) -> tuple[Check, ...]:
        """Return the checks of every instruction, and that of its likeness to the examples."""
        return (
            *super().instruction_checks(record, instruction, random_seed),
            lambda: example_instruction(instruction, self.examples, self.max_similarity),
        )
