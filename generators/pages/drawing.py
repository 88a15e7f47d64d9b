"""What is drawn: bars, histograms, values with intervals, curves, and the axes they lie on.

This module says what a plot consists of and where on its axis a value lies; `drawing.svg.j2` writes
it as inline SVG. Lengths along an axis are per cent of whatever width the page gives and text has
its own size, so a plot is as legible on a phone as on a wide screen and needs no script. Text from
outside must be made visible first (`veristone.text.line`); the template escapes it. Any finite
number can be drawn: places are computed with fractions. What is endless lies at the axis' end.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from veristone.generators.pages.numbers import compact, count, quantile, share, significant
from veristone.text import line

__all__ = [
    "Bar",
    "Bars",
    "Bin",
    "Curves",
    "Dot",
    "Group",
    "Histogram",
    "Plot",
    "Scale",
    "Series",
    "Whisker",
    "Whiskers",
    "around",
    "columns",
    "exact",
    "fitted",
    "linear",
    "logarithmic",
    "ranked_bars",
]

_STEPS = 4
"""Steps between the labels of an axis that a narrow screen has room for."""
_WIDE = 50.0
"""From here on the small bars of a linear plot can hardly be seen."""
_MOST_BARS = 15
"""Bars in one group; what is rarer shares the last one."""
_COLUMNS = 30
_MOST_BANDS = 4
"""Curves that have bands: those of more would hide one another."""
_LEAST, _MOST = 1e-100, 1e100
"""Smaller amounts are drawn as zero, larger ones at the axis' end: they are no measurements."""
_LITTLE = 1e-9
"""Relative error of sums of steps that does not matter."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, both shown; linear or logarithmic."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def position(self, value: float) -> float:
        """Return where a value lies in per cent: 0 at `low` and before, 100 at `high` and after."""
        places = self.low, min(self.high, max(self.low, value)), self.high
        low, place, high = map(math.log10, places) if self.log else places
        return 100 * ((place - low) / (high - low))


def linear(values: Iterable[float], *, whole: bool = True) -> Scale:
    """Return an axis from 0 to the largest value, with round ticks; `whole`: whole numbers."""
    high = min(_MOST, max((value for value in values if value > _LEAST), default=1.0))
    step = _round_step(high / _STEPS)
    return Scale(0.0, high, _ticks(0.0, high, max(1.0, step) if whole else step))


def logarithmic(values: Iterable[float]) -> Scale:
    """Return an axis from a power of ten to the largest value, with ticks at powers of ten.

    It begins below the smallest value, so that every positive value has a bar; but whole numbers
    begin at 1.
    """
    positive = [min(_MOST, value) for value in values if value > _LEAST] or [1.0]
    first = math.ceil(math.log10(min(positive))) - 1
    if min(positive) >= 1:
        first = max(0, first)
    last = max(first, math.log10(max(positive)))
    step = max(1, math.ceil((last - first) / (_STEPS + 0.5)))
    powers = range(first, math.floor(last + _LITTLE) + 1, step)
    high = max(*positive, 10.0 ** (first + 1))
    return Scale(10.0**first, high, tuple(10.0**power for power in powers), log=True)


def around(values: Iterable[float], *, zero: bool = True) -> Scale:
    """Return an axis with round ticks at both ends that holds all values, and zero if asked for."""
    found = [min(_MOST, max(-_MOST, value)) for value in values if math.isfinite(value)]
    found += [0.0] if zero or not found else []
    low, high = min(found), max(found)
    largest = max(-low, high)
    if high - low <= max(_LEAST, _LITTLE * largest):
        slack = largest / 10 if largest > _LEAST else 1.0
        low, high = (low if zero else low - slack), high + slack
    step = _round_step((high - low) / _STEPS)
    low, high = step * math.floor(low / step + _LITTLE), step * math.ceil(high / step - _LITTLE)
    return Scale(low, high, _ticks(low, high, step))


def _ticks(low: float, high: float, step: float) -> tuple[float, ...]:
    """Return the multiples of a step from `low` to `high`."""
    first, last = math.ceil(low / step - _LITTLE), math.floor(high / step + _LITTLE)
    return tuple(step * index for index in range(first, last + 1))


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = math.floor(math.log10(least))
    steps = [factor * 10.0**each for each in (power, power + 1) for factor in (1, 2, 5)]
    return next(step for step in steps if step >= least * (1 - _LITTLE))


class Bar(NamedTuple):
    """A horizontal bar with its label above it."""

    label: str
    value: float
    text: str
    """The value in words, at the right."""
    share: str = ""
    """Its part of a whole, at the very right."""
    style: str = "kept"
    """A class of the style sheet: `kept`, `rejected`, `plain` or `total`."""
    behind: float = 0.0
    """A pale bar behind: what the value is a part of. 0 for none."""


class Group(NamedTuple):
    """Bars under a common heading; `text` and `share` stand beside it."""

    bars: Sequence[Bar]
    heading: str = ""
    text: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Horizontal bars, one below another."""

    kind: ClassVar[str] = "bars"
    title: str
    groups: Sequence[Group]
    axis: str = ""
    """What it counts, or nothing."""
    note: str = ""
    both: bool = False
    """Whether the reader chooses between a linear and a logarithmic axis."""
    apart: bool = False
    """Whether each group is a drawing by itself, all on the same axis."""
    whole: bool = True
    """Whether it counts whole things."""
    high: float = 0.0
    """The axis goes at least this far."""

    @property
    def bars(self) -> list[Bar]:
        """The bars of all groups."""
        return [bar for group in self.groups for bar in group.bars]

    @property
    def scales(self) -> list[Scale]:
        """The axis, or the two to choose from."""
        values = [self.high, *(value for bar in self.bars for value in (bar.value, bar.behind))]
        return [linear(values, whole=self.whole), *([logarithmic(values)] if self.both else [])]

    @property
    def log_first(self) -> bool:
        """Whether the values differ so much that the logarithmic axis shows more."""
        positive = [bar.value for bar in self.bars if bar.value > 0]
        return bool(positive) and max(positive) / _WIDE > min(positive)


