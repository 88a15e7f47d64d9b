"""What a section consists of. The page and the Markdown are two renderings of the same sections.

Cells, names and texts here may come from models and corpora: a renderer makes them visible and
escapes them, all of them, whoever wrote them. Plots are finished markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from veristone.generators.seeds.report.sections import Plot
from veristone.loop.report.facts import Piece

__all__ = ["Block", "Figures", "Listing", "Reading", "Readings", "Section", "Table"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Plots; two and more stand side by side. The Markdown has none: give it a table."""

    plots: Sequence[Plot]
    wide: bool = False
    """Whether each has the page's whole width."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    """Columns of numbers, aligned to the right."""
    code: frozenset[int] = frozenset()
    """Columns of names and text from outside, set as code."""
    title: str = ""
    note: str = ""
    most: int = 20
    """Rows that are shown."""
    in_text_only: bool = False
    """Whether the page has a plot in its place."""
    side: frozenset[int] = frozenset()
    """Columns that a phone has no room for."""
    folded: bool = False
    """Whether it is long and for those who look things up: the page shows it when asked."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A sample to read, folded until it is opened."""

    title: str
    beside: str
    """In quiet words, for example what was found."""
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Readings:
    """Samples under a common heading."""

    heading: str
    beside: str
    items: Sequence[Reading]
    apart: bool = False
    """Whether each is folded by itself; else all of them together."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of code, folded: commands, a recipe."""

    heading: str
    text: str
    language: str = ""


Block = Figures | Table | Readings | Listing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; one without blocks and lead is left out."""

    name: str
    """In the page's addresses."""
    title: str
    lead: Sequence[str] = ()
    """Sentences."""
    blocks: Sequence[Block] = ()
