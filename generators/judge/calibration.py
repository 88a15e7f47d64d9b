"""What probabilities are worth against labels. Pure, and deterministic.

Intervals are bootstrap percentiles (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
chapter 13): 95 % of 1,000 sets drawn from ours, whole groups at a time, since items that share
their code are not independent. They say how much a small set of labels leaves open, nothing about
functions of another kind than the set's.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AtThreshold",
    "Calibration",
    "Estimate",
    "Item",
    "auc",
    "calibrate",
    "threshold_for",
]

THRESHOLDS = tuple(step / 10 for step in range(1, 10))
RESAMPLES = 1000
_SEED = 20_261_125
_TAIL = 0.025

Floats: TypeAlias = NDArray[np.float64]
"""Probabilities of yes, one an item."""
Bools: TypeAlias = NDArray[np.bool_]
"""Whether each item is enough."""
Figure: TypeAlias = Callable[[Floats, Bools], float | None]


class Item(NamedTuple):
    """One labelled function as a judge saw it."""

    p_yes: float
    enough: bool
    group: str = ""
    """Items of one group are drawn together; empty: a group of its own."""


class Estimate(msgspec.Struct, frozen=True):
    """A figure and its 95 % interval. None: not defined on these items."""

    value: float | None
    low: float | None = None
    high: float | None = None


class AtThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """What keeping everything from a probability upwards does."""

    threshold: float
    kept: int
    accuracy: Estimate
    """Share of items that are kept and enough, or dropped and not enough."""
    precision: Estimate
    """Share of the kept that are enough."""
    recall: Estimate
    """Share of those that are enough that are kept."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """All figures."""

    count: int
    enough: int
    auc: Estimate
    """Chance that an item that is enough got a higher probability than one that is not."""
    brier: Estimate
    """Mean squared distance of the probability from the label; 0.25 for always 0.5."""
    thresholds: list[AtThreshold]
    wanted: float
    """The precision asked for."""
    chosen: AtThreshold | None
    """The lowest threshold that reaches it on these items; None: none does. Chosen and measured on
    the same items, so a little too good."""


class _Sample:
    """Items as arrays, and the sets that are drawn from them."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.p_yes: Floats = np.array([item.p_yes for item in items], dtype=np.float64)
        self.enough: Bools = np.array([item.enough for item in items], dtype=np.bool_)
        members: defaultdict[str | int, list[int]] = defaultdict(list)
        for number, item in enumerate(items):
            members[item.group or number].append(number)
        groups = list(members.values())
        draw = random.Random(_SEED)
        self._drawn = [
            np.concatenate(draw.choices(groups, k=len(groups)))
            for _ in range(RESAMPLES if groups else 0)
        ]

    def estimate(self, figure: Figure) -> Estimate:
        value = figure(self.p_yes, self.enough)
        if value is None:
            return Estimate(None)
        # Sets on which it is not defined say nothing of it.
        drawn = (figure(self.p_yes[some], self.enough[some]) for some in self._drawn)
        found = sorted(one for one in drawn if one is not None)
        if not found:
            return Estimate(value)
        last = len(found) - 1
        return Estimate(value, found[round(_TAIL * last)], found[round((1 - _TAIL) * last)])

    def at(self, threshold: float) -> AtThreshold:
        return AtThreshold(
            threshold=threshold,
            kept=int((self.p_yes >= threshold).sum()),
            accuracy=self.estimate(lambda p, enough: _mean((p >= threshold) == enough)),
            precision=self.estimate(lambda p, enough: _mean(enough[p >= threshold])),
            recall=self.estimate(lambda p, enough: _mean(p[enough] >= threshold)),
        )


def calibrate(items: Sequence[Item], *, precision: float = 0.9) -> Calibration:
    """Return all figures; `items` may be empty.

    Raises:
        ValueError: a probability is none.
    """
    if any(not 0 <= item.p_yes <= 1 for item in items):
        raise ValueError("a probability is 0 to 1")
    sample = _Sample(items)
    chosen = threshold_for(sample.p_yes, sample.enough, precision)
    return Calibration(
        count=len(items),
        enough=sum(item.enough for item in items),
        auc=sample.estimate(auc),
        brier=sample.estimate(lambda p, enough: _mean((p - enough) ** 2)),
        thresholds=list(map(sample.at, THRESHOLDS)),
        wanted=precision,
        chosen=None if chosen is None else sample.at(chosen),
    )


def auc(p_yes: Floats, enough: Bools) -> float | None:
    """Return the area under the ROC curve; None where a label is missing.

    By ranks (Mann and Whitney, 1947): a tie counts half.
    """
    yes, no = p_yes[enough], np.sort(p_yes[~enough])
    if not len(yes) or not len(no):
        return None
    twice = np.searchsorted(no, yes, "left").sum() + np.searchsorted(no, yes, "right").sum()
    return float(twice / (2 * len(yes) * len(no)))


def threshold_for(p_yes: Floats, enough: Bools, precision: float) -> float | None:
    """Return the lowest probability from which on at least this share is enough; None: there is
    no such."""
    good = [
        float(threshold)
        for threshold in np.unique(p_yes)
        if (share := _mean(enough[p_yes >= threshold])) is not None and share >= precision
    ]
    return min(good, default=None)


def _mean(values: Floats | Bools) -> float | None:
    return float(values.sum() / len(values)) if len(values) else None
