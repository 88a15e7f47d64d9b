"""Decides seed after seed: kept, unless an earlier kept one is too similar.

The rule, for seeds in their order: a seed is rejected if and only if the earlier kept seeds that it
shares a bucket with include one that matches it. So every rejected seed has a kept witness, and no
kept seed has an earlier kept one in its buckets that matches. It depends on the order of seeds
alone, not on where one part ends and the next begins.

A bucket is all seeds with the same key in the same band. It lists its first `limit` kept seeds and
no more: a boilerplate that a hundred thousand otherwise different functions share (a licence text,
generated code) would have each compared with all others. A seed in full buckets still has its other
bands, and what is listed does not depend on parts either.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from veristone.generators.seeds.duplicates.index import Index
from veristone.generators.seeds.duplicates.ragged import Hashes, Ragged, Similar

__all__ = ["Buckets", "Candidates", "Match", "Witness", "decide"]

Match: TypeAlias = Callable[[Hashes, list[Hashes]], Similar | None]
"""Given the set of a seed and those of its candidates, oldest first, say which one matches best."""


class Witness(NamedTuple):
    """The kept seed for whose sake another is rejected."""

    id: str
    jaccard: float


class Candidates(Protocol):
    """Who may be similar to the seeds of a part."""

    def of(self, position: int) -> list[int]:
        """Return the rows that a seed is compared with, ascending."""
        ...

    def keep(self, position: int, row: int) -> None:
        """Make a candidate of a seed itself, from the next one on."""
        ...


def decide(
    index: Index, sets: Ragged, ids: Sequence[str], candidates: Candidates, match: Match
) -> tuple[list[int], list[Witness | None]]:
    """Return the positions of the kept seeds, and for each seed its witness or None.

    Args:
        index: all earlier parts.
        sets: of the seeds of this part; an empty set is like no other, and its seed is kept.
        ids: of the seeds.
        candidates: asked only for seeds whose set is not empty.
        match: see there.
    """
    kept: list[int] = []
    verdicts: list[Witness | None] = []
    for position in range(len(sets)):
        own = sets.at(position)
        rows = candidates.of(position) if len(own) else []
        found = match(own, [_set_of(index, sets, kept, row) for row in rows]) if rows else None
        if found is None:
            if len(own):
                candidates.keep(position, len(index) + len(kept))
            kept.append(position)
            verdicts.append(None)
            continue
        row = rows[found.position]
        earlier = row - len(index)
        witness = ids[kept[earlier]] if earlier >= 0 else index.id_of(row)
        verdicts.append(Witness(witness, found.jaccard))
    return kept, verdicts


def _set_of(index: Index, sets: Ragged, kept: list[int], row: int) -> Hashes:
    if row < len(index):
        return index.set_of(row)
    return sets.at(kept[row - len(index)])


def _starts(owners: NDArray[np.int64], count: int) -> list[int]:
    """Return where the items of each of `count` owners begin, and the end; owners ascend."""
    return np.searchsorted(owners, np.arange(count + 1, dtype=np.int64)).tolist()


class Buckets:
    """LSH buckets: those of the index and those of the part at hand.

    Args:
        index: all earlier parts.
        keys: of the seeds' bands, shape (bands, seeds).
        some: which seeds have a set that is not empty; keys of others mean nothing.
        limit: of kept seeds in a bucket.
    """

    def __init__(
        self, index: Index, keys: NDArray[np.uint32], some: NDArray[np.bool_], limit: int
    ) -> None:
        self._segments = index.segments
        self._limit = limit
        positions = np.flatnonzero(some).astype(np.uint64)
        # Sorted within each band; each number remembers whose key it is.
        tagged = np.sort((keys[:, some].astype(np.uint64) << np.uint64(32)) | positions, axis=1)
        seeds = (tagged & np.uint64(0xFFFFFFFF)).astype(np.intp)
        taken = np.zeros(keys.shape, np.int32)
        self._look_up(tagged, seeds, taken)
        self._group(tagged, seeds, taken)
        self.listed = (taken < limit) & some
        """Which keys of which seeds get an entry if the seed is kept, shape (bands, seeds)."""

    def _look_up(
        self, tagged: NDArray[np.uint64], seeds: NDArray[np.intp], taken: NDArray[np.int32]
    ) -> None:
        """Find the seeds' keys in all segments, and count in `taken` how many rows have each."""
        needles = tagged & np.uint64(0xFFFFFFFF00000000)
        found: list[NDArray[np.int64]] = [np.empty((5, 0), np.int64)]
        for number, segment in enumerate(self._segments):
            for band, keys in enumerate(needles):
                hits = segment.find(band, keys)
                if not len(hits.positions):
                    continue
                who = seeds[band, hits.positions]
                taken[band, who] += (hits.last - hits.first).astype(np.int32)
                where = np.broadcast_to(np.array([[number], [band]]), (2, len(who)))
                found.append(np.vstack([who, where, hits.first, hits.last]))
        everything: NDArray[np.int64] = np.hstack(found)
        self._hits = everything[:, np.argsort(everything[0], kind="stable")]
        self._hit_starts = _starts(self._hits[0], taken.shape[1])

    def _group(
        self, tagged: NDArray[np.uint64], seeds: NDArray[np.intp], taken: NDArray[np.int32]
    ) -> None:
        """Number the keys that several seeds of this part share: only there can they meet."""
        keys = tagged >> np.uint64(32)
        like_last = np.zeros(keys.shape, np.bool_)
        like_last[:, 1:] = keys[:, 1:] == keys[:, :-1]
        shared = like_last.copy()
        shared[:, :-1] |= like_last[:, 1:]
        groups = np.cumsum(~like_last.ravel()).reshape(keys.shape)[shared]
        bands, places = np.nonzero(shared)
        who = seeds[bands, places]
        order = np.lexsort((bands, who))
        about = np.vstack([groups, bands, taken[bands, who].astype(np.int64)])
        self._groups: NDArray[np.int64] = about[:, order].astype(np.int64)
        self._group_starts = _starts(who[order], taken.shape[1])
        self._members: dict[int, list[int]] = {}

    def of(self, position: int) -> list[int]:
        """Return the rows that share a bucket with a seed, ascending."""
        rows: set[int] = set()
        first, last = self._hit_starts[position : position + 2]
        if first < last:
            hits: list[list[int]] = self._hits[:, first:last].T.tolist()
            for _, segment, band, start, end in hits:
                rows.update(self._segments[segment].rows(band, start, end))
        first, last = self._group_starts[position : position + 2]
        if first < last:
            for group in self._groups[0, first:last].tolist():
                rows.update(self._members.get(group, ()))
        return sorted(rows)

    def keep(self, position: int, row: int) -> None:
        """List a kept seed in those of its buckets that are not full."""
        first, last = self._group_starts[position : position + 2]
        if first == last:
            return
        for group, band, taken in self._groups[:, first:last].T.tolist():
            members = self._members.setdefault(group, [])
            if taken + len(members) < self._limit:
                members.append(row)
            else:
                self.listed[band, position] = False
