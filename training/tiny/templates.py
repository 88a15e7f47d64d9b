"""The families of functions that the tiny model learns, their arguments, and what they return.

A template (templates.toml beside this file) says what a function does in words, and gives the
expression that does it beside some that careless authors write. Names and constants are filled in
by `veristone.training.tiny.tasks`.
"""

import functools
import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["LETTERS", "Arguments", "Template", "distinct", "some_text", "templates", "value_of"]

Arguments = tuple[str, ...]

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Values of `{p}` and `{q}`, and of what texts are made of. None is a name, and the tokenizer joins
no two of them: the tiny model can copy them one by one."""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of functions; templates.toml describes the fields."""

    args: int
    letters: int = 1
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


def some_text(length: int, rng: random.Random) -> str:
    """Return an argument: so many different letters."""
    return "".join(rng.sample(LETTERS, length))


def distinct(draw: Callable[[], Arguments], n: int) -> list[Arguments]:
    """Draw until there are `n` different ones; each template has more than are asked for."""
    drawn: dict[str, Arguments] = {}
    while len(drawn) < n:
        arguments = draw()
        drawn[repr(arguments)] = arguments
    return list(drawn.values())


def value_of(expression: str, names: dict[str, str]) -> str:
    """Return what an expression of templates.toml makes of arguments and constants."""
    return eval(expression, {"__builtins__": {}}, names)
