"""How much of one token sequence stands in another, in order.

A semi-global alignment (Needleman and Wunsch 1970, free ends on one side): the whole pattern is laid
into the text, what agrees gains its weight, what does not costs a share of its weight in the pattern
and in the part of the text that the pattern covers. Loops that became comprehensions, a swapped
statement or an additional check cost little; another algorithm costs all.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAP_PERCENT", "Sequence", "align", "encode"]

GAP_PERCENT = 30
"""Cost of an unmatched token, of its weight. Measured: 18 and 50 find less, at equal false positives."""

_LONGEST = 2000
"""Tokens of a text that are looked at: the work is bounded whatever the text is."""


class Sequence(NamedTuple):
    """Tokens as numbers, with what each is worth in hundredths of a nat."""

    codes: NDArray[np.int64]
    weights: NDArray[np.int64]


def encode(codes: list[int], weights: list[int]) -> Sequence:
    """Return a sequence of the first tokens, as many as are looked at."""
    return Sequence(
        np.array(codes[:_LONGEST], dtype=np.int64), np.array(weights[:_LONGEST], dtype=np.int64)
    )


def align(pattern: Sequence, text: Sequence) -> int:
    """Return the best score of laying `pattern` into `text`, in hundredths of a nat.

    Takes len(pattern) steps on arrays as long as the text.
    """
    if not len(pattern.codes) or not len(text.codes):
        return 0
    # skipped[j]: cost of leaving out the first j tokens of the text.
    skipped = np.concatenate(([0], np.cumsum(text.weights * GAP_PERCENT // 100)))
    previous = np.zeros(len(text.codes) + 1, dtype=np.int64)
    costs = (pattern.weights * GAP_PERCENT // 100).tolist()
    for code, weight, cost in zip(
        pattern.codes.tolist(), pattern.weights.tolist(), costs, strict=True
    ):
        current = previous - cost
        matched = np.where(text.codes == code, previous[:-1] + weight, current[1:])
        np.maximum(current[1:], matched, out=current[1:])
        # Leaving out tokens of the text: current[j] = max over i <= j of current[i] - cost(i..j).
        previous = np.maximum.accumulate(current + skipped) - skipped
    return int(previous.max())
