"""Self-Instruct: new tasks out of nothing but examples that people wrote."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from generators.synthesis.records import Record, StageResult
from generators.synthesis.stages.asking import AskingStage
from veristone import Generation

__all__ = ["Propose"]


class Propose(AskingStage, frozen=True):
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
    """ROUGE-L (F measure over words) with any example of the set; Self-Instruct's threshold."""
    min_characters: int = Field(default=20, ge=0)
    max_characters: int = Field(default=4000, ge=1)
    prose: Literal["any", "english"] = "any"

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        raise NotImplementedError
