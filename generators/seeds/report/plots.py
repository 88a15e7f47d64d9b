"""Plots as inline SVG: horizontal bars and a histogram.

Lengths along an axis are per cent of whatever width the page gives, text has its own size, so a
plot is as legible on a phone as on a wide screen and needs no script. Colours come from the page's
style sheet by class. Every label goes through an escaping formatter; corpus text must be made
visible first (`visible.line`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from generators.seeds.report.figures import compact
from generators.seeds.report.scale import Scale, linear

__all__ = ["Bar", "Bin", "Group", "bars", "histogram"]

_BAR_ROW, _BAR_TOP, _BAR_HEIGHT, _GROUP_ROW = 40, 20, 10, 34
_TICKS, _AXIS = 24, 40
"""Below the bars: without and with the axis' name."""
_SHARE = 62
"""Pixels for a percentage and a gap."""
_WIDE, _NARROW = 42, 28
"""Columns that a line has room for beside the percentage: in half of a wide page, on a phone."""
_BOLD = 0.88
_BROAD = frozenset("MWmw@%&#<>=+~")
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
            drawn.append(_row(top + 21, "heading", group.heading, group.text, group.share))
            top += _GROUP_ROW
        for bar in group.bars:
            drawn.append(_bar(bar, top, scale))
            top += _BAR_ROW
    drawn.append(_axis(top, scale, axis))
    told = "; ".join(
        f"{bar.label}: {bar.text} {bar.share}".rstrip() for group in groups for bar in group.bars
    )
    return _svg(top + (_AXIS if axis else _TICKS), title, told, drawn)


def _bar(bar: Bar, top: int, scale: Scale) -> Markup:
    parts = [
        _element("<title>{}: {} {}</title>", bar.label, bar.text, bar.share),
        _row(top + 13, "name", bar.label, bar.text, bar.share),
    ]
    y = top + _BAR_TOP
    if bar.behind > 0:
        parts.append(_length("behind", scale.position(bar.behind), y))
    if bar.value > 0:
        # A bar of no length is still something: two pixels.
        parts.append(
            _element('<rect class="{}" y="{}" width="2" height="{}"/>', bar.style, y, _BAR_HEIGHT)
        )
        parts.append(_length(bar.style, scale.position(bar.value), y))
    return _element("<g>{}</g>", Markup("").join(parts))


def _length(style: str, percent: float, y: int) -> Markup:
    return _element(
        '<rect class="{}" y="{}" width="{}%" height="{}"/>', style, y, _exact(percent), _BAR_HEIGHT
    )


def _row(y: int, style: str, label: str, text: str, share: str) -> Markup:
    """Return a line with a label at the left and two columns of numbers at the right."""
    row = _label(y, style, label, len(text) - (0 if share else 8))
    row += _element(
        '<text class="{}" x="100%" dx="{}" y="{}" text-anchor="end">{}</text>',
        *(style, -_SHARE if share else 0, y, text),
    )
    if share:
        row += _element('<text class="share" x="100%" y="{}" text-anchor="end">{}</text>', y, share)
    return row


def _label(y: int, style: str, label: str, taken: int) -> Markup:
    """Return a label beside a number that takes some columns; twice where a phone needs less."""
    part = _BOLD if style == "heading" else 1.0
    wide, narrow = (_short(label, (room - taken) * part) for room in (_WIDE, _NARROW))
    if wide == narrow:
        return _element('<text class="{}" y="{}">{}</text>', style, y, wide)
    return _element(
        '<text class="{} on-wide" y="{}">{}</text><text class="{} on-narrow" y="{}">{}</text>',
        *(style, y, wide, style, y, narrow),
    )


def _axis(top: int, scale: Scale, name: str) -> Markup:
    parts = [_element('<line class="axis" x1="0" x2="100%" y1="{}" y2="{}"/>', top, top)]
    for tick in scale.ticks:
        x = scale.position(tick)
        anchor = "start" if x < 4 else "end" if x > 92 else "middle"
        parts.append(
            _element(
                '<line class="axis" x1="{}%" x2="{}%" y1="{}" y2="{}"/>'
                '<text class="tick" x="{}%" y="{}" text-anchor="{}">{}</text>',
                *(_exact(x), _exact(x), top, top + 4),
                *(_exact(x), top + 17, anchor, compact(tick)),
            )
        )
    if name:
        name += ", logarithmic" if scale.log else ""
        parts.append(_element('<text class="tick" x="0" y="{}">{}</text>', top + 34, name))
    return Markup("").join(parts)


def histogram(columns: Sequence[Bin], title: str, axis: str, told: str) -> Markup:
    """Return a histogram of columns of equal width; `told` describes it to who cannot see it."""
    scale = linear(column.number for column in columns)
    drawn = [_grid(tick, scale) for tick in scale.ticks]
    drawn += [_column(index, len(columns), column, scale) for index, column in enumerate(columns)]
    drawn.append(_element('<text class="tick" x="0" y="{}">{}</text>', _BASE + 34, axis))
    return _svg(_BASE + _AXIS, title, told, drawn)


def _height(value: float, scale: Scale) -> float:
    """Return how many pixels above the base a value lies."""
    return (_BASE - 12) * scale.position(value) / 100


def _grid(tick: float, scale: Scale) -> Markup:
    y = _BASE - _height(tick, scale)
    return _element(
        '<line class="grid" x1="0" x2="{}%" y1="{}" y2="{}"/>'
        '<text class="tick" x="{}%" y="{}">{}</text>',
        *(_COLUMNS_WIDTH, _exact(y), _exact(y)),
        *(_COLUMNS_WIDTH + 1, _exact(y + 4), compact(tick)),
    )


def _column(index: int, number: int, column: Bin, scale: Scale) -> Markup:
    step = _COLUMNS_WIDTH / number
    left, height = index * step, _height(column.number, scale)
    drawn = _element(
        '<rect class="plain" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>',
        *(_exact(left + step * 0.06), _exact(_BASE - height)),
        *(_exact(step * 0.88), _exact(height), column.label),
    )
    if not column.edge:
        return drawn
    # The first and the last name stay inside the plot.
    anchor = "start" if index == 0 else "end" if index == number - 1 else "middle"
    x = left + {"start": 0.0, "middle": step / 2 if column.alone else 0.0, "end": step}[anchor]
    return drawn + _element(
        '<text class="tick" x="{}%" y="{}" text-anchor="{}">{}</text>',
        *(_exact(x), _BASE + 16, anchor, column.edge),
    )


def _svg(height: int, title: str, told: str, drawn: Sequence[Markup]) -> Markup:
    return _element(
        '<svg role="img" width="100%" height="{}"><title>{}</title><desc>{}</desc>{}</svg>',
        *(height, title, told, Markup("\n").join(drawn)),
    )


def _element(template: str, *values: object) -> Markup:
    """Fill a template; every value that is not markup itself is escaped."""
    return Markup(template).format(*values)


def _short(label: str, room: float) -> str:
    """Cut a label to some columns."""
    columns = 0.0
    for index, letter in enumerate(label):
        columns += _columns(letter)
        if columns > room:
            return label[: max(0, index - 1)] + "…"
    return label


def _columns(letter: str) -> float:
    """Return how wide a letter is, roughly, in sans-serif fonts: a lower-case one is 1."""
    if ord(letter) >= 0x1100:  # East Asian blocks, emoji
        return 2.0
    if letter in _BROAD:
        return 1.6
    return 1.25 if letter.isupper() else 1.0


def _exact(number: float) -> str:
    """Return a coordinate with two decimals at most, alike on every machine."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
