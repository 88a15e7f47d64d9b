"""The kinds of function that the tiny model learns, read from templates.toml beside this file.

A template says what a function does in words, and gives the expression that does it beside some
that careless authors write. Names and constants are filled in by `veristone.training.tiny.tasks`.
"""

import functools
import itertools
import tomllib
from pathlib import Path

import msgspec

__all__ = ["Constants", "Template", "templates"]


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
