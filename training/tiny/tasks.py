"""Small programming tasks without end, of known difficulty and with the right answer at hand.

A task asks for a one-line Python function. It comes with a right solution, with wrong ones as they
stand in carelessly written code, with tests as authors of the one or the other belief would write
them, and with hidden tests. Hidden tests are for judging; no corpus and no prompt may show them.

What is held out is cut before anything is written: every task has two letters for constants, and a
pair of letters, in whichever order and whatever the family, belongs to one split. So no instruction
and no solution of one split, right or wrong, has the constants of another; nor the function's
name. `overlap` counts it. Some families are, besides, in no instruction of `align`.

Everything is a function of seed, split and index: task 7 is the same whether 8 tasks are sampled or
8,000, on every machine and Python.
"""

import functools
import hashlib
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from veristone.training.tiny.templates import (
    LETTERS,
    Arguments,
    distinct,
    some_text,
    templates,
    value_of,
)

__all__ = ["HIDDEN_TESTS", "Split", "Task", "sample_tasks"]

Split: TypeAlias = Literal["pretrain", "align", "held_out", "untuned"]
"""`pretrain`: solutions are shown to the model before anything else. `align`: instructions for
the loop, whose solutions the model writes itself. `held_out`: for evaluation only, of the families
that are in `align`; `untuned`: with the constants of `held_out`, of the other families."""

HIDDEN_TESTS: Final = 8
_EXAMPLES: Final = 2
_SHARES: Final[dict[str, int]] = {"pretrain": 6, "align": 2, "held_out": 2}  # of 10

_words_in = re.compile(r"\w+").findall
_FIRST: Final = _words_in(
    "amber bold calm dark eager fair grand happy icy jolly keen light merry neat old proud "
    "quick red shy tall urban vast warm young"
)
_SECOND: Final = _words_in(
    "acorn bear cloud dune elm fox gate hill iris jar kite lamp moon nest oak pond quill "
    "river star tree urn vine wolf yard"
)
_PARAMETERS: Final = {
    1: (("s",), ("t",), ("text",), ("word",)),
    2: (("s", "t"), ("x", "y"), ("left", "right"), ("head", "tail")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task."""

    id: str
    template: str
    name: str
    """Of the function."""
    instruction: str
    solution: str
    """A right program."""
    mistakes: tuple[str, ...]
    """Wrong programs. Each fails a hidden test."""
    example_tests: tuple[str, ...]
    """Lines of a suite for a corpus: `_EXAMPLES` true asserts, which say what is expected as an
    expression, as those do who test what they have in mind."""
    mistaken_tests: tuple[tuple[str, ...], ...]
    """The same calls as an author of each mistake believes that they end."""
    hidden_tests: tuple[str, ...]
    """`HIDDEN_TESTS` true ``assert`` lines of their own, on literals."""


def sample_tasks(seed: int, n: int, split: Split) -> list[Task]:
    """Return the first `n` tasks of a split; tasks may repeat, the more so the larger `n` is.

    Raises:
        ValueError: there is no such split.
    """
    if split not in get_args(Split):
        raise ValueError(f"split: {split!r} is none of {', '.join(get_args(Split))}")
    return [_task(seed, index, split) for index in range(n)]


def _task(seed: int, index: int, split: Split) -> Task:
    key = f"{split}-{seed}-{index:06d}"
    rng = random.Random(f"tiny {key}")
    family = rng.choice(_families(split))
    template = templates()[family]
    apart = "held_out" if split == "untuned" else split
    name = _drawn(lambda: f"{rng.choice(_FIRST)}_{rng.choice(_SECOND)}", apart)
    pair = _drawn(lambda: "".join(sorted(rng.sample(LETTERS, 2))), apart)
    letters = "".join(rng.sample(pair, 2))
    parameters = rng.choice(_PARAMETERS[template.args])
    words = dict(zip("ab", parameters, strict=False))
    right = template.right.format(**words)
    wrong = [expression.format(**words) for expression in template.wrong]

    constants = _assignments("pq", letters)

    def program(expression: str) -> str:
        lines = (f"def {name}({', '.join(parameters)}):", *constants, f"return {expression}")
        return "\n    ".join(lines)

    def draw() -> Arguments:
        return tuple(some_text(template.letters, rng) for _ in parameters)

    def suite(expression: str) -> tuple[str, ...]:
        call = f"assert {name}({', '.join(parameters)}) == {expression}"
        return tuple(
            line for arguments in examples for line in (*_assignments(parameters, arguments), call)
        )

    def hidden(arguments: Arguments) -> str:
        names = dict(zip((*parameters, *"pq"), (*arguments, *letters), strict=True))
        value = value_of(right, names)
        return f"assert {name}({', '.join(map(repr, arguments))}) == {value!r}"

    examples = distinct(draw, _EXAMPLES)
    return Task(
        id=f"tiny-{key}",
        template=family,
        name=name,
        instruction=f"Write a function {name}({', '.join(parameters)}) with p = {letters[0]!r}"
        f" and q = {letters[1]!r} that {rng.choice(template.phrases).format(**words)}.",
        solution=program(right),
        mistakes=tuple(map(program, wrong)),
        example_tests=(*constants, *suite(right)),
        mistaken_tests=tuple((*constants, *suite(expression)) for expression in wrong),
        hidden_tests=tuple(map(hidden, distinct(draw, HIDDEN_TESTS))),
    )


def _assignments(names: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name} = {value!r}" for name, value in zip(names, values, strict=True))


@functools.cache
def _families(split: Split) -> list[str]:
    """Return the families that a split has tasks of: in pre-training all of them."""
    return [
        name
        for name, template in templates().items()
        if split == "pretrain" or template.untuned == (split == "untuned")
    ]


def _drawn(draw: Callable[[], str], split: str) -> str:
    """Draw a name or a pair of letters until it is one of the split."""
    while _split_of(drawn := draw()) != split:
        pass
    return drawn


@functools.cache
def _split_of(text: str) -> str:
    at = hashlib.sha256(text.encode()).digest()[0] % sum(_SHARES.values())
    for split, share in _SHARES.items():
        if at < share:
            return split
        at -= share
    raise AssertionError("shares add up")
