"""Puts numbers of lines into the columns of a histogram."""

from collections.abc import Mapping

from veristone.generators.seeds.report.figures import compact, count, share
from veristone.generators.seeds.report.plots import Bin

__all__ = ["columns", "quantile"]

_COLUMNS = 30
_TAIL = 0.99
"""The longest hundredth shares the last column: it would squeeze all others."""


def quantile(numbers: Mapping[int, int], part: float) -> int:
    """Return the smallest value that at least this part of all items does not exceed.

    `numbers` says how many items have each value; there is at least one.
    """
    least = part * sum(numbers.values())
    below = 0
    for value in sorted(numbers):
        below += numbers[value]
        if below >= least:
            return value
    return max(numbers)


def columns(numbers: Mapping[int, int], unit: str) -> list[Bin]:
    """Return columns of equal width from the beginning, the tail in one; none for nothing."""
    numbers = {value: number for value, number in numbers.items() if number > 0}
    if not numbers:
        return []
    total, longest = sum(numbers.values()), max(numbers)
    tail = quantile(numbers, _TAIL) if longest > _COLUMNS else longest
    width = _width(tail / _COLUMNS)
    first = 1 if width == 1 else 0
    edges = range(first, tail + 1, width)
    heights = [0] * len(edges)
    for value, number in numbers.items():
        heights[max(0, min((value - first) // width, len(edges) - 1))] += number
    found: list[Bin] = []
    for index, (edge, number) in enumerate(zip(edges, heights, strict=True)):
        last = edge + width - 1
        span = f"{edge:,}" if width == 1 else f"{edge:,}–{last:,}"
        is_end = index == len(edges) - 1
        if is_end and longest > last:
            span = f"{edge:,} or more"
        label = f"{span} {unit}: {count(number)} ({share(number, total)})"
        mark = _mark(index, edge, last, longest, len(edges))
        found.append(Bin(label, mark, width == 1, number))
    return found


def _mark(index: int, edge: int, last: int, longest: int, number: int) -> str:
    """Return what stands under a column: the first, the last, and about four between."""
    if index == number - 1:
        return f"{_short(edge)}+" if longest > last else _short(min(last, longest))
    every = next(step for step in (1, 2, 4, 5, 10) if number <= 6 * step)
    return _short(edge) if index % every == 0 and number - 1 - index > every / 2 else ""


def _short(value: int) -> str:
    return count(value) if value < 10_000 else compact(value)


def _width(least: float) -> int:
    """Return a round whole number that is not below `least`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if power * factor >= least:
                return power * factor
        power *= 10
