"""What is computed from a run's numbers and texts; scipy and scikit-learn count."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from veristone.extras import need_modules
from veristone.loop.report.facts import Point
from veristone.training.evaluation.passk import RESAMPLES

__all__ = ["Interval", "Nearest", "nearest", "need_libraries", "paired", "thinned"]

_MOST_POINTS = 80
_AT_ONCE = 256
"""Texts that are compared at once."""


def need_libraries() -> None:
    """Import what the report is made with, before anything is begun.

    Raises:
        ConfigError: a package is not installed.
    """
    need_modules("jinja2", "scipy.stats", "sklearn.feature_extraction.text", extra="report")


class Interval(NamedTuple):
    """A mean and its 95 % interval, over how many tasks."""

    mean: float
    low: float
    high: float
    tasks: int


def paired(one: Mapping[str, float], other: Mapping[str, float]) -> Interval | None:
    """Return `one` minus `other` over the tasks that both have; None where there is none.

    Tasks differ in how hard they are far more than models do, so two intervals that overlap say
    little; the difference task by task says what can be said. Interval: percentile bootstrap (Efron
    1979), the tasks resampled for both models together. It speaks about the choice of tasks, not
    about the sampling of the models or of their training.

    Args:
        one: task to the share of its decided samples that are right.
        other: the same of the other model.
    """
    import numpy as np
    from scipy.stats import bootstrap  # pyright: ignore[reportUnknownVariableType]

    tasks = sorted(one.keys() & other.keys())
    found = [one[task] - other[task] for task in tasks]
    if not found:
        return None
    mean = fmean(found)
    if len(set(found)) == 1:
        return Interval(mean, mean, mean, len(found))
    resampled: Any = bootstrap(
        (found,), np.mean, n_resamples=RESAMPLES, batch=100, method="percentile", rng=0
    )
    low, high = resampled.confidence_interval
    return Interval(mean, float(low), float(high), len(found))


class Nearest(NamedTuple):
    """The text that is nearest to another: its place among those compared with, and the cosine."""

    place: int
    cosine: float


def nearest(texts: Sequence[str], groups: Sequence[Sequence[str]]) -> list[list[Nearest]]:
    """Return the nearest text of every group to each text, by the cosine of TF-IDF vectors.

    The usual weights (scikit-learn's own) over all texts of both sides; of equally near ones the
    first. Without any word everything is equally far.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights: Any = TfidfVectorizer()
    try:
        weights.fit([*texts, *(text for group in groups for text in group)])
    except ValueError:
        # There is no word in any of them.
        return [[Nearest(0, 0.0) for _ in texts] for _ in groups]
    rows = weights.transform(texts)
    found: list[list[Nearest]] = []
    for group in groups:
        others = weights.transform(group).T.tocsr()
        some: list[Nearest] = []
        for start in range(0, len(texts), _AT_ONCE):
            cosines = (rows[start : start + _AT_ONCE] @ others).toarray()
            best = zip(cosines.argmax(axis=1), cosines.max(axis=1), strict=True)
            some += [Nearest(int(place), min(1.0, float(cosine))) for place, cosine in best]
        found.append(some)
    return found


def thinned(values: Iterable[tuple[int, float | None]], most: int = _MOST_POINTS) -> list[Point]:
    """Return a curve with at most `most` points, as many as a screen has room for.

    Values that are absent are left out.
    """
    some = [(step, value) for step, value in values if value is not None]
    width = max(1, math.ceil(len(some) / most))
    points: list[Point] = []
    for start in range(0, len(some), width):
        steps, numbers = zip(*some[start : start + width], strict=True)
        points.append(Point(steps[-1], fmean(numbers), min(numbers), max(numbers)))
    return points
