"""Examples of calls: the literals of a task, which survive rewording and translation.

Whoever rewrites `assert below_zero([1, 2, -4, 5])` keeps `1 2 -4 5`. Compared are runs of four
literals in a row, in code and prose alike. Runs of the small numbers that all examples have
(`0 1 2 3`, `1 1 1 1`) say nothing and are left out.
"""

import itertools
import re

__all__ = ["example_runs"]

RUN = 4
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?|\"[^\"\n]{0,60}\"|'[^'\n]{0,60}'")
_SMALL = frozenset(str(n) for n in range(11))


def example_runs(text: str) -> list[str]:
    """Return the runs of RUN literals that say something, each once, sorted."""
    found = [_spelling(literal) for literal in _LITERAL.findall(text)]
    runs = zip(*(found[i:] for i in range(RUN)), strict=False)
    return sorted({"\0".join(run) for run in runs if _says_something(run)})


def _spelling(literal: str) -> str:
    if literal[0] in "\"'":
        return "$" + literal[1:-1]
    return literal.rstrip("0").rstrip(".") if "." in literal else literal


def _says_something(run: tuple[str, ...]) -> bool:
    distinct = set(run)
    if len(distinct) < RUN - 1:
        return False
    if not distinct <= _SMALL:
        return sum(literal not in _SMALL and len(literal) > 1 for literal in distinct) > 1
    steps = {int(b) - int(a) for a, b in itertools.pairwise(run)}
    return len(steps) == RUN - 1
