"""Instructions that are nearly the same, as clusters: what a split must not part.

Two instructions belong together if the Jaccard similarity of their word 5-grams is 0.5 or more,
and so do those that a chain of such pairs connects. MinHash finds the pairs
(`seeds.duplicates.similar`), the true similarity decides.

Memory grows with the number of rows, as for kept seeds. Not promised: pairs that MinHash overlooks,
at 0.5 one in eight, at 0.6 one in a hundred.
"""

from collections.abc import Iterable

from veristone.generators.seeds.duplicates.similar import NearIndex, shingles, signature

__all__ = ["cluster"]

_THRESHOLD = 0.5


def cluster(texts: Iterable[str]) -> list[int]:
    """Return for each text the position of the first text of its cluster."""
    sets = [shingles(text) for text in texts]
    forest = _Forest(len(sets))
    index = NearIndex(_THRESHOLD)
    added: list[int] = []
    for position, own in enumerate(sets):
        if len(own):
            minima = signature(own)
            for found in index.similar(own, minima):
                forest.join(added[found.number], position)
            index.add(own, minima)
            added.append(position)
    return [forest.root(position) for position in range(len(sets))]


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
