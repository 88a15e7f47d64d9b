"""The kinds of function that the tiny model learns, their arguments, and what they return.

A template (templates.toml beside this file) says what a function does in words, and gives the
expression that does it beside some that careless authors write. Names and constants are filled in
by `veristone.training.tiny.tasks`.
"""

import functools
import itertools
import random
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

__all__ = [
    "Arguments",
    "Constants",
    "Template",
    "common_input",
    "distinct",
    "hidden_input",
    "templates",
    "value_of",
]

Arguments = tuple[Any, ...]

# What people type when they try a function. Few values, so that a small model can learn by heart
# what becomes of them.
_COMMON: Final[dict[str, tuple[Any, ...]]] = {
    "int": (1, 2, 3, 5, 8, 10),
    "list": ([1, 2, 3], [], [5], [3, 1, 2], [4, 2]),
    "text": ("abc", "", "dog", "a"),
}
_LETTERS: Final = "abcdefghijklmnop"
_BUILTINS: Final = {each.__name__: each for each in (abs, len, max, min, sorted, sum)}


class Constants(msgspec.Struct, frozen=True):
    """Values for `{k}` and `{m}`; None where a template has no such constant."""

    k: int | None = None
    m: int | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of function; templates.toml describes the fields."""

    args: tuple[str, ...]
    phrases: tuple[str, ...]
    right: str
    wrong: tuple[str, ...]
    k: tuple[int, ...] = ()
    m: tuple[int, ...] = ()

    def constants(self) -> list[Constants]:
        """Return every choice of constants; one, without values, where there are none."""
        return [Constants(k, m) for k, m in itertools.product(self.k or (None,), self.m or (None,))]


@functools.cache
def templates() -> dict[str, Template]:
    """Return all templates by name, in the order of the file."""
    text = Path(__file__).with_name("templates.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Template])


def common_input(kind: str, rng: random.Random) -> Any:
    """Return an argument as an author would write it into a test."""
    if kind == "full":
        return rng.choice([value for value in _COMMON["list"] if value])
    if kind == "word":
        return rng.choice([value for value in _COMMON["text"] if value])
    return rng.choice(_COMMON[kind])


def hidden_input(kind: str, near: Sequence[int], rng: random.Random) -> Any:
    """Return an argument for a hidden test; integers are often close to one of `near`."""
    if kind == "int":
        return _number(near, rng)
    if kind in ("list", "full"):
        return [_number(near, rng) for _ in range(rng.randint(kind == "full", 6))]
    return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(kind == "word", 6)))


def _number(near: Sequence[int], rng: random.Random) -> int:
    if near and rng.random() < 0.5:
        return rng.choice(near) + rng.choice((-1, 0, 1))
    return rng.randint(-9, 30)


def distinct(draw: Callable[[], Arguments], n: int) -> list[Arguments]:
    """Draw until there are `n` different ones; each template has far more than are asked for."""
    drawn: dict[str, Arguments] = {}
    while len(drawn) < n:
        arguments = draw()
        drawn[repr(arguments)] = arguments
    return list(drawn.values())


def value_of(expression: str, parameters: Sequence[str], arguments: Arguments) -> Any:
    """Return what an expression of templates.toml makes of arguments.

    Where it fails, the class of the error, which equals no value.
    """
    names = dict(zip(parameters, arguments, strict=True))
    try:
        return eval(expression, {"__builtins__": _BUILTINS}, names)
    except (ArithmeticError, IndexError, TypeError) as error:
        return type(error)
