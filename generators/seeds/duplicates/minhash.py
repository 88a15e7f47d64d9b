"""MinHash signatures and the LSH bands cut from them.

Broder (1997): the probability that two sets have the same minimum under a random permutation is
their Jaccard similarity. With `bands` groups of `rows` minima each, sets of similarity s share a
band with probability 1 - (1 - s^rows)^bands (Leskovec, Rajaraman, Ullman, "Mining of Massive
Datasets", chapter 3). The permutations are those of datasketch 2's `affine32` scheme: a
fixed mixer, then a*h + b modulo 2^32 with odd a, a bijection; the constants are our own.

A band is known by a 32-bit hash of its minima. That two different ones meet by chance costs one
comparison of two sets and changes nothing else.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veristone.generators.seeds.duplicates.ragged import Ragged
from veristone.generators.seeds.duplicates.shingles import mix64, odd_constants

__all__ = ["Banding", "band_keys", "choose_banding"]

_AT_ONCE = 1 << 16
"""Shingles that are permuted in one go: what fits a core's cache."""


class Banding(NamedTuple):
    """How a signature is cut."""

    bands: int
    rows: int


@lru_cache(maxsize=32)
def choose_banding(threshold: float, permutations: int, miss_weight: float) -> Banding:
    """Return the banding that datasketch chooses: `MinHashLSH(threshold, num_perm, weights)`.

    It minimises the weighted mean of two areas: that under the probability of sharing a band below
    the threshold, and that over it above the threshold. Both integrands are polynomials of a degree
    of `permutations` at most, for which Gauss-Legendre quadrature is exact.

    Args:
        threshold: Jaccard similarity, above 0 and below 1.
        permutations: 2 at least; a banding uses as many as make whole bands.
        miss_weight: of the second area, 0 to 1; the first has the rest.
    """
    nodes, weights = np.polynomial.legendre.leggauss(permutations // 2 + 1)
    below, above = (nodes + 1) / 2 * threshold, (nodes - 1) / 2 * (1 - threshold) + 1
    best, least = Banding(2, 1), np.inf
    for bands in range(2, permutations + 1):
        rows = np.arange(1, permutations // bands + 1)[:, None]
        false_positive = threshold / 2 * (1 - (1 - below**rows) ** bands) @ weights
        false_negative = (1 - threshold) / 2 * (1 - above**rows) ** bands @ weights
        errors = (1 - miss_weight) * false_positive + miss_weight * false_negative
        index = int(errors.argmin())
        if errors[index] < least:
            best, least = Banding(bands, index + 1), float(errors[index])
    return best


def band_keys(sets: Ragged, banding: Banding) -> NDArray[np.uint32]:
    """Return the key of every band of every set, shape (bands, sets). No set may be empty."""
    bands, rows = banding
    factors = odd_constants("minhash factors", bands * rows, np.uint32)
    # The low bit of an offset being set does no harm: it flips that bit in all hashes alike.
    offsets = odd_constants("minhash offsets", bands * rows, np.uint32)
    keys = np.empty((bands, len(sets)), np.uint32)
    for first, last in _blocks(sets):
        starts = sets.starts[first:last]
        values = sets.values[starts[0] : sets.ends[last - 1]]
        hashes = mix64(values.astype(np.uint64)).astype(np.uint32)
        minima = np.empty((bands * rows, last - first), np.uint32)
        permuted = np.empty_like(hashes)
        for index, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            np.multiply(hashes, factor, out=permuted)
            permuted += offset
            np.minimum.reduceat(permuted, starts - starts[0], out=minima[index])
        keys[:, first:last] = _fold(minima.reshape(bands, rows, -1))
    return keys


def _blocks(sets: Ragged) -> list[tuple[int, int]]:
    """Return ranges of sets with about _AT_ONCE members together."""
    cuts = [0]
    ends = sets.ends
    while cuts[-1] < len(sets):
        start = int(ends[cuts[-1] - 1]) if cuts[-1] else 0
        cut = int(np.searchsorted(ends, start + _AT_ONCE, side="right"))
        cuts.append(max(cut, cuts[-1] + 1))
    return list(pairwise(cuts))


def _fold(minima: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return one hash for the minima of each band, shape (bands, sets)."""
    bands, rows, count = minima.shape
    mixed = np.zeros((bands, count), np.uint64)
    for row, factor in enumerate(odd_constants("minhash bands", rows, np.uint64)):
        mixed += minima[:, row, :] * factor
    return (mix64(mixed) >> np.uint64(32)).astype(np.uint32)
