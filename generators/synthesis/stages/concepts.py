"""Concepts: what a seed is about, in a few phrases (S->C of StarCoder2-Instruct)."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from generators.synthesis.records import Record, StageResult
from generators.synthesis.stages.asking import AskingStage
from veristone import Generation

__all__ = ["Concepts"]


class Concepts(AskingStage, frozen=True):
    """The template shows `seed_code`; the completion is a list, see `parsing.lists`."""

    needs: ClassVar[tuple[str, ...]] = ("snippet", "concepts")
    gives: ClassVar[tuple[str, ...]] = ("concepts",)

    kind: Literal["concepts"] = "concepts"
    shots: int = Field(default=8, ge=0)
    min_concepts: int = Field(default=1, ge=1)
    max_concepts: int = Field(default=12, ge=1)
    max_words: int = Field(default=10, ge=1)
    """Of one concept; longer ones are sentences."""
    max_characters: int = Field(default=80, ge=1)
    """Of one concept."""

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        raise NotImplementedError
