"""The difference of two models over the same tasks, with its interval.

Tasks differ in how hard they are far more than models do, so two intervals that overlap say little;
the difference task by task says what can be said. Interval: percentile bootstrap (Efron 1979), the
tasks resampled for both models together. It speaks about the choice of tasks, not about the
sampling of the models or of their training.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["RESAMPLES", "Paired", "paired"]

RESAMPLES = 2_000
"""As evaluation has it."""
_AT_ONCE = 1_000_000
"""Numbers drawn at once, so that memory is bounded."""


class Paired(NamedTuple):
    """Mean difference, its 95 % interval, and over how many tasks."""

    mean: float
    low: float
    high: float
    tasks: int


def paired(one: Mapping[str, float], other: Mapping[str, float]) -> Paired | None:
    """Return `one` minus `other` over the tasks that both have; None where there is none.

    Args:
        one: task to the share of its decided samples that are right.
        other: the same of the other model.
    """
    tasks = sorted(one.keys() & other.keys())
    if not tasks:
        return None
    found = np.array([one[task] - other[task] for task in tasks])
    draw = np.random.Generator(np.random.PCG64(0))
    means: list[float] = []
    batch = max(1, _AT_ONCE // len(tasks))
    while len(means) < RESAMPLES:
        number = min(batch, RESAMPLES - len(means))
        picks = draw.integers(0, len(tasks), size=(number, len(tasks)))
        means += found[picks].mean(axis=1).tolist()
    means.sort()
    low, high = (means[round(part * (RESAMPLES - 1))] for part in (0.025, 0.975))
    return Paired(float(found.mean()), low, high, len(tasks))
