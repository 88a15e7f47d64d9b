"""Responses: n solutions of a task, with the tests that their writer believes in (I->R)."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from generators.synthesis.records import Record, StageResult
from generators.synthesis.stages.asking import AskingStage
from generators.synthesis.stages.sampling import Sampling
from veristone import Generation

__all__ = ["Responses"]


class Responses(AskingStage, frozen=True):
    """Formats of an answer:

    `sections`  `[Reasoning]`, `[Implementation]`, `[Explanation]`, `[Tests]`, each once, on a line
                of its own and in this order (StarCoder2-Instruct)
    `tags`      `<response>`...`</response><tests>`...`</tests>` (SelfCodeAlign)
    `fences`    prose with code; the last fences that assert something are the tests
    `plain`     an answer without tests

    The first label or tag may stand at the end of the prompt, and the last closing tag may be a
    stop string: both are taken as given.
    """

    needs: ClassVar[tuple[str, ...]] = ("instruction", "response")
    gives: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["responses"] = "responses"
    format: Literal["sections", "tags", "fences", "plain"] = "tags"
    shots: int = Field(default=1, ge=0)
    sampling: Sampling = Sampling(n=10)
    tests_in_response: bool = False
    """Whether the tests stay in what a student is to answer."""
    min_characters: int = Field(default=1, ge=0)
    max_characters: int = Field(default=20_000, ge=1)
    imports: Literal["any", "stdlib"] = "any"
    """`stdlib` refuses Python that imports other people's modules."""
    allow_imports: tuple[str, ...] = ()
    """Modules that `stdlib` lets pass nevertheless."""
    prose: Literal["any", "english"] = "any"

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        raise NotImplementedError
