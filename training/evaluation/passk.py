"""pass@k: the unbiased estimator, its mean over tasks, and a 95 % interval.

Chen et al. 2021, "Evaluating Large Language Models Trained on Code", section 2.1:
pass@k = E over tasks of 1 - C(n - c, k) / C(n, k), with n samples of which c are right.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

__all__ = ["INTERVAL_METHOD", "KS", "Score", "TaskCount", "interval", "pass_at_k", "score"]

KS = (1, 10, 100)
"""The values of k that the field reports."""

RESAMPLES = 2000
INTERVAL_METHOD = f"95% interval: percentile bootstrap over tasks, {RESAMPLES} resamples"


class TaskCount(NamedTuple):
    """Decided samples of one task, and how many of them passed."""

    n: int
    c: int


@dataclass(frozen=True, slots=True)
class Score:
    """pass@k of a benchmark, between 0 and 1, with its 95 % interval over tasks."""

    k: int
    mean: float
    low: float
    high: float
    tasks: int


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the chance that k of n samples, drawn without replacement, hold a right one of c.

    Raises:
        ValueError: not 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@k needs 0 <= c <= n and 1 <= k <= n, got n={n}, c={c}, k={k}")
    # Exact integers: no rounding until the one division.
    draws = math.comb(n, k)
    return (draws - math.comb(n - c, k)) / draws


def score(counts: Sequence[TaskCount], k: int) -> Score | None:
    """Return pass@k over the tasks, or None where some task has fewer than k decided samples."""
    if not counts or any(count.n < k for count in counts):
        return None
    values = [pass_at_k(n, c, k) for n, c in counts]
    low, high = interval(values)
    return Score(k=k, mean=fmean(values), low=low, high=high, tasks=len(values))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of the mean under resampling of tasks.

    Percentile bootstrap (Efron 1979), with a fixed seed so that a report can be made twice. It
    speaks about the choice of tasks only, not about the sampling of the model.
    """
    draw = random.Random(0)
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[round(0.025 * (RESAMPLES - 1))], means[round(0.975 * (RESAMPLES - 1))]
