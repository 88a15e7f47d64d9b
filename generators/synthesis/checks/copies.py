"""`copies_example`, `copies_seed`, `duplicate`: texts that were there before.

Compared without white space and case. A short piece of code that two texts share is no copy: only
pieces of MIN_CHARACTERS and more count, and whole texts of any length.
"""

from collections.abc import Collection, Iterable

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.parsing.words import folded, rouge_l, words
from veristone.generators.synthesis.records import Record

__all__ = [
    "MIN_CHARACTERS",
    "duplicate",
    "example_code",
    "example_instruction",
    "seed_code",
    "seed_in_instruction",
]

MIN_CHARACTERS = 60
"""Of a shared piece, without white space: two or three lines of code."""
NEAR = 0.9
"""ROUGE-L from which an instruction is an example's with a word changed."""


def duplicate(text: str, kept: Collection[str]) -> Problem | None:
    """Return whether a completion says what one before it said, of those that were kept, which are
    given `folded`."""
    if folded(text) in kept:
        return problem("duplicate", "equal to an earlier completion of the same request")
    return None


def example_instruction(
    text: str, examples: Iterable[Example], most: float = NEAR
) -> Problem | None:
    """Return whether a text repeats the instruction of an example, or nearly so: `most` is the
    ROUGE-L from which it does."""
    mine, my_words = folded(text), words(text)
    for example in examples:
        theirs = folded(example.instruction)
        if not theirs:
            continue
        if _holds(mine, theirs):
            return problem("copies_example", example.name)
        likeness = rouge_l(my_words, words(example.instruction))
        if likeness > most:
            return problem("copies_example", f"{example.name}: ROUGE-L {likeness:.2f}")
    return None


def example_code(text: str, examples: Iterable[Example]) -> Problem | None:
    """Return whether a text has the code of an example in it: its solution, tests or snippet."""
    mine = folded(text)
    for example in examples:
        solution = [fence.code for fence in fences(example.response)]
        for code in (*solution, example.tests, example.snippet):
            if _holds(mine, folded(code)):
                return problem("copies_example", f"code of {example.name}")
    return None


def seed_in_instruction(text: str, record: Record) -> Problem | None:
    """Return whether an instruction shows the code that inspired it: then the answer is given."""
    if record.seed is None:
        return None
    if _piece(folded(record.seed.code), folded(text)):
        return problem("copies_seed", "the instruction shows the seed's code")
    return None


def seed_code(code: str, record: Record) -> Problem | None:
    """Return whether a solution is nothing but the seed."""
    if record.seed is not None and folded(record.seed.code) == folded(code):
        return problem("copies_seed", "the solution is the seed")
    return None


def _holds(whole: str, part: str) -> bool:
    return bool(part) and (whole == part or _piece(part, whole))


def _piece(part: str, whole: str) -> bool:
    return len(part) >= MIN_CHARACTERS and part in whole
