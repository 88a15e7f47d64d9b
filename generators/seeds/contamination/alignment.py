"""How much of one token sequence stands in another, in order.

A semi-global alignment (Needleman and Wunsch 1970, free ends on one side): the whole pattern is
laid into the text, what agrees gains its weight, what does not costs a share of its weight in the
pattern and in the part of the text that the pattern covers. Loops that became comprehensions, a
swapped statement or an additional check cost little; another algorithm costs all.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAP_PERCENT", "Sequence", "align", "encode"]

GAP_PERCENT = 30
"""Cost of an unmatched token, of its weight. At a fixed threshold 18 gave three times the false
positives of 30, and 50 lost a quarter of the translations; not tuned beyond that."""

_NOTHING = -2
_LONGEST = 2000
"""Tokens of a text that are looked at: the work is bounded whatever the text is."""


class Sequence(NamedTuple):
    """Tokens as numbers of 0 or more (-1: one that no pattern has), and what each is worth."""

    codes: NDArray[np.int32]
    weights: NDArray[np.int32]


def encode(codes: list[int], weights: list[int]) -> Sequence:
    """Return a sequence of the first tokens, as many as are looked at."""
    return Sequence(
        np.array(codes[:_LONGEST], dtype=np.int32), np.array(weights[:_LONGEST], dtype=np.int32)
    )


def align(patterns: list[Sequence], text: Sequence) -> list[int]:
    """Return the best score of laying each pattern into `text`, in the weights' unit.

    Takes as many steps as the longest pattern has tokens, on arrays of patterns x text.
    """
    if not patterns:
        return []
    longest = max(len(pattern.codes) for pattern in patterns)
    codes = np.full((longest, len(patterns), 1), _NOTHING, dtype=np.int32)
    weights = np.zeros((longest, len(patterns), 1), dtype=np.int32)
    for number, pattern in enumerate(patterns):
        codes[: len(pattern.codes), number, 0] = pattern.codes
        weights[: len(pattern.codes), number, 0] = pattern.weights
    costs = weights * GAP_PERCENT // 100
    # skipped[j]: cost of leaving out the first j tokens of the text. Tokens that no pattern has and
    # that follow none are never matched and never the end: they stay in the sums alone.
    skipped = np.zeros(len(text.codes) + 1, dtype=np.int32)
    np.cumsum(text.weights * GAP_PERCENT // 100, out=skipped[1:])
    had = np.isin(text.codes, codes)
    had[1:] |= had[:-1].copy()
    kept = np.flatnonzero(had)
    step = np.diff(skipped)[kept]
    before = skipped[kept]
    text_codes = text.codes[kept]
    # best[p, j]: of what was seen of pattern p, ending before kept token j, plus what leaving out
    # everything before that token costs. The last place is the end of the text.
    best = np.repeat(np.append(before, skipped[-1:])[None, :], len(patterns), axis=0)
    for code, weight, cost in zip(codes, weights, costs, strict=True):
        matched = (text_codes == code) * (weight + cost + step) + best[:, :-1] - cost
        best -= cost
        np.maximum(best[:, 1:], matched, out=best[:, 1:])
        # Leaving out tokens of the text costs nothing here: it is in what was added.
        np.maximum.accumulate(best, axis=1, out=best)
    return (best - np.append(before, skipped[-1:])).max(axis=1).tolist()
