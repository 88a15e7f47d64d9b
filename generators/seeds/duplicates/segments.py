"""Sorted runs of band entries on disk: the log-structured part of the index.

An entry is one 64-bit number, `key << 32 | row`: the 32-bit key of a band and the number of the
kept seed that has it. A segment holds the entries of a range of rows, sorted within each band, and
never changes; looking up a sorted array of keys is one binary search over the memory-mapped file.
Merging is sorting, so equal rows make equal bytes however they were merged.

A new segment swallows its younger neighbours that are not at least twice as large (O'Neil et al.,
"The log-structured merge-tree", 1996; the binary counter of Bentley and Saxe, 1980). So n rows are
in at most 1 + log2 n segments, and an entry is rewritten log2 n times at most.

File: `bands + 1` little-endian uint64, where each band begins among the entries and where the last
ends; then the entries, little-endian uint64.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from veristone import ConfigError

__all__ = ["Entries", "Hits", "Segment", "merge", "suffix_to_merge"]

Entries: TypeAlias = NDArray[np.uint64]
"""`key << 32 | row`, ascending, each once."""

_MERGED_AT_ONCE = 1 << 18
"""Entries taken from each segment in one go of a merge: 2 MiB each."""
_ROW_BITS = np.uint64(32)
_ROW_MASK = np.uint64(0xFFFFFFFF)


class Hits(NamedTuple):
    """Where a segment has entries under the keys that were looked up."""

    positions: NDArray[np.intp]
    """Places in the sorted keys."""
    first: NDArray[np.intp]
    """First entry with that key."""
    last: NDArray[np.intp]
    """One past the last."""


class Segment(NamedTuple):
    """Band entries of some rows."""

    bands: tuple[Entries, ...]

    @classmethod
    def build(cls, keys: NDArray[np.uint32], listed: NDArray[np.bool_], first: int) -> "Segment":
        """Make a segment in memory.

        Args:
            keys: of each band of each row, shape (bands, rows).
            listed: which of them have an entry, same shape.
            first: number of the first row.
        """
        rows = np.arange(first, first + keys.shape[1], dtype=np.uint64)
        entries = (keys.astype(np.uint64) << _ROW_BITS) | rows
        return cls(tuple(np.sort(of[is_in]) for of, is_in in zip(entries, listed, strict=True)))

    @classmethod
    def open(cls, path: Path, bands: int) -> "Segment":
        """Map a segment's file.

        Raises:
            ConfigError: the file is missing or not whole.
        """
        damaged = f"{path} is damaged: delete the step's folder and let it begin anew"
        try:
            data = np.asarray(np.memmap(path, "<u8", "r"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{damaged} ({error})") from None
        starts: NDArray[np.int64] = data[: bands + 1].astype(np.int64)
        ordered = len(starts) == bands + 1 and not starts[0] and bool((np.diff(starts) >= 0).all())
        if not ordered or len(data) != bands + 1 + starts[-1]:
            raise ConfigError(damaged)
        entries = data[bands + 1 :]
        return cls(tuple(entries[start:end] for start, end in pairwise(starts.tolist())))

    @property
    def header(self) -> NDArray[np.uint64]:
        """Where each band begins, and where the last ends."""
        return _header([self])

    def find(self, band: int, needles: Entries) -> Hits:
        """Look up keys in a band.

        Args:
            band: counted from 0.
            needles: `key << 32`, ascending.
        """
        entries = self.bands[band]
        if not len(entries):
            nothing = np.empty(0, np.intp)
            return Hits(nothing, nothing, nothing)
        first = np.searchsorted(entries, needles)
        near = entries[np.minimum(first, len(entries) - 1)]
        positions = np.flatnonzero((near >= needles) & (near - needles <= _ROW_MASK))
        last = np.searchsorted(entries, needles[positions] | _ROW_MASK, side="right")
        return Hits(positions, first[positions], last)

    def rows(self, band: int, first: int, last: int) -> list[int]:
        """Return the rows of a range of entries, ascending if they have the same key."""
        rows: NDArray[np.uint64] = self.bands[band][first:last] & _ROW_MASK
        return rows.tolist()


def suffix_to_merge(rows: Sequence[int], new: int) -> int:
    """Return how many of the last segments a new one swallows.

    Args:
        rows: sizes of the segments, oldest first; each at least twice the next.
        new: rows of the new one.
    """
    count = 0
    for size in reversed(rows):
        if size >= 2 * new:
            break
        new += size
        count += 1
    return count


def merge(segments: Sequence[Segment]) -> Iterator[NDArray[np.uint64]]:
    """Yield the file of the segments' union, piece by piece, in bounded memory."""
    yield _header(segments)
    for band in range(len(segments[0].bands)):
        yield from _merge_band([segment.bands[band] for segment in segments])


def _header(segments: Sequence[Segment]) -> NDArray[np.uint64]:
    sizes = [
        sum(len(one) for one in band) for band in zip(*(s.bands for s in segments), strict=True)
    ]
    return np.cumsum(np.array([0, *sizes], np.uint64)).astype("<u8")


def _merge_band(runs: list[Entries]) -> Iterator[Entries]:
    while runs := [run for run in runs if len(run)]:
        # Nothing that is still to come is below the smallest of the last entries looked at.
        limit = min(int(run[min(len(run), _MERGED_AT_ONCE) - 1]) for run in runs)
        highest = np.uint64(limit)
        cuts = [int(np.searchsorted(run[:_MERGED_AT_ONCE], highest, "right")) for run in runs]
        heads = [run[:cut] for run, cut in zip(runs, cuts, strict=True)]
        merged: Entries = np.sort(np.concatenate(heads))
        yield merged.astype("<u8", copy=False)
        runs = [run[cut:] for run, cut in zip(runs, cuts, strict=True)]
