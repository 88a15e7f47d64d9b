"""Which samples go into one row: best fit, longest first. Pure.

Best-fit decreasing puts each sample where it leaves the least room; it needs at most 11/9 of the
rows of the best packing, plus one (Johnson et al., 1974), and wastes little on real lengths (Ding
et al., "Fewer Truncations", arXiv 2404.10830). No sample is cut.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence

__all__ = ["pack"]


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Return rows of indices, each with lengths that add up to `capacity` at most.

    The same lengths give the same rows. O(n log capacity).

    Raises:
        ValueError: a length is not between 1 and `capacity`.
    """
    if any(not 1 <= length <= capacity for length in lengths):
        raise ValueError(f"lengths must be between 1 and {capacity}")
    rows: list[list[int]] = []
    by_room: dict[int, list[int]] = {}
    rooms: list[int] = []  # the keys of `by_room`, in order
    for index in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        at = bisect_left(rooms, lengths[index])
        if at == len(rooms):
            number, room = len(rows), capacity
            rows.append([])
        else:
            room = rooms[at]
            number = by_room[room].pop()
            if not by_room[room]:
                del by_room[room], rooms[at]
        rows[number].append(index)
        left = room - lengths[index]
        if left:
            if left not in by_room:
                by_room[left] = []
                insort(rooms, left)
            by_room[left].append(number)
    return rows