def ranked_bars(found: Sequence[tuple[str, int]], whole: int, style: str) -> list[Bar]:
    """Return a bar for each name with its share of the whole; the rarer ones share the last.

    There is never a bar for one other: it says no more than that one's own.
    """
    shown = len(found) if len(found) <= _MOST_BARS + 1 else _MOST_BARS
    rows = [(line(name), number) for name, number in found[:shown]]
    if rest := found[shown:]:
        rows.append((f"{len(rest)} others", sum(number for _, number in rest)))
    return [Bar(name, number, count(number), share(number, whole), style) for name, number in rows]


class Bin(NamedTuple):
    """A column of a histogram."""

    label: str
    """Which values are in it, for the tooltip."""
    edge: str
    """Its name under the axis; empty for most."""
    alone: bool
    """Whether it is for one value, so that its name stands under its middle."""
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Columns of equal width."""

    kind: ClassVar[str] = "histogram"
    title: str
    bins: Sequence[Bin]
    axis: str
    note: str
    """Stands below, and describes it to who cannot see it."""

    @property
    def upward(self) -> Scale:
        """The axis."""
        return linear(column.number for column in self.bins)


def columns(numbers: Mapping[int, int], unit: str) -> list[Bin]:
    """Return columns of equal width from the beginning, the tail in one; none for nothing.

    `numbers` says how many have each value. The longest hundredth shares the last column: it would
    squeeze all others.
    """
    numbers = {value: number for value, number in numbers.items() if number > 0}
    if not numbers:
        return []
    total, longest = sum(numbers.values()), max(numbers)
    tail = max(1, quantile(numbers, 0.99) if longest > _COLUMNS else longest)
    width = max(1, round(_round_step(tail / _COLUMNS)))
    first = min(1, *numbers) if width == 1 else 0
    edges = range(first, tail + 1, width)
    heights = [0] * len(edges)
    for value, number in numbers.items():
        heights[max(0, min((value - first) // width, len(edges) - 1))] += number
    every = next(step for step in (1, 2, 4, 5, 10) if len(edges) <= 6 * step)
    found: list[Bin] = []
    for index, (edge, number) in enumerate(zip(edges, heights, strict=True)):
        last, after = edge + width - 1, len(edges) - 1 - index
        span = f"{edge:,}" if width == 1 else f"{edge:,}–{last:,}"
        mark = _brief(edge) if index % every == 0 and after > every / 2 else ""
        if not after:
            mark = _brief(min(last, longest))
            if longest > last:
                span, mark = f"{edge:,} or more", f"{_brief(edge)}+"
        label = f"{span} {unit}: {count(number)} ({share(number, total)})"
        found.append(Bin(label, mark, width == 1, number))
    return found


def _brief(value: int) -> str:
    return count(value) if value < 10_000 else compact(value)


class Whisker(NamedTuple):
    """A value and the interval around it, with its label above."""

    label: str
    low: float
    value: float
    high: float
    text: str
    """The value and its interval in words, at the right: `12.3 [10.0, 14.6]`. A phone has room for
    the value alone."""
    style: str = "plain"
    """A class of the style sheet: `kept`, `rejected`, `plain` or `total`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whiskers:
    """Dots on lines, one below another, with a mark at zero where both signs are."""

    kind: ClassVar[str] = "whiskers"
    title: str
    rows: Sequence[Whisker]
    axis: str
    note: str = ""

    @property
    def scale(self) -> Scale:
        """The axis: zero and all intervals."""
        return around(value for row in self.rows for value in (row.low, row.value, row.high))


