"""What stages share that have an instruction written: its form, and the checks of it."""

import re
from typing import Any, Literal

from pydantic import Field

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.base import Check, Problem
from veristone.generators.synthesis.checks.copies import (
    NEAR,
    example_instruction,
    seed_in_instruction,
)
from veristone.generators.synthesis.checks.leaks import leak
from veristone.generators.synthesis.checks.prose import prose
from veristone.generators.synthesis.checks.size import size
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.reading import ReadingStage

__all__ = ["WritingStage", "instruction_in"]

_LABEL = re.compile(
    r"\A[ \t]*(?:#{1,6}[ \t]*)?\*{0,2}\[?(?:instruction|task)\]?:?\*{0,2}:?[ \t]*\n", re.IGNORECASE
)


class WritingStage(ReadingStage, frozen=True):
    """A stage whose completion is an instruction."""

    min_characters: int = Field(default=20, ge=0)
    max_characters: int = Field(default=4000, ge=1)
    prose: Literal["any", "english"] = "any"
    """`english` refuses instructions in another script or, as far as stop words tell, language."""

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
            lambda: prose(instruction, self.prose),
            lambda: example_instruction(instruction, self.shown(record, random_seed), NEAR),
            lambda: seed_in_instruction(instruction, record),
        )


def instruction_in(text: str) -> str:
    """Return an instruction without blanks around it and without a label of its own line on top,
    such as `**Task:**`, which chat models put there."""
    return _LABEL.sub("", text.strip()).strip()
