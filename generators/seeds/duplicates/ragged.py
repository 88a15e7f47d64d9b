"""Sets of different sizes in one array, and how similar two sets are."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hashes", "Ragged", "Similar", "most_similar"]

Hashes: TypeAlias = NDArray[np.uint32]
"""A set: hashes of its members, ascending, each once."""

_AT_ONCE = 1 << 18
"""Members that are compared in one go: a few MiB of scratch space."""


class Ragged(NamedTuple):
    """Sets one behind another."""

    values: Hashes
    """Members of all sets."""
    ends: NDArray[np.int64]
    """Where each set ends in `values`; it begins where the one before it ends."""

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.ends)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each set begins."""
        starts = np.zeros_like(self.ends)
        starts[1:] = self.ends[:-1]
        return starts

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many members each set has."""
        return self.ends - self.starts

    def at(self, position: int) -> Hashes:
        """Return one set."""
        start = int(self.ends[position - 1]) if position else 0
        return self.values[start : int(self.ends[position])]

    def take(self, positions: Sequence[int]) -> "Ragged":
        """Return some of the sets, in the order given."""
        sets = [self.at(position) for position in positions]
        ends = np.cumsum([len(one) for one in sets], dtype=np.int64)
        return Ragged(np.concatenate([self.values[:0], *sets]), ends)


class Similar(NamedTuple):
    """The set that is most similar to another."""

    position: int
    jaccard: float


def most_similar(one: Hashes, others: list[Hashes], threshold: float) -> Similar | None:
    """Return the first of the most similar sets, None where none is as similar as `threshold`.

    Args:
        one: a set that is not empty.
        others: sets that are not empty.
        threshold: least Jaccard similarity that counts, above 0.
    """
    best: Similar | None = None
    size = len(one)
    batch: list[int] = []
    pending = 0
    for position, other in enumerate(others):
        # The similarity is at most the smaller size over the larger one.
        if min(size, len(other)) < threshold * max(size, len(other)):
            continue
        batch.append(position)
        pending += len(other)
        if pending >= _AT_ONCE:
            best = _better(one, others, batch, threshold, best)
            batch, pending = [], 0
    return _better(one, others, batch, threshold, best)


def _better(
    one: Hashes, others: list[Hashes], batch: list[int], threshold: float, best: Similar | None
) -> Similar | None:
    if not batch:
        return best
    sets = [others[position] for position in batch]
    shared = _shared(one, sets)
    # Division of integers below 2^53 is rounded correctly, so 7 of 10 is not less than 0.7.
    found = shared / (np.array([len(other) for other in sets]) + len(one) - shared)
    first = int(found.argmax())
    similarity = float(found[first])
    if similarity < threshold or (best is not None and similarity <= best.jaccard):
        return best
    return Similar(batch[first], similarity)


def _shared(one: Hashes, others: list[Hashes]) -> NDArray[np.int64]:
    """Return how many members each of the others, none of them empty, shares with one."""
    members = np.concatenate(others)
    places = np.searchsorted(one, members)
    np.minimum(places, len(one) - 1, out=places)
    starts = np.cumsum([0, *(len(other) for other in others[:-1])])
    return np.add.reduceat((one[places] == members).astype(np.int64), starts)
