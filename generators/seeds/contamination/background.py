"""How surprising it is that unrelated code says something: the unit of all evidence here.

What an unrelated function has with probability p is worth -ln p when it is shared: natural units of
information (nats), as in log-odds scoring of sequence alignments (Karlin and Altschul, "Methods for
assessing the statistical significance of molecular sequence features", 1990). The probabilities are
document frequencies in 106,828 Python functions of CPython 3.11's library and of the packages that
were beside it, counted by `benchmarks/contamination_recall.py --background` and kept in
`background.json`, so that they are the same on every machine. Only one half of the functions was
counted (those with an even first digit of their digest); false positives are measured on the other.

Weights are integers, hundredths of a nat: sums are exact in whatever order they are made.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["Background", "Table", "background", "count"]

_FILE = Path(__file__).with_name("background.json")
_MEMORY_FEATURES = 200_000
_RARE = 4
"""What was seen less often is left out of the file."""


class Table(dict[str, int]):
    """What each feature of one kind is worth, in hundredths of a nat."""

    def __init__(self, documents: int, frequencies: Mapping[str, int], most: int) -> None:
        """Make it from the number of documents that each feature was seen in.

        `most` is what one feature is worth at most.
        """
        super().__init__()
        self._documents, self._frequencies, self._most = documents, frequencies, most

    def __missing__(self, feature: str) -> int:
        if len(self) >= _MEMORY_FEATURES:
            self.clear()
        seen = self._frequencies.get(feature, 0) + 0.5
        worth = min(self._most, round(100 * math.log((self._documents + 1) / seen)))
        self[feature] = worth
        return worth

    def weight(self, feature: str) -> int:
        """Return what the feature is worth."""
        return self[feature]

    def total(self, features: Iterable[str]) -> int:
        """Return what some features are worth together."""
        return sum([self[feature] for feature in features])


class Background(NamedTuple):
    """Frequencies in real code."""

    concepts: Table
    words: Table
    names: Table


@cache
def background() -> Background:
    """Return the frequencies that come with the package."""
    raw = json.loads(_FILE.read_text(encoding="utf-8"))
    return Background(
        # One odd string or number that is shared by chance must not decide by itself.
        concepts=Table(*raw["concepts"], most=600),
        words=Table(*raw["words"], most=800),
        names=Table(*raw["names"], most=900),
    )


def count(documents: Iterable[Iterable[str]]) -> tuple[int, dict[str, int]]:
    """Return how many documents there are and in how many each feature is, the commonest first."""
    total = 0
    frequencies: Counter[str] = Counter()
    for document in documents:
        total += 1
        frequencies.update(set(document))
    kept = [(n, feature) for feature, n in frequencies.items() if n >= _RARE]
    return total, {feature: n for n, feature in sorted(kept, key=lambda x: (-x[0], x[1]))}
