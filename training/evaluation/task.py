"""One task of a benchmark: what a model is asked, and how an answer becomes a sample."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from veristone import Check

__all__ = ["Program", "Task"]


class Program(NamedTuple):
    """The code that is run for a solution, and the check that decides about it."""

    code: str
    check: Check


@dataclass(frozen=True, slots=True)
class Task:
    """`humaneval` has `test`, EvalPlus's have inputs and `atol`; the suites have `build`."""

    task_id: str
    prompt: str
    """What a base model continues; empty where the task is prose only."""
    entry_point: str
    canonical_solution: str
    test: str = ""
    base_input: tuple[list[Any], ...] = ()
    """Arguments of each call, as JSON holds them."""
    plus_input: tuple[list[Any], ...] = ()
    atol: float = 0.0
    build: Callable[[str], Program] | None = None
    """Makes the program of a solution, for benchmarks whose checks are none of EvalPlus's."""
    instruction: str = ""
    """What an instruction-tuned model is asked; empty: to complete `prompt`."""
    language: str = "python"
    stop: tuple[str, ...] = ()
    """Strings that end a base model's continuation."""
    group: str = ""
    """What the benchmark reports separately: a difficulty, a library."""
    date: str = ""
    """When the task was published, as YYYY-MM-DD: later ones cannot be in older training data."""
