"""Where patterns may stand in a sequence: an inverted index with one entry for each pattern.

Of every pattern one window of tokens is remembered, the one that fewest other patterns have. A
sequence that has none of these windows has none of the patterns; few sequences have any.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veristone.generators.seeds.contamination.features import encode, ngrams

__all__ = ["Anchors", "Hit"]


class Hit(NamedTuple):
    """A pattern may begin at `start` of the sequence; negative starts are not reported."""

    pattern: int
    start: int


class Anchors:
    """Finds candidates among patterns of at least `size` tokens; shorter ones are never found."""

    def __init__(self, patterns: Sequence[list[str]], size: int) -> None:
        self._size = size
        windows = [ngrams(encode(pattern), size).tolist() for pattern in patterns]
        known: Counter[int] = Counter()
        for found in windows:
            known.update(set(found))
        places: dict[int, list[Hit]] = {}
        for number, found in enumerate(windows):
            if found:
                offset = min(range(len(found)), key=lambda at: (known[found[at]], at))
                places.setdefault(found[offset], []).append(Hit(number, offset))
        self._places = places
        self._keys = np.array(sorted(places), dtype=np.uint64)

    def candidates(self, codes: NDArray[np.uint64]) -> Iterator[Hit]:
        """Yield what may be in a sequence of which `codes` are the hashes, by its place."""
        windows = ngrams(codes, self._size)
        if not len(windows) or not len(self._keys):
            return
        at = np.searchsorted(self._keys, windows)
        at[at == len(self._keys)] = 0
        for place in np.flatnonzero(self._keys[at] == windows).tolist():
            for pattern, offset in self._places[int(windows[place])]:
                if place >= offset:
                    yield Hit(pattern, place - offset)
