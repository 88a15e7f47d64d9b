"""Evol-Instruct: an instruction is made harder in one of several ways (WizardCoder).

Rounds are made by naming the stage several times in a recipe.
"""

from collections.abc import Sequence
from typing import Any, Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from veristone import Generation, GenerationRequest
from veristone.generators.synthesis.checks.base import Check, Problem
from veristone.generators.synthesis.checks.copies import evolution
from veristone.generators.synthesis.draws import Weight, chosen
from veristone.generators.synthesis.records import Evolution, Record, StageResult
from veristone.generators.synthesis.stages.instructions import WritingStage

__all__ = ["Evolve", "Method"]


class Method(BaseModel):
    """One way to evolve."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    weight: Weight = 1.0
    text: str = ""
    """What `{{ method }}` renders."""

    def __str__(self) -> str:
        return self.text


class Evolve(WritingStage, frozen=True):
    """The template shows `instruction` and `method`; the completion is the new instruction."""

    kind: Literal["evolve"] = "evolve"
    methods: tuple[Method, ...] = Field(min_length=1)
    """One is drawn for each record, by weight."""
    keep_parent: Literal["never", "refused"] = "never"
    """Whether the instruction goes on as it was when every evolution of it is refused."""
    max_characters: int = Field(default=6000, ge=1)

    @model_validator(mode="after")
    def _one_can_be_drawn(self) -> Self:
        names = [method.name for method in self.methods]
        if len(set(names)) < len(names):
            raise ValueError("two methods have the same name")
        if not any(method.weight for method in self.methods):
            raise ValueError("all weights of methods are 0")
        return self

    def method(self, record: Record, random_seed: int) -> Method:
        """Return the method that is drawn for a record."""
        weights = {method.name: method.weight for method in self.methods}
        name = chosen(weights, "method", random_seed, self.name, record.id)
        return next(method for method in self.methods if method.name == name)

    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        """Return the request for one evolution."""
        method = self.method(record, random_seed)
        drawn = self.drawn(record, random_seed)
        return [self.request(drawn, self.template, random_seed, method=method)]

    def instruction_checks(
        self, record: Record, instruction: str, random_seed: int
    ) -> tuple[Check, ...]:
        """Return the checks of every instruction, and that of an evolution against its parent."""
        return (
            *super().instruction_checks(record, instruction, random_seed),
            lambda: evolution(instruction, record.instruction),
        )

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return the evolved instruction and the history of it."""
        found = super().read_one(record, text, random_seed)
        if isinstance(found, Problem):
            return found
        method = self.method(record, random_seed).name
        before = Evolution(method=method, instruction=record.instruction)
        return {**found, "history": (*record.history, before)}

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        """Return the evolutions, or the parent where it is to go on."""
        result = super().read(record, answers, random_seed)
        if self.keep_parent == "refused" and not result.kept:
            return msgspec.structs.replace(result, kept=(record,))
        return result
