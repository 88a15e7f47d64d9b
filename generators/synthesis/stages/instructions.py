"""Instructions: a task out of concepts and drawn properties (C->I), or of the seed alone (S->I)."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from generators.synthesis.records import Record, StageResult
from generators.synthesis.stages.asking import AskingStage
from veristone import Generation

__all__ = ["Instructions"]


class Instructions(AskingStage, frozen=True):
    """The template decides what the task is made of; the completion is the task, whole."""

    needs: ClassVar[tuple[str, ...]] = ("instruction",)
    gives: ClassVar[tuple[str, ...]] = ("instruction",)

    kind: Literal["instructions"] = "instructions"
    shots: int = Field(default=8, ge=0)
    min_characters: int = Field(default=20, ge=0)
    max_characters: int = Field(default=4000, ge=1)
    prose: Literal["any", "english"] = "any"
    """`english` refuses instructions in another script or, as far as stop words tell, language."""

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        raise NotImplementedError
