"""Curves with as many points as a screen has room for; what lies between is their band."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from veristone.loop.report.facts import Point

__all__ = ["MOST_POINTS", "Measured", "thin"]

MOST_POINTS = 80
_MOST = 1e100


class Measured(NamedTuple):
    """A value at a step."""

    step: int
    value: float


def thin(values: Sequence[Measured], most: int = MOST_POINTS) -> list[Point]:
    """Return at most `most` points, each the mean, least and largest of some neighbours.

    Values that are no numbers, or so large that no plot could show them, are left out.
    """
    finite = [one for one in values if abs(one.value) < _MOST]
    width = max(1, math.ceil(len(finite) / most))
    points: list[Point] = []
    for start in range(0, len(finite), width):
        some = finite[start : start + width]
        numbers = [one.value for one in some]
        mean = math.fsum(numbers) / len(numbers)
        points.append(Point(step=some[-1].step, mean=mean, low=min(numbers), high=max(numbers)))
    return points
