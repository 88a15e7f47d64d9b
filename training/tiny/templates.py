"""The families of functions that the tiny model learns, their arguments, and what they return.

A template (templates.toml beside this file) says what a function does in words, and gives the
expression that does it beside some that careless authors write. Names and constants are filled in
by `veristone.training.tiny.tasks`.
"""

import functools
import random
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

__all__ = [
    "DIGITS",
    "LETTERS",
    "Arguments",
    "Template",
    "distinct",
    "input_near",
    "templates",
    "value_of",
]

Arguments = tuple[Any, ...]

DIGITS: Final = range(1, 9)
"""Values of `{k}` and `{m}`. Each has a neighbour of one digit on both sides."""
LETTERS: Final = "abcdefghjklmopqrvwzABCDEFGHJKLMOPQRVWZ"
"""Values of `{p}` and `{q}`; none is a parameter's name."""
_BUILTINS: Final = {"len": len}


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of functions; templates.toml describes the fields."""

    args: tuple[str, ...]
    phrases: tuple[str, ...]
    right: str
    wrong: tuple[str, ...]
    share: float
    untuned: bool = False


@functools.cache
def templates() -> dict[str, Template]:
    """Return all templates by name, in the order of the file."""
    text = Path(__file__).with_name("templates.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Template])


def input_near(kind: str, digits: Sequence[int], letters: str, rng: random.Random) -> Any:
    """Return an argument that tells something: half of its digits are one of `digits` or next to
    it, and half of the letters are among `letters`."""
    if kind == "int":
        return _digit(digits, rng)
    if kind == "letter":
        return rng.choice(letters if rng.random() < 0.5 else LETTERS)
    fewest = 2 if kind == "long" else 0
    return [_digit(digits, rng) for _ in range(rng.randint(fewest, 3))]


def _digit(near: Sequence[int], rng: random.Random) -> int:
    if near and rng.random() < 0.5:
        return rng.choice(near) + rng.choice((-1, 0, 0, 1))
    return rng.randint(0, 9)


def distinct(draw: Callable[[], Arguments], n: int) -> list[Arguments]:
    """Draw until there are `n` different ones; each template has more than are asked for."""
    drawn: dict[str, Arguments] = {}
    while len(drawn) < n:
        arguments = draw()
        drawn[repr(arguments)] = arguments
    return list(drawn.values())


def value_of(expression: str, parameters: Sequence[str], arguments: Arguments) -> Any:
    """Return what an expression of templates.toml makes of arguments."""
    names = dict(zip(parameters, arguments, strict=True))
    return eval(expression, {"__builtins__": _BUILTINS}, names)
