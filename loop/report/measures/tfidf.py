"""TF-IDF cosine to the nearest of some texts, with numpy and in bounded memory.

The usual weights (Salton and Buckley 1988, as scikit-learn has them by default): a word's weight is
its count times ln((1 + n) / (1 + df)) + 1 over all n texts, and vectors have length 1. Words are
put into 2^18 places by a digest instead of a dictionary, so that memory does not depend on how many
words there are; two words in one place are rare and cost little.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frequencies", "Nearest", "Neighbours"]

_PLACES = 1 << 18
_BATCH = 64
"""Texts that are compared at once."""
_MOST = 50_000
"""Characters of a text that are read."""
_WORD = re.compile(r"\w\w+")
_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


class Nearest(NamedTuple):
    """The text that is nearest to another."""

    item: int
    """Its place in the texts that were given first."""
    cosine: float


class _Vector(NamedTuple):
    places: _Ints
    weights: _Floats


class Frequencies:
    """In how many texts each word stands."""

    def __init__(self) -> None:
        self._numbers: _Ints = np.zeros(_PLACES, dtype=np.int64)
        self._texts = 0

    def add(self, text: str) -> None:
        """Count a text's words, each once."""
        places, _ = _counted(text)
        self._numbers[places] += 1
        self._texts += 1

    def vector(self, text: str) -> _Vector:
        """Return a text's weights, of length 1; of no word at all, of length 0."""
        places, counts = _counted(text)
        weights = counts * (np.log((1 + self._texts) / (1 + self._numbers[places])) + 1)
        length = float(np.sqrt(np.sum(weights**2)))
        return _Vector(places, weights / length if length else weights)


class Neighbours:
    """Texts to find the nearest of.

    Args:
        texts: at least one.
        frequencies: of words, of all texts of both sides.
    """

    def __init__(self, texts: Sequence[str], frequencies: Frequencies) -> None:
        self._frequencies = frequencies
        self._number = len(texts)
        vectors = [frequencies.vector(text) for text in texts]
        owners = np.repeat(np.arange(len(vectors)), [len(one.places) for one in vectors])
        places = np.concatenate([one.places for one in vectors])
        order = np.argsort(places, kind="stable")
        self._owners: _Ints = owners[order]
        self._weights: _Floats = np.concatenate([one.weights for one in vectors])[order]
        # Where the texts that have a word begin and end.
        self._starts: _Ints = np.searchsorted(places[order], np.arange(_PLACES + 1))

    def nearest(self, texts: Iterable[str]) -> Iterator[Nearest]:
        """Yield the nearest text of each; the first one where several are."""
        stream = iter(texts)
        while batch := list(islice(stream, _BATCH)):
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[str]) -> Iterator[Nearest]:
        vectors = [self._frequencies.vector(text) for text in batch]
        rows = np.repeat(np.arange(len(batch)), [len(one.places) for one in vectors])
        places = np.concatenate([one.places for one in vectors])
        weights = np.concatenate([one.weights for one in vectors])
        numbers = self._starts[places + 1] - self._starts[places]
        # Every word of every text, beside every other text that has the word.
        ends = np.cumsum(numbers)
        total = int(ends[-1]) if len(ends) else 0
        at = np.arange(total) - np.repeat(ends - numbers, numbers)
        at += np.repeat(self._starts[places], numbers)
        cells = np.repeat(rows, numbers) * self._number + self._owners[at]
        products = np.repeat(weights, numbers) * self._weights[at]
        sums = np.bincount(cells, products, minlength=len(batch) * self._number)
        cosines: Any = sums.reshape(len(batch), self._number)
        for row in cosines:
            index = int(np.argmax(row))
            yield Nearest(index, min(1.0, float(row[index])))


def _counted(text: str) -> tuple[_Ints, _Floats]:
    """Return the places of a text's words and how often each stands there."""
    found = _WORD.findall(text[:_MOST].lower())
    digests = [zlib.crc32(word.encode(errors="surrogatepass")) % _PLACES for word in found]
    places, counts = np.unique(np.array(digests, dtype=np.int64), return_counts=True)
    return places, counts.astype(np.float64)
