"""The names of Python 3.11 and its standard library, frozen.

So that a seed is judged alike on every Python version and on every machine. The list is a file,
`stdlib_3_11.json`, which `benchmarks/freeze_stdlib.py` writes.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["FILE", "builtin_names", "frozen", "members", "roots"]

FILE: Final = Path(__file__).with_name("stdlib_3_11.json")


@cache
def frozen() -> dict[str, Any]:
    """Read the file: `builtins` and `roots`, names separated by blanks, and `members`, the public
    names of public modules (with the modules below them). Roots are of any platform, and private
    ones too."""
    return json.loads(FILE.read_text(encoding="utf-8"))


@cache
def builtin_names() -> frozenset[str]:
    """Return the names that every module sees without importing them."""
    return frozenset(frozen()["builtins"].split())


@cache
def roots() -> frozenset[str]:
    """Return the first parts of all module names of the standard library."""
    return frozenset(frozen()["roots"].split())


@cache
def members(module: str) -> frozenset[str]:
    """Return the public names of a public module; none for any other."""
    return frozenset(frozen()["members"].get(module, "").split())
