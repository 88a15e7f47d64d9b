"""Instructions that are nearly the same, as clusters: what a split must not part.

Two instructions belong together if the Jaccard similarity of their word 5-grams is 0.5 or more,
and so do those that a chain of such pairs connects. datasketch's MinHash finds the pairs, the true
similarity decides. Memory grows with the number of rows: about a kilobyte each. Not promised: pairs
that MinHash overlooks, at 0.5 about one in eight, at 0.6 one in a hundred.
"""

import re
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

__all__ = ["cluster"]

_THRESHOLD = 0.5
_WORDS = 5
_find_words = re.compile(r"\w+").findall


def cluster(texts: Iterable[str]) -> list[int]:
    """Return for each text the position of the first text of its cluster."""
    # What is overlooked weighs more than what is compared in vain.
    index: Any = MinHashLSH(threshold=_THRESHOLD, num_perm=128, weights=(0.1, 0.9))
    sets: list[NDArray[np.uint32]] = []
    parents: list[int] = []
    for position, text in enumerate(texts):
        sets.append(_shingles(text))
        parents.append(position)
        if not len(sets[position]):
            continue
        sketch: Any = MinHash(num_perm=128, seed=1, hashfunc=int)
        sketch.update_batch(sets[position])
        for other in sorted(index.query(sketch)):
            one, root = _root(parents, position), _root(parents, other)
            if one != root and _alike(sets[position], sets[other]):
                parents[max(one, root)] = min(one, root)
        index.insert(position, sketch, check_duplication=False)
    return [_root(parents, position) for position in range(len(parents))]


def _shingles(text: str) -> NDArray[np.uint32]:
    """Return hashes of a text's word 5-grams; a shorter text is one shingle of all its words."""
    words = _find_words(text)
    grams = {" ".join(words[n : n + _WORDS]) for n in range(max(len(words) - _WORDS + 1, 1))}
    found = [zlib.crc32(gram.encode(errors="surrogatepass")) for gram in grams if gram]
    return np.array(sorted(set(found)), np.uint32)


def _alike(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> bool:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared >= _THRESHOLD * (len(one) + len(other) - shared)


def _root(parents: list[int], item: int) -> int:
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item
