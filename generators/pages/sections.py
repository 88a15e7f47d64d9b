"""What a report consists of: sections of plots, tables and texts.

Cells, names and texts may come from models and corpora: whoever renders them makes them visible and
escapes them, all of them, whoever wrote them. Only the texts of plots must be visible already.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from veristone.generators.pages.drawing import Plot

__all__ = [
    "Block",
    "Cell",
    "Figures",
    "Listing",
    "Named",
    "Piece",
    "Reading",
    "Readings",
    "Report",
    "Section",
    "Table",
]


class Named(NamedTuple):
    """A name from outside, set as code, and what is said of it; either may be empty."""

    name: str
    text: str = ""


Cell = str | Sequence[Named]


@dataclass(frozen=True, slots=True)
class Figures:
    """Plots; two and more stand side by side."""

    kind: ClassVar[str] = "figures"
    plots: Sequence[Plot]
    wide: bool = False
    """Whether each has the page's whole width."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    kind: ClassVar[str] = "table"
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: Collection[int] = ()
    """Columns of numbers, aligned to the right."""
    code: frozenset[int] = frozenset()
    """Columns of names and text from outside, set as code."""
    title: str = ""
    note: str = ""
    most: int = 20
    """Rows that are shown."""
    side: frozenset[int] = frozenset()
    """Columns that a phone has no room for."""
    folded: bool = False
    """Whether it is long and for those who look things up: the page shows it when asked."""
    style: str = ""
    """A class of the style sheet for tables whose first column names the rows."""
    foot: Sequence[Cell] = ()
    """A last row that sums up."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text to read, perhaps with a name; code where it has a language."""

    name: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A sample to read."""

    title: str
    beside: str
    """In quiet words, for example what was found."""
    pieces: Sequence[Piece]
    found: str = ""
    """What a check found."""
    where: str = ""
    licences: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Readings:
    """Samples under a common heading, folded until they are opened."""

    kind: ClassVar[str] = "readings"
    heading: str
    beside: str
    items: Sequence[Reading]
    apart: bool = False
    """Whether each is folded by itself; else all of them together."""
    group: Named | None = None
    """What the heading belongs to; stands above the first of several."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of code, folded: commands, a recipe."""

    kind: ClassVar[str] = "listing"
    heading: str
    text: str
    language: str = ""


Block = Figures | Table | Readings | Listing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report; one without blocks is left out."""

    name: str
    """In the page's addresses."""
    title: str
    blocks: Sequence[Block]
    lead: Sequence[str] = ()
    """Sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it."""

    title: str
    kind: str
    """What is reported on, above the headline."""
    name: str
    """Of what is reported on; from outside."""
    headline: str
    findings: Sequence[str]
    """A sentence each."""
    long: bool = False
    """Whether findings are a list, and sections are linked at the top."""
    warning: str = ""
    sections: Sequence[Section]
    footer: Sequence[tuple[str, Sequence[Named]]] = ()
    """Lines at the very end: what each is, and its names."""

    @property
    def shown(self) -> list[Section]:
        """The sections that have something to say."""
        return [section for section in self.sections if section.blocks]
