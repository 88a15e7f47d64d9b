"""Markdown that hostile text cannot leave.

Text from outside stands only in code spans and fences, where nothing is markup. It must have been
made visible first (`visible`): no line ends in a span.
"""

import re
from collections.abc import Collection, Sequence
from itertools import zip_longest

from veristone.generators.seeds.report.figures import DASH

__all__ = ["fence", "span", "table"]

_BACKTICKS = re.compile("`+")
_LANGUAGE = re.compile(r"[a-z][a-z0-9+#-]{0,19}")


def span(text: str) -> str:
    """Return a line of text as a code span; a dash for nothing."""
    if not text.strip():
        return DASH
    ticks = "`" * (_longest(text) + 1)
    edge = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def fence(code: str, language: str) -> str:
    """Return a piece of code as a fenced block."""
    ticks = "`" * max(3, _longest(code) + 1)
    info = language if _LANGUAGE.fullmatch(language) else ""
    return f"{ticks}{info}\n{code}\n{ticks}"


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()
) -> str:
    """Return a table, padded so that it is legible as plain text too.

    `right` are the numbers of the columns that are aligned to the right. A bar in a cell would end
    it, escaped or not, depending on who renders it: it becomes a broken bar.
    """
    cells = [[cell.replace("|", "¦") for cell in row] for row in [headings, *rows]]
    widths = [max(3, *map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    ruler = ["-" * (w - 1) + ":" if i in right else "-" * w for i, w in enumerate(widths)]
    padded = [
        [cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(pairs)]
        for pairs in (zip(row, widths, strict=True) for row in cells)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [padded[0], ruler, *padded[1:]])


def _longest(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
