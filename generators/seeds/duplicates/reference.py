"""datasketch as the engine of near-duplicate removal: the field's reference, in memory.

Same shingles, same bands and rows, same verification, same greedy rule; other permutations, no
limit of buckets, and LSH tables that are Python dictionaries. It is there to be compared with, and
for those who would rather trust a library that everybody uses and have some hundred thousand seeds
at most. What is kept is on disk as with the other engine (`index`, without segments), so a run
goes on just as well: the tables are filled anew from there.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from datasketch import LeanMinHash, MinHash, MinHashLSH
from numpy.typing import NDArray

from veristone.generators.seeds.duplicates.index import Index
from veristone.generators.seeds.duplicates.minhash import Banding
from veristone.generators.seeds.duplicates.ragged import Hashes, Ragged

__all__ = ["Reference", "recall", "retain", "signatures"]

_SCHEME = "affine32"
_SEED = 1


def signatures(sets: Ragged, permutations: int) -> NDArray[np.uint32]:
    """Return datasketch's MinHash of sets that are not empty, shape (permutations, sets)."""
    found = np.empty((permutations, len(sets)), np.uint32)
    members = (sets.at(position) for position in range(len(sets)))
    for position, minhash in enumerate(_sign(members, permutations)):
        found[:, position] = minhash.digest()
    return found


def _sign(sets: Iterable[Hashes], permutations: int) -> Iterable[MinHash]:
    # Shingles are hashes already, so the hash function is the identity. The generator calls
    # `update_batch` for each set.
    hashes = (one.tolist() for one in sets)
    return MinHash.generator(  # pyright: ignore[reportUnknownMemberType]
        hashes, num_perm=permutations, seed=_SEED, hashfunc=int, scheme=_SCHEME
    )


class Reference:
    """The rows of an index in datasketch's tables; candidates for `greedy.decide`."""

    def __init__(self, index: Index, permutations: int, banding: Banding) -> None:
        self._tables = MinHashLSH(num_perm=permutations, params=(banding.bands, banding.rows))
        rows = [row for row in range(len(index)) if len(index.set_of(row))]
        for row, minhash in zip(
            rows, _sign((index.set_of(row) for row in rows), permutations), strict=True
        ):
            self._tables.insert(row, LeanMinHash(minhash))
        self._signed: dict[int, LeanMinHash] = {}

    def begin(self, signature: NDArray[np.uint32], some: NDArray[np.bool_]) -> None:
        """Take up the seeds of a part.

        Args:
            signature: see `signatures`; of those seeds that are in `some`.
            some: which seeds have a set that is not empty.
        """
        self._signed = {
            position: LeanMinHash(seed=_SEED, hashvalues=column, scheme=_SCHEME)
            for position, column in zip(np.flatnonzero(some).tolist(), signature.T, strict=True)
        }

    def of(self, position: int) -> list[int]:
        """Return the rows that share a band with a seed, ascending."""
        found = self._tables.query(self._signed[position])  # pyright: ignore[reportUnknownMemberType]
        return sorted(cast(list[int], found))

    def keep(self, position: int, row: int) -> None:
        """Insert a kept seed."""
        self._tables.insert(row, self._signed[position])


class _Memory:
    """The tables of the folder that was worked on last, and what they hold."""

    def __init__(self) -> None:
        self.next_part = 0
        self.rows = 0
        self.reference: Reference | None = None


@lru_cache(maxsize=1)
def _memory_of(folder: Path) -> _Memory:
    return _Memory()


def recall(
    folder: Path, number: int, index: Index, permutations: int, banding: Banding
) -> Reference:
    """Return the tables for part `number`, from memory or filled from the index."""
    memory = _memory_of(folder.resolve())
    held, memory.reference = memory.reference, None
    # Part 0 begins anew, perhaps with other settings.
    if held is None or not number or (memory.next_part, memory.rows) != (number, len(index)):
        return Reference(index, permutations, banding)
    return held


def retain(folder: Path, number: int, rows: int, reference: Reference) -> None:
    """Keep the tables, which now hold `rows` rows, for the part after `number`."""
    memory = _memory_of(folder.resolve())
    memory.next_part, memory.rows, memory.reference = number + 1, rows, reference
