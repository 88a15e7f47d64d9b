"""Code as a set of shingles: hashes of its runs of words.

The shingles are word 5-grams as in BigCode's and text-dedup's near-duplicate removal (Kocetkov et
al., The Stack, arXiv 2211.15533, section 4; huggingface.co/blog/dedup), which go back to Broder,
"On the resemblance and containment of documents" (1997). A word is a run of letters, digits and
underscores; what lies between words is layout and punctuation and does not count. Two things
differ from BigCode's script: it splits at every single character that is no part of a word, so that
each blank of the indentation yields an empty word and re-indented code is no longer similar; and it
drops texts of fewer than five words, which here are one shingle of all their words.

Shingles are 32-bit hashes. Two different ones of a pair of functions with a hundred shingles each
collide with a probability of 2e-6; the similarity is then wrong by one shingle.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

from veristone.generators.seeds.duplicates.ragged import Ragged

__all__ = ["mix64", "odd_constants", "shingles"]

_find_words = re.compile(r"\w+").findall
_BATCH_CHARS = 1 << 21
_SHIFT = np.uint64(32)


class _WordHashes(dict[str, int]):
    """Hashes of words, each computed once."""

    def __missing__(self, word: str) -> int:
        found = xxhash.xxh64_intdigest(word.encode(errors="surrogatepass"))
        self[word] = found
        return found


def shingles(texts: Sequence[str], kinds: Sequence[str], words: int) -> Ragged:
    """Return the set of shingles of each text.

    Args:
        texts: any text at all; one without a word has no shingles.
        kinds: one for each text; texts of different kinds share no shingle but by chance.
        words: in a shingle.
    """
    values: list[NDArray[np.uint32]] = [np.empty(0, np.uint32)]
    sizes: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    for start, end in _batches(texts):
        found, counts = _batch(texts[start:end], kinds[start:end], words)
        values.append(found)
        sizes.append(counts)
    return Ragged(np.concatenate(values), np.cumsum(np.concatenate(sizes)))


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts of about _BATCH_CHARS together, or of one text that has more."""
    start = chars = 0
    for end, text in enumerate(texts):
        if end > start and chars + len(text) > _BATCH_CHARS:
            yield start, end
            start, chars = end, 0
        chars += len(text)
    if start < len(texts):
        yield start, len(texts)


def _batch(
    texts: Sequence[str], kinds: Sequence[str], words: int
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the shingles of all texts and how many each has."""
    stream, lengths = _words(texts, words)
    ends = np.cumsum(lengths)
    # One shingle begins at each word but the last few of its text.
    counts = np.maximum(lengths - (words - 1), 0)
    owners = np.repeat(np.arange(len(texts), dtype=np.uint64), counts)
    begins = np.arange(int(counts.sum()), dtype=np.int64) + np.repeat(
        ends - lengths - np.cumsum(counts) + counts, counts
    )
    salts = _WordHashes()
    salt = np.array([salts[kind] for kind in kinds], np.uint64)
    mixed = np.repeat(salt, counts)
    for offset, constant in enumerate(odd_constants("shingles", words, np.uint64)):
        mixed += stream[begins + offset] * constant
    tagged = np.sort((owners << _SHIFT) | (mix64(mixed) >> _SHIFT))
    first = np.ones(len(tagged), np.bool_)
    np.not_equal(tagged[1:], tagged[:-1], out=first[1:])
    tagged = tagged[first]
    sizes = np.bincount((tagged >> _SHIFT).astype(np.int64), minlength=len(texts))
    return tagged.astype(np.uint32), sizes.astype(np.int64)


def _words(texts: Sequence[str], least: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all words and how many each text has.

    A text of some words, but fewer than `least`, is filled up with zeros.
    """
    look_up = _WordHashes().__getitem__
    found: list[int] = []
    lengths = np.empty(len(texts), np.int64)
    for index, text in enumerate(texts):
        words = _find_words(text)
        found += map(look_up, words)
        if 0 < len(words) < least:
            found += [0] * (least - len(words))
        lengths[index] = 0 if not words else max(len(words), least)
    return np.array(found, np.uint64), lengths


def mix64(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all bits, in place: the finaliser of MurmurHash3 (Appleby, public)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values ^= values >> np.uint64(33)
        values *= np.uint64(factor)
    values ^= values >> np.uint64(33)
    return values


def odd_constants(
    name: str, count: int, kind: type[np.uint32] | type[np.uint64]
) -> NDArray[np.uint32] | NDArray[np.uint64]:
    """Return odd numbers that look random and are the same on every machine and for ever."""
    size = np.dtype(kind).itemsize
    drawn = b"".join(
        xxhash.xxh3_128_digest(f"{name} {index}".encode())[:size] for index in range(count)
    )
    return np.frombuffer(drawn, np.dtype(kind).newbyteorder("<")).astype(kind) | kind(1)
