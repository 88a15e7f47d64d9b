"""Texts as sets of shingles, and an index of those that were seen (datasketch's MinHash and LSH).

The shingles are word 5-grams as in BigCode's near-duplicate removal (Kocetkov et al., The Stack,
arXiv 2211.15533, section 4), which go back to Broder, "On the resemblance and containment of
documents" (1997). A word is a run of letters, digits and underscores; what lies between words is
layout and does not count. A text of fewer words is one shingle of all of them; one without a word
has none, and is like no other.

Shingles are 32-bit hashes. Two different ones of a pair of functions with a hundred shingles each
collide with a probability of 2e-6; the similarity is then wrong by one shingle.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, cast

import numpy as np
import xxhash
from datasketch import LeanMinHash, MinHash, MinHashLSH
from numpy.typing import NDArray

__all__ = ["NearIndex", "Shingles", "Similar", "jaccard", "shingles", "signature"]

Shingles = NDArray[np.uint32]
"""Ascending, each once."""
PERMUTATIONS = 128
_words = re.compile(r"\w+").findall


class Similar(NamedTuple):
    """A text in the index, by its number in the order of adding."""

    number: int
    jaccard: float


class NearIndex:
    """Finds the texts added before whose similarity reaches a threshold.

    LSH finds candidates, the true Jaccard similarity decides. Because of that one candidate too
    many costs a comparison, and one too few leaves a duplicate: bands are chosen with nine tenths
    of the weight on what is overlooked, where datasketch weighs both alike; at a threshold of 0.5
    these are 32 bands of 4 rows in place of 25 of 5.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._tables = MinHashLSH(threshold, num_perm=PERMUTATIONS, weights=(0.1, 0.9))
        self._sets: list[Shingles] = []

    def similar(self, own: Shingles, minima: LeanMinHash) -> list[Similar]:
        """Return what is similar enough, the oldest first."""
        query = cast("Callable[[LeanMinHash], list[int]]", self._tables.query)  # pyright: ignore[reportUnknownMemberType]
        candidates = query(minima)
        found = (Similar(number, jaccard(own, self._sets[number])) for number in sorted(candidates))
        return [one for one in found if one.jaccard >= self._threshold]

    def best(self, own: Shingles, minima: LeanMinHash) -> Similar | None:
        """Return the most similar text, of several the oldest."""
        return max(self.similar(own, minima), key=lambda one: one.jaccard, default=None)

    def add(self, own: Shingles, minima: LeanMinHash) -> None:
        """Remember a text."""
        self._tables.insert(len(self._sets), minima, check_duplication=False)
        self._sets.append(own)


def shingles(text: str, kind: str = "", words: int = 5) -> Shingles:
    """Return the set of a text's shingles; texts of different kinds share none but by chance."""
    found = _words(text)
    grams = {" ".join(found[at : at + words]) for at in range(max(1, len(found) - words + 1))}
    hashes = {
        xxhash.xxh32_intdigest(f"{kind}\0{gram}".encode(errors="surrogatepass"))
        for gram in grams
        if gram
    }
    return np.array(sorted(hashes), np.uint32)


def signature(own: Shingles) -> LeanMinHash:
    """Return the MinHash signature of a set: the minima of its permutations."""
    minhash = _permutations().copy()
    minhash.update_batch(own.tolist())  # pyright: ignore[reportUnknownMemberType]
    return LeanMinHash(minhash)


@cache
def _permutations() -> MinHash:
    return MinHash(PERMUTATIONS, hashfunc=int)


def jaccard(one: Shingles, other: Shingles) -> float:
    """Return the Jaccard similarity of two sets that are not both empty."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
