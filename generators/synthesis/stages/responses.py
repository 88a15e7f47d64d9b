"""Responses: n solutions of a task, with the tests that their writer believes in (I->R)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from veristone.generators.synthesis.checks.base import Problem
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.answers import ANSWERS, Format
from veristone.generators.synthesis.stages.sampling import Sampling
from veristone.generators.synthesis.stages.solving import SolvingStage

__all__ = ["Responses"]


class Responses(SolvingStage, frozen=True):
    """Formats of an answer:

    `sections`  `[Reasoning]`, `[Implementation]`, `[Explanation]`, `[Tests]`, each once, on a line
                of its own and in this order (StarCoder2-Instruct)
    `tags`      `<response>`...`</response><tests>`...`</tests>` (SelfCodeAlign)
    `fences`    prose with code; the last fences that assert something are the tests
    `plain`     an answer without tests

    The first label or tag may stand at the end of the prompt, and the last closing tag may be a
    stop string: both are taken as given. The record's `response` is the response part as it was
    written, with its labels (what of it a student sees is decided when rows are selected), `code`
    all fences of the implementation that parse, joined, and `tests` the fences of the tests.
    """

    needs: ClassVar[tuple[str, ...]] = ("instruction", "response")
    gives: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["responses"] = "responses"
    format: Format = "tags"
    shots: int = Field(default=1, ge=0)
    sampling: Sampling = Sampling(n=10)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return response, code and tests, or the first thing that is wrong with the answer."""
        parts = ANSWERS[self.format](text)
        if isinstance(parts, Problem):
            return parts
        return self.solved(record, parts, random_seed, wants_tests=self.format != "plain")
