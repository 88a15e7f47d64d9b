"""Self-Instruct: new tasks out of nothing but examples that people wrote."""

from typing import ClassVar, Literal

from pydantic import Field

from veristone.generators.synthesis.checks.base import Check
from veristone.generators.synthesis.checks.copies import example_instruction
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.writing import WritingStage

__all__ = ["Propose"]


class Propose(WritingStage, frozen=True):
    """Each record is an empty draw with examples of its own; the completion is a new task.

    Likeness to the examples is judged here. Likeness among proposals is not: it would depend on
    their order, and belongs to the choice of rows at the end.
    """

    needs: ClassVar[tuple[str, ...]] = ("instruction",)
    gives: ClassVar[tuple[str, ...]] = ("instruction",)

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
