"""Concepts: what a seed is about, in a few phrases (S->C of StarCoder2-Instruct)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from veristone.generators.synthesis.checks.base import Problem
from veristone.generators.synthesis.checks.concepts import concepts
from veristone.generators.synthesis.checks.leaks import leak
from veristone.generators.synthesis.parsing.lists import concepts_in
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.reading import ReadingStage

__all__ = ["Concepts"]


class Concepts(ReadingStage, frozen=True):
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

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return the concepts, or what is wrong with the list."""
        found = concepts_in(text)
        wrong = self.look(
            lambda: leak(text, self.markers),
            lambda: concepts(
                found,
                least=self.min_concepts,
                most=self.max_concepts,
                most_words=self.max_words,
                most_characters=self.max_characters,
            ),
        )
        return wrong or {"concepts": found}
