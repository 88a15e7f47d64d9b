"""What probabilities are worth against labels. Pure, and deterministic.

Intervals are bootstrap percentiles (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
chapter 13): 95 % of 1,000 sets drawn from ours, whole groups at a time, since items that share
their code are not independent. They say how much a small set of labels leaves open, nothing about
functions of another kind than the set's.
"""

import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

__all__ = [
    "AtThreshold",
    "Bin",
    "Calibration",
    "Estimate",
    "Item",
    "auc",
    "brier",
    "calibrate",
    "reliability",
    "threshold_for",
]

THRESHOLDS = tuple(step / 10 for step in range(1, 10))
BINS = 10
RESAMPLES = 1000
_SEED = 20_261_125
_TAIL = 0.025


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


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the reliability table. The last bin includes 1."""

    low: float
    high: float
    count: int
    mean: float | None
    """Mean probability of yes."""
    enough: float | None
    """Share that is enough; equal to the mean where probabilities can be taken at their word."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """All figures."""

    count: int
    enough: int
    auc: Estimate
    """Chance that an item that is enough got a higher probability than one that is not."""
    brier: Estimate
    """Mean squared distance of the probability from the label; 0.25 for always 0.5."""
    thresholds: list[AtThreshold]
    bins: list[Bin]
    wanted: float
    """The precision asked for."""
    chosen: AtThreshold | None
    """The lowest threshold that reaches it on these items; None: none does. Chosen and measured on
    the same items, so a little too good."""


def calibrate(items: Sequence[Item], *, precision: float = 0.9) -> Calibration:
    """Return all figures; `items` may be empty.

    Raises:
        ValueError: a probability is none.
    """
    if any(not 0 <= item.p_yes <= 1 for item in items):
        raise ValueError("a probability is 0 to 1")
    drawn = _drawn(items)
    chosen = threshold_for(items, precision)
    return Calibration(
        count=len(items),
        enough=sum(item.enough for item in items),
        auc=_estimate(auc, items, drawn),
        brier=_estimate(brier, items, drawn),
        thresholds=[_at(threshold, items, drawn) for threshold in THRESHOLDS],
        bins=reliability(items),
        wanted=precision,
        chosen=None if chosen is None else _at(chosen, items, drawn),
    )


def auc(items: Sequence[Item]) -> float | None:
    """Return the area under the ROC curve; None where a label is missing.

    By ranks (Mann and Whitney, 1947): a tie counts half.
    """
    no = sorted(item.p_yes for item in items if not item.enough)
    yes = [item.p_yes for item in items if item.enough]
    if not no or not yes:
        return None
    twice = sum(bisect_left(no, value) + bisect_right(no, value) for value in yes)
    return twice / (2 * len(no) * len(yes))


def brier(items: Sequence[Item]) -> float | None:
    """Return the Brier score (1950); None of no items."""
    if not items:
        return None
    return sum((item.p_yes - item.enough) ** 2 for item in items) / len(items)


def reliability(items: Sequence[Item], bins: int = BINS) -> list[Bin]:
    """Return what share is enough where the probability lies in each of `bins` equal parts."""
    members: defaultdict[int, list[Item]] = defaultdict(list)
    for item in items:
        members[min(int(item.p_yes * bins), bins - 1)].append(item)
    return [
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            count=len(members[number]),
            mean=_mean([item.p_yes for item in members[number]]),
            enough=_mean([item.enough for item in members[number]]),
        )
        for number in range(bins)
    ]


def threshold_for(items: Sequence[Item], precision: float) -> float | None:
    """Return the lowest probability from which on at least this share is enough; None: there is
    no such."""
    ordered = sorted(items, key=lambda item: -item.p_yes)
    found: float | None = None
    enough = 0
    for kept, item in enumerate(ordered, 1):
        enough += item.enough
        last = kept == len(ordered) or ordered[kept].p_yes != item.p_yes
        if last and enough >= precision * kept:
            found = item.p_yes
    return found


def _at(threshold: float, items: Sequence[Item], drawn: Sequence[Sequence[Item]]) -> AtThreshold:
    def accuracy(some: Sequence[Item]) -> float | None:
        return _mean([(item.p_yes >= threshold) == item.enough for item in some])

    def precision(some: Sequence[Item]) -> float | None:
        return _mean([item.enough for item in some if item.p_yes >= threshold])

    def recall(some: Sequence[Item]) -> float | None:
        return _mean([item.p_yes >= threshold for item in some if item.enough])

    return AtThreshold(
        threshold=threshold,
        kept=sum(item.p_yes >= threshold for item in items),
        accuracy=_estimate(accuracy, items, drawn),
        precision=_estimate(precision, items, drawn),
        recall=_estimate(recall, items, drawn),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _drawn(items: Sequence[Item]) -> list[list[Item]]:
    """Return sets of as many groups as there are, drawn with replacement."""
    by_group: defaultdict[str | int, list[Item]] = defaultdict(list)
    for number, item in enumerate(items):
        by_group[item.group or number].append(item)
    groups = list(by_group.values())
    draw = random.Random(_SEED)
    return [
        [item for group in draw.choices(groups, k=len(groups)) for item in group]
        for _ in range(RESAMPLES if groups else 0)
    ]


def _estimate(
    figure: Callable[[Sequence[Item]], float | None],
    items: Sequence[Item],
    drawn: Sequence[Sequence[Item]],
) -> Estimate:
    value = figure(items)
    if value is None:
        return Estimate(None)
    # Sets on which it is not defined say nothing of it.
    found = sorted(one for some in drawn if (one := figure(some)) is not None)
    if not found:
        return Estimate(value)
    last = len(found) - 1
    return Estimate(value, found[round(_TAIL * last)], found[round((1 - _TAIL) * last)])
