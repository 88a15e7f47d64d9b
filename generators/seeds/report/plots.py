"""Plots as inline SVG: horizontal bars and a histogram.

Lengths along an axis are per cent of whatever width the page gives, text has its own size, so a
plot is as legible on a phone as on a wide screen and needs no script. Colours come from the page's
style sheet by class. Every label goes through an escaping formatter; corpus text must be made
visible first (`visible.line`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from veristone.generators.seeds.report.figures import compact
from veristone.generators.seeds.report.scale import Scale, linear
from veristone.generators.seeds.report.svg import (
    AXIS,
    TICKS,
    axis_below,
    element,
    exact,
    label_row,
    svg,
)

__all__ = ["Bar", "Bin", "Group", "bars", "histogram"]

_BAR_ROW, _BAR_TOP, _BAR_HEIGHT, _GROUP_ROW = 40, 20, 10, 34
_BASE, _COLUMNS_WIDTH = 190, 90


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
    """Bars under a common heading, which may be empty."""

    heading: str
    text: str
    """Beside the heading, as beside a bar."""
    share: str
    bars: Sequence[Bar]


class Bin(NamedTuple):
    """A column of a histogram."""

    label: str
    """Which values are in it, for the tooltip."""
    edge: str
    """Its name under the axis; empty for most."""
    alone: bool
    """Whether it is for one value, so that its name stands under its middle."""
    number: int


def bars(groups: Sequence[Group], scale: Scale, title: str, axis: str) -> Markup:
    """Return horizontal bars, one below another. `axis` says what it counts, or is empty."""
    drawn: list[Markup] = []
    top = 0
    for group in groups:
        if group.heading:
            drawn.append(label_row(top + 21, "heading", group.heading, group.text, group.share))
            top += _GROUP_ROW
        for bar in group.bars:
            drawn.append(_bar(bar, top, scale))
            top += _BAR_ROW
    drawn.append(axis_below(top, scale, axis))
    told = "; ".join(
        f"{bar.label}: {bar.text} {bar.share}".rstrip() for group in groups for bar in group.bars
    )
    return svg(top + (AXIS if axis else TICKS), title, told, drawn)


def _bar(bar: Bar, top: int, scale: Scale) -> Markup:
    parts = [
        element("<title>{}: {} {}</title>", bar.label, bar.text, bar.share),
        label_row(top + 13, "name", bar.label, bar.text, bar.share),
    ]
    y = top + _BAR_TOP
    if bar.behind > 0:
        parts.append(_length("behind", scale.position(bar.behind), y))
    if bar.value > 0:
        # A bar of no length is still something: two pixels.
        parts.append(
            element('<rect class="{}" y="{}" width="2" height="{}"/>', bar.style, y, _BAR_HEIGHT)
        )
        parts.append(_length(bar.style, scale.position(bar.value), y))
    return element("<g>{}</g>", Markup("").join(parts))


def _length(style: str, percent: float, y: int) -> Markup:
    return element(
        '<rect class="{}" y="{}" width="{}%" height="{}"/>', style, y, exact(percent), _BAR_HEIGHT
    )


def histogram(columns: Sequence[Bin], title: str, axis: str, told: str) -> Markup:
    """Return a histogram of columns of equal width; `told` describes it to who cannot see it."""
    scale = linear(column.number for column in columns)
    drawn = [_grid(tick, scale) for tick in scale.ticks]
    drawn += [_column(index, len(columns), column, scale) for index, column in enumerate(columns)]
    drawn.append(element('<text class="tick" x="0" y="{}">{}</text>', _BASE + 34, axis))
    return svg(_BASE + AXIS, title, told, drawn)


def _height(value: float, scale: Scale) -> float:
    """Return how many pixels above the base a value lies."""
    return (_BASE - 12) * scale.position(value) / 100


def _grid(tick: float, scale: Scale) -> Markup:
    y = _BASE - _height(tick, scale)
    return element(
        '<line class="grid" x1="0" x2="{}%" y1="{}" y2="{}"/>'
        '<text class="tick" x="{}%" y="{}">{}</text>',
        *(_COLUMNS_WIDTH, exact(y), exact(y)),
        *(_COLUMNS_WIDTH + 1, exact(y + 4), compact(tick)),
    )


def _column(index: int, number: int, column: Bin, scale: Scale) -> Markup:
    step = _COLUMNS_WIDTH / number
    left, height = index * step, _height(column.number, scale)
    drawn = element(
        '<rect class="plain" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>',
        *(exact(left + step * 0.06), exact(_BASE - height)),
        *(exact(step * 0.88), exact(height), column.label),
    )
    if not column.edge:
        return drawn
    # The first and the last name stay inside the plot.
    anchor = "start" if index == 0 else "end" if index == number - 1 else "middle"
    x = left + {"start": 0.0, "middle": step / 2 if column.alone else 0.0, "end": step}[anchor]
    return drawn + element(
        '<text class="tick" x="{}%" y="{}" text-anchor="{}">{}</text>',
        *(exact(x), _BASE + 16, anchor, column.edge),
    )
