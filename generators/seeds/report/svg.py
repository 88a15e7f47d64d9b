"""The pieces that plots are drawn with: elements, labels that fit, an axis.

Lengths along an axis are per cent of whatever width the page gives. Every value goes through an
escaping formatter; text from outside must be made visible first (`visible.line`).
"""

from collections.abc import Sequence

from markupsafe import Markup

from veristone.generators.seeds.report.figures import compact
from veristone.generators.seeds.report.scale import Scale

__all__ = ["AXIS", "TICKS", "axis_below", "element", "exact", "label_row", "svg"]

TICKS, AXIS = 24, 40
"""Pixels below a plot: without and with the axis' name."""
_SHARE = 62
"""Pixels for a percentage and a gap."""
_WIDE, _NARROW = 42, 28
"""Columns that a line has room for beside the percentage: in half of a wide page, on a phone."""
_BOLD = 0.88
_BROAD = frozenset("MWmw@%&#<>=+~")


def label_row(y: int, style: str, label: str, text: str, share: str) -> Markup:
    """Return a line with a label at the left and two columns of numbers at the right."""
    row = _label(y, style, label, len(text) - (0 if share else 8))
    row += element(
        '<text class="{}" x="100%" dx="{}" y="{}" text-anchor="end">{}</text>',
        *(style, -_SHARE if share else 0, y, text),
    )
    if share:
        row += element('<text class="share" x="100%" y="{}" text-anchor="end">{}</text>', y, share)
    return row


def _label(y: int, style: str, label: str, taken: int) -> Markup:
    """Return a label beside a number that takes some columns; twice where a phone needs less."""
    part = _BOLD if style == "heading" else 1.0
    wide, narrow = (_short(label, (room - taken) * part) for room in (_WIDE, _NARROW))
    if wide == narrow:
        return element('<text class="{}" y="{}">{}</text>', style, y, wide)
    return element(
        '<text class="{} on-wide" y="{}">{}</text><text class="{} on-narrow" y="{}">{}</text>',
        *(style, y, wide, style, y, narrow),
    )


def axis_below(top: int, scale: Scale, name: str) -> Markup:
    """Return a horizontal axis with its ticks, `top` pixels down; `name` may be empty."""
    parts = [element('<line class="axis" x1="0" x2="100%" y1="{}" y2="{}"/>', top, top)]
    for tick in scale.ticks:
        x = scale.position(tick)
        anchor = "start" if x < 4 else "end" if x > 92 else "middle"
        parts.append(
            element(
                '<line class="axis" x1="{}%" x2="{}%" y1="{}" y2="{}"/>'
                '<text class="tick" x="{}%" y="{}" text-anchor="{}">{}</text>',
                *(exact(x), exact(x), top, top + 4),
                *(exact(x), top + 17, anchor, compact(tick)),
            )
        )
    if name:
        name += ", logarithmic" if scale.log else ""
        parts.append(element('<text class="tick" x="0" y="{}">{}</text>', top + 34, name))
    return Markup("").join(parts)


def svg(height: int, title: str, told: str, drawn: Sequence[Markup]) -> Markup:
    """Return a whole plot; `told` describes it to who cannot see it."""
    return element(
        '<svg role="img" width="100%" height="{}"><title>{}</title><desc>{}</desc>{}</svg>',
        *(height, title, told, Markup("\n").join(drawn)),
    )


def element(template: str, *values: object) -> Markup:
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


def exact(number: float) -> str:
    """Return a coordinate with two decimals at most, alike on every machine."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
