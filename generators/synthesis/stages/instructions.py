"""Instructions: a task out of concepts and drawn properties (C->I), or of the seed alone (S->I)."""

from typing import ClassVar, Literal

from pydantic import Field

from veristone.generators.synthesis.stages.writing import WritingStage

__all__ = ["Instructions"]


class Instructions(WritingStage, frozen=True):
    """The template decides what the task is made of; the completion is the task, whole."""

    needs: ClassVar[tuple[str, ...]] = ("instruction",)
    gives: ClassVar[tuple[str, ...]] = ("instruction",)

    kind: Literal["instructions"] = "instructions"
    shots: int = Field(default=8, ge=0)
