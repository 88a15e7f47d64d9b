"""Texts that were seen before: the same but for white space, or nearly the same.

MinHash and LSH find candidates (`seeds.duplicates.similar`); the true Jaccard similarity of the
sets of word 5-grams decides. Texts of different languages are never alike. Both indexes are in
memory.
"""

import hashlib

from veristone.generators.seeds.duplicates import similar

__all__ = ["ExactIndex", "NearIndex"]


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
        self._index = similar.NearIndex(threshold)
        self._keys: list[str] = []

    def find_or_add(self, key: str, text: str, language: str) -> str | None:
        """Return `0.73 of KEY` for the most similar text, the first of several; None, and remember
        this one, where none is similar enough. A text without a word is like no other."""
        own = similar.shingles(text, language)
        if not len(own):
            return None
        minima = similar.signature(own)
        found = self._index.best(own, minima)
        if found is not None:
            return f"{found.jaccard:.2f} of {self._keys[found.number]}"
        self._index.add(own, minima)
        self._keys.append(key)
        return None
