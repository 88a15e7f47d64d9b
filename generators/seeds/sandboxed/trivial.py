"""Functions that say nothing about where they come from: the expressions of `trivial.toml`.

A benchmark task that one of these solves ("return the length of a string") is solved by half of all
programs, and no reason to reject one. StarCoder2's seed filter had four such solutions on an allow
list; this is the class of them: arguments handed back, one operator, one built-in or one method.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

__all__ = ["expressions"]


def expressions() -> Iterator[tuple[str, str]]:
    """Yield parameters and a Python expression of them: `("a, b", "a + b")`.

    None takes long, whatever the arguments: powers are tried for small numbers only.
    """
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    for parameters, listed in table.items():
        for each in re.split("[;\n]", listed.strip()):
            yield parameters, each.strip()
