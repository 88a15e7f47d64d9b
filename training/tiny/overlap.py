"""Whether what judges a model was shown to it: counted, by text alone.

Names mean nothing here. Instructions are compared with the function and its parameters under other
names, solutions by their syntax tree (`generators.code.normal`), and constants as the set that an
instruction names, whichever family it is of: a set that was shown anywhere counts.
"""

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Final, NamedTuple

from veristone.generators.code.normal import normal_form

__all__ = ["Overlap", "Shown", "find_overlap"]

_SIGNATURE: Final = re.compile(r"(\w+)\(([^)]*)\)")
_CONSTANT: Final = re.compile(r"'\w'|\b\d+\b")


class Shown(NamedTuple):
    """An instruction, and code that answers it; empty where none is shown."""

    instruction: str
    code: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of the held-out tasks have something in what was shown."""

    instructions: int = 0
    """The instruction, but for names."""
    solutions: int = 0
    """The right solution, but for names: also where it answered something else."""
    constants: int = 0
    """The set of constants."""

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __str__(self) -> str:
        return (
            f"held-out tasks are shown: {self.instructions} by their instructions,"
            f" {self.solutions} by their solutions, {self.constants} by their constants"
        )


def find_overlap(held_out: Iterable[Shown], shown: Iterable[Shown]) -> Overlap:
    """Count the held-out tasks, each with its right solution, that `shown` has parts of."""
    instructions, solutions, constants = set[str](), set[str](), set[frozenset[str]]()
    for one in shown:
        instructions.add(_nameless(one.instruction))
        constants.add(_constants(one.instruction))
        if one.code:
            solutions.add(normal_form(one.code, "python"))
    tasks = list(held_out)
    return Overlap(
        instructions=sum(_nameless(task.instruction) in instructions for task in tasks),
        solutions=sum(normal_form(task.code, "python") in solutions for task in tasks),
        constants=sum(_constants(task.instruction) in constants for task in tasks),
    )


def _nameless(instruction: str) -> str:
    """Return an instruction with the names of its signature numbered, wherever they stand."""
    found = _SIGNATURE.search(instruction)
    if found is None:
        return instruction
    names = [found[1], *found[2].split(", ")]
    numbers = {name: f"name{number}" for number, name in enumerate(names)}
    return re.sub(r"\w+", lambda word: numbers.get(word[0], word[0]), instruction)


def _constants(instruction: str) -> frozenset[str]:
    return frozenset(_CONSTANT.findall(instruction))
