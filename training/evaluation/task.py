"""One task of a benchmark: what a model is asked, and how an answer becomes a program."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from veristone import Check
from veristone.generators.code.names import defines
from veristone.generators.code.python import parses

__all__ = ["Program", "Task"]


class Program(NamedTuple):
    """The code that is run for a solution, and the check that decides about it."""

    code: str
    check: Check


@dataclass(frozen=True, slots=True)
class Task:
    """What all benchmarks come down to."""

    task_id: str
    prompt: str
    """What a base model continues; empty where the task is prose only."""
    entry_point: str
    canonical_solution: str
    build: Callable[[str], Program] = field(compare=False)
    """Makes the program of a solution."""
    instruction: str = ""
    """What an instruction-tuned model is asked; empty: to complete `prompt`."""
    language: str = "python"
    stop: tuple[str, ...] = ()
    """Strings that end a base model's continuation."""
    date: str = ""
    """When the task was published, as YYYY-MM-DD: later ones cannot be in older training data."""
    base_input: tuple[list[Any], ...] = ()
    """EvalPlus: arguments of each call, as JSON holds them; the program's check makes the base
    calls first."""
    plus_input: tuple[list[Any], ...] = ()
    base_with_plus: bool = False
    """Base and plus tests are in one, as Hugging Face has them: only both together pass."""

    @property
    def reference(self) -> str:
        """The canonical solution as a whole program; empty where there is none."""
        # MBPP's solutions are whole, and their prompts prose; those of HumanEval are bodies of the
        # function that the prompt begins.
        solution = self.canonical_solution
        whole = (
            self.language == "python" and parses(solution) and defines(solution, self.entry_point)
        )
        return solution if whole or not solution else self.prompt + solution
