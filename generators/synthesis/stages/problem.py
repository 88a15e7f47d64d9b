"""OSS-Instruct: a snippet inspires a problem and its solution, in one answer (Magicoder)."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from generators.synthesis.records import Record, StageResult
from generators.synthesis.stages.asking import AskingStage
from veristone import Generation

__all__ = ["ProblemAndSolution"]


class ProblemAndSolution(AskingStage, frozen=True):
    """The answer is `[Problem Description]`, then `[Solution]`, then `[Tests]` where asked for.

    The problem becomes the instruction, the solution the response. The first label may stand at
    the end of the prompt.
    """

    needs: ClassVar[tuple[str, ...]] = ("snippet", "instruction", "response")
    gives: ClassVar[tuple[str, ...]] = ("instruction", "response")

    kind: Literal["problem"] = "problem"
    tests: Literal["none", "optional", "required"] = "none"
    tests_in_response: bool = False
    min_characters: int = Field(default=20, ge=0)
    """Of the problem."""
    max_characters: int = Field(default=20_000, ge=1)
    """Of problem and solution each."""
    imports: Literal["any", "stdlib"] = "any"
    allow_imports: tuple[str, ...] = ()
    prose: Literal["any", "english"] = "any"

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        raise NotImplementedError
