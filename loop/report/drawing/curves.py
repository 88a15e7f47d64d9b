"""Lines over a common axis, each with a pale band around it: what lies between its points.

The lines are drawn in a space of a thousand by some pixels that is stretched to the page's width;
strokes and text are not stretched with it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from veristone.generators.seeds.report.figures import compact, significant
from veristone.generators.seeds.report.scale import Scale, round_step
from veristone.generators.seeds.report.svg import AXIS, element, exact, svg

__all__ = ["COLOURS", "MOST_BANDS", "Dot", "Series", "curves", "legend"]

COLOURS = 6
"""Classes `c0` to `c5` of the style sheet; more lines begin anew, with dashes."""
_BASE, _TOP, _WIDTH = 190, 12, 86
_SPACE = 1000
_TICKS = 5


MOST_BANDS = 4
"""Lines that have bands: those of more would hide one another."""


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


def legend(names: Sequence[str]) -> Markup:
    """Return the names of the lines beside their colours; nothing for a single line."""
    if len(names) < 2:
        return Markup("")
    parts = [
        element('<span class="{}"><bdi>{}</bdi></span>', _style(index), name)
        for index, name in enumerate(names)
    ]
    return element('<p class="legend">{}</p>', Markup(" ").join(parts))


def curves(
    series: Sequence[Series], title: str, axis: str, told: str, *, from_zero: bool = False
) -> Markup:
    """Return lines over a common axis.

    Args:
        series: at least one with a point.
        title: of the plot.
        axis: what lies to the right.
        told: describes the plot to who cannot see it.
        from_zero: begin the upward axis at zero.
    """
    dots = [dot for one in series for dot in one.dots]
    across = _whole(min(dot.x for dot in dots), max(dot.x for dot in dots))
    banded = len(series) <= MOST_BANDS
    low = min(dot.low if banded else dot.y for dot in dots)
    high = max(dot.high if banded else dot.y for dot in dots)
    upward = _between(0.0 if from_zero else low, high)
    drawn = [_grid(tick, upward) for tick in upward.ticks]
    drawn += [_mark(tick, across) for tick in across.ticks]
    lines = [_line(one, index, across, upward, banded=banded) for index, one in enumerate(series)]
    drawn.append(
        element(
            '<svg x="0" y="0" width="{}%" height="{}" viewBox="0 0 {} {}"'
            ' preserveAspectRatio="none">{}</svg>',
            *(_WIDTH, _BASE, _SPACE, _BASE, Markup("").join(lines)),
        )
    )
    drawn += [
        _dot(dot, index, across, upward)
        for index, one in enumerate(series)
        if one.marked or len(one.dots) == 1
        for dot in one.dots
    ]
    drawn.append(element('<text class="tick" x="0" y="{}">{}</text>', _BASE + 34, axis))
    return svg(_BASE + AXIS, title, told, drawn)


def _style(index: int) -> str:
    return f"c{index % COLOURS}" + (" dashed" if index >= COLOURS else "")


def _height(value: float, scale: Scale) -> float:
    return _BASE - (_BASE - _TOP) * scale.position(value) / 100


def _grid(tick: float, scale: Scale) -> Markup:
    y = _height(tick, scale)
    return element(
        '<line class="grid" x1="0" x2="{}%" y1="{}" y2="{}"/>'
        '<text class="tick" x="{}%" y="{}">{}</text>',
        *(_WIDTH, exact(y), exact(y)),
        *(_WIDTH + 1, exact(y + 4), significant(tick)),
    )


def _mark(tick: float, scale: Scale) -> Markup:
    x = scale.position(tick) * _WIDTH / 100
    anchor = "start" if x < 3 else "middle"
    return element(
        '<text class="tick" x="{}%" y="{}" text-anchor="{}">{}</text>',
        *(exact(x), _BASE + 16, anchor, compact(tick)),
    )


def _line(series: Series, index: int, across: Scale, upward: Scale, *, banded: bool) -> Markup:
    def at(x: float, y: float) -> str:
        return f"{exact(across.position(x) * _SPACE / 100)} {exact(_height(y, upward))}"

    if not series.dots:
        return Markup("")
    upper = [at(dot.x, dot.high) for dot in series.dots]
    lower = [at(dot.x, dot.low) for dot in reversed(series.dots)]
    middle = [at(dot.x, dot.y) for dot in series.dots]
    style = _style(index)
    drawn = element('<path class="curve {}" d="M{}"/>', style, "L".join(middle))
    if not banded:
        return drawn
    return element('<path class="band {}" d="M{}Z"/>', style, "L".join(upper + lower)) + drawn


def _dot(dot: Dot, index: int, across: Scale, upward: Scale) -> Markup:
    return element(
        '<circle class="{}" cx="{}%" cy="{}" r="4"/>',
        *(_style(index), exact(across.position(dot.x) * _WIDTH / 100)),
        exact(_height(dot.y, upward)),
    )


def _whole(low: float, high: float) -> Scale:
    """Return an axis from `low` to `high` with ticks at round whole numbers."""
    if high <= low:
        high = low + 1
    step = max(1.0, round_step((high - low) / (_TICKS - 1)))
    first, last = math.ceil(low / step), math.floor(high / step + 1e-9)
    return Scale(low, high, False, tuple(index * step for index in range(first, last + 1)))


def _between(low: float, high: float) -> Scale:
    """Return an axis with round ticks that holds both values."""
    if high <= low:
        low, high = low - abs(low) / 10 - 1e-9, high + abs(high) / 10 + 1e-9
    step = round_step((high - low) / (_TICKS - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(index * step for index in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], False, ticks)