class Dot(NamedTuple):
    """A point of a line and the band around it."""

    x: float
    y: float
    low: float
    high: float


class Series(NamedTuple):
    """A line."""

    name: str
    dots: Sequence[Dot]
    marked: bool = False
    """Whether each point is drawn: for lines of few points that were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Lines over a common axis, each with a pale band: what lies between its points.

    Every line has a point.
    """

    kind: ClassVar[str] = "curves"
    title: str
    series: Sequence[Series]
    axis: str
    from_zero: bool = False

    @property
    def told(self) -> str:
        """Describes it to who cannot see it: where each line begins and ends."""
        ends = [
            (one.name, significant(one.dots[0].y), significant(one.dots[-1].y))
            for one in self.series
        ]
        return "; ".join(f"{name}: from {first} to {last}" for name, first, last in ends)

    @property
    def note(self) -> str:
        """Stands below where it is short."""
        return f"{self.told}." if len(self.told) < 160 else ""

    @property
    def banded(self) -> bool:
        """Whether there is room for bands."""
        return len(self.series) <= _MOST_BANDS

    @property
    def across(self) -> Scale:
        """The axis to the right."""
        every = [dot.x for one in self.series for dot in one.dots]
        low, high = min(every), max(min(every) + 1, *every)
        return Scale(low, high, _ticks(low, high, max(1.0, _round_step((high - low) / _STEPS))))

    @property
    def upward(self) -> Scale:
        """The axis that heights are measured on."""
        dots = [dot for one in self.series for dot in one.dots]
        values = (y for dot in dots for y in ((dot.low, dot.high) if self.banded else (dot.y,)))
        return around(values, zero=self.from_zero)


Plot = Bars | Histogram | Whiskers | Curves


def exact(number: float) -> str:
    """Return a coordinate with two decimals at most, alike on every machine."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def fitted(label: str, text: str, share: str, style: str) -> tuple[str, str]:
    """Return a label cut to the room beside its numbers: on half of a wide page, and on a phone."""
    taken, part = len(text) - (0 if share else 8), 0.88 if style == "heading" else 1.0
    return _cut(label, (42 - taken) * part), _cut(label, (28 - taken) * part)


def _cut(label: str, room: float) -> str:
    """Cut a label to some columns: that of a lower-case letter in sans-serif fonts, roughly."""
    taken = 0.0
    for index, letter in enumerate(label):
        if ord(letter) >= 0x1100:  # East Asian blocks, emoji
            taken += 2.0
        else:
            taken += 1.6 if letter in "MWmw@%&#<>=+~" else 1.25 if letter.isupper() else 1.0
        if taken > room:
            return label[: max(0, index - 1)] + "…"
    return label
