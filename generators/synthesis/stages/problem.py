"""OSS-Instruct: a snippet inspires a problem and its solution, in one answer (Magicoder)."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.checks.copies import example_instruction, seed_in_instruction
from veristone.generators.synthesis.checks.leaks import leak
from veristone.generators.synthesis.checks.size import size
from veristone.generators.synthesis.parsing.sections import sections
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.answers import Parts
from veristone.generators.synthesis.stages.solving import SolvingStage

__all__ = ["ProblemAndSolution"]

LABELS = ("Problem Description", "Solution", "Tests")


class ProblemAndSolution(SolvingStage, frozen=True):
    """The answer is `[Problem Description]`, then `[Solution]`, then `[Tests]` where asked for.

    The problem becomes the instruction, the solution the response. The first label may stand at
    the end of the prompt.
    """

    needs: ClassVar[tuple[str, ...]] = ("snippet", "instruction", "response")
    gives: ClassVar[tuple[str, ...]] = ("instruction", "response")

    kind: Literal["problem"] = "problem"
    tests: Literal["none", "optional", "required"] = "none"
    """`none`: the section is not looked for."""
    min_problem_characters: int = Field(default=20, ge=0)
    max_problem_characters: int = Field(default=6000, ge=1)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return instruction, response, code and tests, or the first thing that is wrong."""
        labels = LABELS[:2] if self.tests == "none" else LABELS
        found = sections(text, labels)
        names = [section.label for section in found]
        if names != list(labels[: len(names)]) or len(names) < 2:
            return problem("wrong_format", f"sections: {', '.join(names) or 'none'}")
        instruction, solution = found[0].text, found[1].text
        tests = found[2].text if len(found) > 2 else ""
        wrong = self.look(
            lambda: self.whole(fences(instruction)),
            lambda: leak(instruction, self.markers),
            lambda: size(
                instruction, self.min_problem_characters, self.max_problem_characters, "problem"
            ),
            lambda: example_instruction(instruction, self.shown(record, random_seed)),
            lambda: seed_in_instruction(instruction, record),
        )
        if wrong is not None:
            return wrong
        parts = Parts(solution, fences(solution), fences(tests), f"{solution}\n\n{tests}".strip())
        wants = self.tests == "required" or bool(tests)
        solved = self.solved(record, parts, random_seed, wants_tests=wants)
        return solved if isinstance(solved, Problem) else {"instruction": instruction, **solved}
