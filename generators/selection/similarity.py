"""Texts that were seen before: the same but for white space, or nearly the same.

MinHash signatures and LSH (datasketch) find candidates; the true Jaccard similarity of the sets of
word 5-grams decides. Texts of different languages are never alike. Both indexes are in memory.

Not promised: that no similar text is overlooked. Bands are chosen with nine tenths of the weight on
what is overlooked, since a candidate too many costs one comparison only: of pairs at exactly the
threshold about one in eight is missed, a little above it one in a hundred.
"""

import hashlib
import re
from typing import cast

import numpy as np
import xxhash
from datasketch import LeanMinHash, MinHash, MinHashLSH
from numpy.typing import NDArray

__all__ = ["ExactIndex", "NearIndex", "shingles"]

_PERMUTATIONS = 128
_WORDS = 5
_words = re.compile(r"\w+").findall


class ExactIndex:
    """Finds texts that are equal but for white space."""

    def __init__(self) -> None:
        self._seen: dict[bytes, str] = {}

    def find_or_add(self, key: str, text: str, language: str) -> str | None:
        """Return the key of an equal text; None, and remember this one, where there is none."""
        data = f"{language}\0{''.join(text.split())}".encode(errors="surrogatepass")
        first = self._seen.setdefault(hashlib.blake2b(data, digest_size=16).digest(), key)
        return None if first == key else first


class NearIndex:
    """Finds texts whose similarity reaches a threshold."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._tables = MinHashLSH(threshold, num_perm=_PERMUTATIONS, weights=(0.1, 0.9))
        self._sets: list[NDArray[np.uint32]] = []
        self._keys: list[str] = []

    def find_or_add(self, key: str, text: str, language: str) -> str | None:
        """Return `0.73 of KEY` for the most similar text, the first of several; None, and remember
        this one, where none is similar enough. A text without a word is like no other."""
        own = shingles(text, language)
        if not len(own):
            return None
        minhash = MinHash(_PERMUTATIONS, hashfunc=int)
        minhash.update_batch(own.tolist())
        found = sorted(cast("list[int]", self._tables.query(minhash)))
        likenesses = [_jaccard(own, self._sets[number]) for number in found]
        best = max(likenesses, default=0.0)
        if best >= self._threshold:
            return f"{best:.2f} of {self._keys[found[likenesses.index(best)]]}"
        self._tables.insert(len(self._sets), LeanMinHash(minhash))
        self._sets.append(own)
        self._keys.append(key)
        return None


def shingles(text: str, language: str = "") -> NDArray[np.uint32]:
    """Return the set of a text's word 5-grams as ascending hashes; fewer words are one shingle."""
    words = _words(text)
    grams = {" ".join(words[at : at + _WORDS]) for at in range(max(1, len(words) - _WORDS + 1))}
    hashes = {
        xxhash.xxh32_intdigest(f"{language}\0{gram}".encode(errors="surrogatepass"))
        for gram in grams
        if gram
    }
    return np.array(sorted(hashes), np.uint32)


def _jaccard(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
