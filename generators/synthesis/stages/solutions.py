"""Solutions: a function's head is continued n times, and so is a list of asserts about it (CodeT).

Two requests for a record: `STAGE/ID` continues the function, `STAGE.tests/ID` the tests. Solution i
goes with the asserts of continuation i.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from generators.synthesis.records import Record, StageResult
from generators.synthesis.stages.asking import AskingStage
from generators.synthesis.stages.sampling import Sampling
from generators.synthesis.templates import Template
from veristone import Generation, GenerationRequest

__all__ = ["Solutions"]


class Solutions(AskingStage, frozen=True):
    """Records come from an input of tasks: `seed_code` is the prompt, `record.seed.name` the entry
    point. Both templates are raw, not conversations; that of the tests ends in `assert `."""

    gives: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["solutions"] = "solutions"
    tests_template: Template
    sampling: Sampling = Sampling(n=100, temperature=0.8, top_p=0.95, max_tokens=300)
    """CodeT's: 100 solutions and 100 continuations of tests, T 0.8, top-p 0.95, 300 tokens."""
    tests_max_tokens: int = Field(default=300, ge=1)
    tests_stop: tuple[str, ...] = ()
    max_asserts: int = Field(default=0, ge=0)
    """Asserts to keep of each continuation, from the first; 0: all. CodeT kept 5."""
    imports: Literal["any", "stdlib"] = "any"
    allow_imports: tuple[str, ...] = ()

    @property
    def templates(self) -> tuple[Template, ...]:
        """Both templates."""
        return (self.template, self.tests_template)

    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        """Return the request for solutions and the one for tests."""
        drawn = self.drawn(record, random_seed)
        sampling = self.sampling.model_copy(
            update={"max_tokens": self.tests_max_tokens, "stop": self.tests_stop}
        )
        return [
            self.request(drawn, self.template, random_seed),
            self.request(drawn, self.tests_template, random_seed, sampling=sampling, part="tests"),
        ]

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        raise NotImplementedError
