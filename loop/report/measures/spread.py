"""Counts and samples of streams of any length, in bounded memory and whatever the order."""

import hashlib
import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

from veristone.loop.report.facts import Counted, Rate

__all__ = ["OTHERS", "Counts", "Rates", "Reservoir", "is_drawn"]

_T = TypeVar("_T")

OTHERS = "others"
_MOST_NAMES = 200
"""Names that are counted apart. They may come from a model, so there may be any number."""
_LONGEST_NAME = 200


class Counts:
    """How many there are of each name; names after the first 200 share one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def add(self, name: str, number: int = 1) -> str:
        """Count; return the name that it was counted under."""
        name = name[:_LONGEST_NAME]
        if name not in self._numbers and len(self._numbers) >= _MOST_NAMES:
            name = OTHERS
        self._numbers[name] = self._numbers.get(name, 0) + number
        return name

    def ranked(self) -> list[Counted]:
        """Return the counts, largest first, then by name."""
        pairs = sorted(self._numbers.items(), key=lambda pair: (-pair[1], pair[0]))
        return [Counted(name=name, number=number) for name, number in pairs if number > 0]


class Rates:
    """Passes by name, largest groups first."""

    def __init__(self) -> None:
        self._decided = Counts()
        self._passed: dict[str, int] = {}

    def add(self, name: str, *, passed: bool) -> None:
        """Count a decided response."""
        name = self._decided.add(name)
        self._passed[name] = self._passed.get(name, 0) + passed

    def ranked(self) -> list[Rate]:
        """Return the rates, the largest groups first."""
        return [
            Rate(name=one.name, passed=self._passed[one.name], decided=one.number)
            for one in self._decided.ranked()
        ]


def _digest(key: str) -> int:
    whole = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(whole)


def is_drawn(key: str, most: int, whole: int) -> bool:
    """Tell whether a key is in a fair sample of about `most` of `whole`, always the same one."""
    return whole <= most or _digest(key) * whole < most * (1 << 64)


class Reservoir(Generic[_T]):
    """Keeps the items whose keys have the smallest digests: a fair sample, always the same one."""

    def __init__(self, size: int) -> None:
        self._size = size
        # A heap of the largest digest first; the key tells equal digests apart.
        self._heap: list[tuple[int, str, _T]] = []

    def offer(self, key: str, make: Callable[[], _T]) -> None:
        """Keep the item if it is among the sample so far; `make` is called only then."""
        digest = -_digest(key)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, (digest, key, make()))
        elif (digest, key) > self._heap[0][:2]:
            heapq.heapreplace(self._heap, (digest, key, make()))

    def items(self) -> list[_T]:
        """Return the sample, smallest digest first."""
        return [item for _, _, item in sorted(self._heap, key=lambda one: (-one[0], one[1]))]
