"""Instructions that are nearly the same, as clusters: what a split must not part.

Two instructions belong together if the Jaccard similarity of their word 5-grams is 0.5 or more,
and so do those that a chain of such pairs connects. MinHash finds the pairs (`seeds.duplicates`),
the true similarity decides. A bucket of more than 40 instructions is taken as one cluster without
looking at its pairs: that joins too much, and never parts what belongs together.

Memory grows with the number of rows: about half a kilobyte each. Not promised: pairs that MinHash
overlooks, at 0.5 one in eight, at 0.6 one in a hundred.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from veristone.generators.seeds.duplicates.minhash import band_keys, choose_banding
from veristone.generators.seeds.duplicates.ragged import Ragged
from veristone.generators.seeds.duplicates.shingles import shingles

__all__ = ["cluster"]

_THRESHOLD = 0.5
_WORDS = 5
_BATCH = 5000
_MOST_COMPARED = 40


def cluster(texts: Iterable[str]) -> list[int]:
    """Return for each text the position of the first text of its cluster."""
    sets, keys = _signatures(texts)
    forest = _Forest(len(sets))
    some = np.flatnonzero(sets.sizes > 0)
    for band in keys:
        for members in _buckets(band, some):
            if len(members) > _MOST_COMPARED:
                for other in members[1:]:
                    forest.join(members[0], other)
                continue
            for one, other in combinations(members, 2):
                if forest.root(one) != forest.root(other) and _alike(sets, one, other):
                    forest.join(one, other)
    return [forest.root(position) for position in range(len(sets))]


def _signatures(texts: Iterable[str]) -> tuple[Ragged, NDArray[np.uint32]]:
    """Return the shingles of all texts, and the band keys of those that have some."""
    banding = choose_banding(_THRESHOLD, 128, 0.9)
    values: list[NDArray[np.uint32]] = [np.empty(0, np.uint32)]
    sizes: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    keys: list[NDArray[np.uint32]] = [np.empty((banding.bands, 0), np.uint32)]
    rest = iter(texts)
    while batch := list(islice(rest, _BATCH)):
        found = shingles(batch, [""] * len(batch), _WORDS)
        values.append(found.values)
        sizes.append(found.sizes)
        filled = found.ends[found.sizes > 0]
        if len(filled):
            keys.append(band_keys(Ragged(found.values, filled), banding))
    ends = np.cumsum(np.concatenate(sizes))
    return Ragged(np.concatenate(values), ends), np.hstack(keys)


def _buckets(band: NDArray[np.uint32], some: NDArray[np.intp]) -> Iterator[list[int]]:
    """Yield the positions of texts that share a key, where there are two or more."""
    order = np.argsort(band, kind="stable")
    ordered = band[order]
    cuts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    for run in np.split(order, cuts):
        if len(run) > 1:
            yield some[run].tolist()


def _alike(sets: Ragged, one: int, other: int) -> bool:
    first, second = sets.at(one), sets.at(other)
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared >= _THRESHOLD * (len(first) + len(second) - shared)


class _Forest:
    """Disjoint sets of numbers; the root of a set is its smallest member."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, item: int) -> int:
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first
