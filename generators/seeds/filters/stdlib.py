"""The names of Python 3.11 and its standard library, frozen.

So that a seed is judged alike on every Python version and on every machine. The list is a file,
`stdlib_3_11.json`, which `benchmarks/freeze_stdlib.py` writes.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["FILE", "Frozen", "builtin_names", "frozen", "members", "roots"]

FILE: Final = Path(__file__).with_name("stdlib_3_11.json")


class Frozen(msgspec.Struct, frozen=True):
    """What the file holds. Names in one string are separated by blanks."""

    builtins: str
    roots: str
    """Modules that can be imported, on any platform, without a dot: with private ones."""
    members: Mapping[str, str]
    """Public modules with dots: their public names, modules and packages below them included."""


@cache
def frozen() -> Frozen:
    """Read the file."""
    return msgspec.convert(json.loads(FILE.read_text(encoding="utf-8")), Frozen)


@cache
def builtin_names() -> frozenset[str]:
    """Return the names that every module sees without importing them."""
    return frozenset(frozen().builtins.split())


@cache
def roots() -> frozenset[str]:
    """Return the first parts of all module names of the standard library."""
    return frozenset(frozen().roots.split())


@cache
def members(module: str) -> frozenset[str]:
    """Return the public names of a public module; none for any other."""
    return frozenset(frozen().members.get(module, "").split())
