"""Values with their intervals: a dot on a line, one below another, on a common axis."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from veristone.generators.seeds.report.scale import Scale, round_step
from veristone.generators.seeds.report.svg import (
    AXIS,
    TICKS,
    axis_below,
    element,
    exact,
    label_row,
    svg,
)

__all__ = ["Whisker", "around", "whiskers"]

_ROW, _MIDDLE, _CAP, _RADIUS = 42, 27, 4, 5
_TICKS = 5


class Whisker(NamedTuple):
    """A value and the interval around it, with its label above."""

    label: str
    low: float
    value: float
    high: float
    text: str
    """The value and its interval in words, at the right."""
    brief: str
    """The same for a phone: the value alone."""
    style: str = "plain"
    """A class of the style sheet: `kept`, `rejected`, `plain` or `total`."""


def around(values: Iterable[float]) -> Scale:
    """Return an axis that holds zero and all values, with round ticks at both ends."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    if high - low <= 0:
        high = 1.0
    step = round_step((high - low) / (_TICKS - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(index * step for index in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], False, ticks)


def whiskers(rows: Sequence[Whisker], scale: Scale, title: str, axis: str) -> Markup:
    """Return the rows as a plot, with a mark at zero where the axis has values on both sides."""
    bottom = _ROW * len(rows)
    drawn = [_row(row, _ROW * index, scale) for index, row in enumerate(rows)]
    drawn.append(axis_below(bottom, scale, axis))
    told = "; ".join(f"{row.label}: {row.text}" for row in rows)
    return svg(bottom + (AXIS if axis else TICKS), title, told, drawn)


def _row(row: Whisker, top: int, scale: Scale) -> Markup:
    low, middle, high = (exact(scale.position(one)) for one in (row.low, row.value, row.high))
    y = top + _MIDDLE
    parts = [
        element("<title>{}: {}</title>", row.label, row.text),
        element('<g class="on-wide">{}</g>', label_row(top + 13, "name", row.label, row.text, "")),
        element(
            '<g class="on-narrow">{}</g>', label_row(top + 13, "name", row.label, row.brief, "")
        ),
    ]
    # A thin line tells the whole axis.
    parts.append(element('<line class="grid" x1="0" x2="100%" y1="{}" y2="{}"/>', y, y))
    if scale.low < 0:
        zero = exact(scale.position(0.0))
        drawn = '<line class="zero" x1="{}%" x2="{}%" y1="{}" y2="{}"/>'
        parts.append(element(drawn, zero, zero, y - 2 * _CAP, y + 2 * _CAP))
    parts += [
        element('<line class="{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>', *(row.style, *ends))
        for ends in (
            (low, high, y, y),
            (low, low, y - _CAP, y + _CAP),
            (high, high, y - _CAP, y + _CAP),
        )
    ]
    parts.append(
        element('<circle class="{}" cx="{}%" cy="{}" r="{}"/>', row.style, middle, y, _RADIUS)
    )
    return element('<g class="whisker">{}</g>', Markup("").join(parts))
