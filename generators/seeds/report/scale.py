"""Where a value lies on an axis: linear or logarithmic, in per cent of the axis' length."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "linear", "logarithmic", "round_step", "wide"]

_TICKS = 5
"""Labels that a narrow screen has room for."""
_WIDE = 50.0
"""From here on the small bars of a linear plot can hardly be seen."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, both shown."""

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]

    def position(self, value: float) -> float:
        """Return where the value lies: 0 at `low` and before, 100 at `high` and after."""
        if value <= self.low:
            return 0.0
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return min(part, 1.0) * 100


def wide(values: Iterable[float]) -> bool:
    """Return whether the positive values differ so much that a logarithmic axis shows more."""
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) > _WIDE * min(positive)


def linear(values: Iterable[float], *, whole: bool = True) -> Scale:
    """Return an axis from 0 to the largest value, with round ticks; `whole`: whole numbers."""
    high = max((value for value in values if value > 0), default=1.0)
    step = round_step(high / (_TICKS - 1))
    if whole:
        step = max(step, 1.0)
    ticks = tuple(step * index for index in range(int(high / step * (1 + 1e-9)) + 1))
    return Scale(0.0, high, False, ticks)


def logarithmic(values: Iterable[float]) -> Scale:
    """Return an axis from a power of ten to the largest value, with ticks at powers of ten.

    It begins below the smallest value, so that every positive value has a bar; but whole numbers
    begin at 1.
    """
    positive = [value for value in values if value > 0] or [1.0]
    first = math.ceil(math.log10(min(positive))) - 1
    if min(positive) >= 1:
        first = max(0, first)
    last = math.log10(max(positive))
    step = max(1, math.ceil((last - first) / (_TICKS - 0.5)))
    powers = range(first, math.floor(last + 1e-9) + 1, step)
    high = max(max(positive), 10.0 ** (first + 1))
    return Scale(10.0**first, high, True, tuple(10.0**power for power in powers))


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(
        (power * factor for factor in (1, 2, 5) if power * factor >= least * (1 - 1e-9)), power * 10
    )
