"""Numbers as people read them: thousands separated, as many digits as mean something.

Every function is total: nothing to divide by gives a dash.
"""

from collections.abc import Mapping

__all__ = [
    "DASH",
    "compact",
    "count",
    "counted",
    "duration",
    "odds",
    "points",
    "quantile",
    "ranked",
    "rate",
    "share",
    "significant",
    "size",
]

DASH = "–"
"""Where there is no number."""
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def count(number: float) -> str:
    """Return a whole number with thousands separated: `22,311,478`."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 seed`, `2,000 seeds`, `no seeds`."""
    return f"{count(number) if number else 'no'} {noun if number == 1 else plural or noun + 's'}"


def share(part: float, whole: float, decimals: int = 1) -> str:
    """Return a percentage. Only nothing is `0%` and only everything is `100%`."""
    if whole <= 0:
        return DASH
    if part <= 0:
        return "0%"
    if part == whole:
        return "100%"
    percent, step = 100 * (part / whole), 10**-decimals
    if percent < step:
        return f"<{step:.{decimals}f}%"
    if 100 - step < percent < 100:
        return f">{100 - step:.{decimals}f}%"
    return f"{percent:.{decimals}f}%"


def odds(part: int, whole: int) -> str:
    """Return a share as `1 in 90`, the form that is understood where the share is small."""
    if part <= 0 or whole <= 0:
        return DASH
    ratio = whole / part
    return f"1 in {ratio:.1f}".removesuffix(".0") if ratio < 10 else f"1 in {round(ratio):,}"


def rate(items: int, seconds: float) -> str:
    """Return items a second, with at least two digits that mean something."""
    if seconds <= 0 or items <= 0:
        return DASH
    value = items / seconds
    if value >= 10:
        return f"{round(value):,}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def duration(seconds: float) -> str:
    """Return a time in its two largest units: `0.4 s`, `3 min 20 s`, `4 h 05 min`, `2 d 03 h`."""
    if seconds <= 0:
        return DASH
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "<0.1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / 3600)
    return f"{hours // 24:,} d {hours % 24:02} h"


def size(content_bytes: int) -> str:
    """Return a number of bytes in binary units: `64.1 GiB`."""
    value, unit = float(content_bytes), 0
    while value >= 1023.95 and unit < len(_BINARY) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_BINARY[unit]}" if unit else f"{content_bytes} B"


def compact(value: float) -> str:
    """Return a short form of a round number, for axes: `500k`, `10M`, `0.1`."""
    for unit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if unit <= value < 1e15:
            return f"{value / unit:,.3g}{letter}"
    return f"{value:g}"


def points(difference: float) -> str:
    """Return a difference of two shares in percentage points, signed: `+12.3`, `−0.4`, `0.0`."""
    value = round(100 * difference, 1)
    if value == 0:
        return "0.0"
    return f"{'+' if value > 0 else '−'}{abs(value):.1f}"


def significant(value: float) -> str:
    """Return a measured value with three digits that mean something: `0.512`, `1.8e-5`."""
    if 1000 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3g}"
    digits, power = f"{value:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def quantile(numbers: Mapping[int, int], part: float) -> int:
    """Return the smallest value that at least this part of all items does not exceed.

    `numbers` says how many items have each value; there is at least one.
    """
    least, below = part * sum(numbers.values()), 0
    for value in sorted(numbers):
        below += numbers[value]
        if below >= least:
            return value
    return max(numbers)


def ranked(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what is more than nothing, largest first, then by name."""
    some = [(name, number) for name, number in numbers.items() if number > 0]
    return sorted(some, key=lambda pair: (-pair[1], pair[0]))
