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
    parents: list[int] = []
    index = NearIndex(_THRESHOLD)
    added: list[int] = []
    for position, own in enumerate(map(shingles, texts)):
        parents.append(position)
        if len(own):
            minima = signature(own)
            for found in index.similar(own, minima):
                first, second = sorted(
                    (_root(parents, added[found.number]), _root(parents, position))
                )
                parents[second] = first
            index.add(own, minima)
            added.append(position)
    return [_root(parents, position) for position in range(len(parents))]


def _root(parents: list[int], item: int) -> int:
    """Return the smallest member of an item's set; the way there becomes shorter."""
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item
