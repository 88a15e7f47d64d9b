"""An inverted index: how much does a set of features share with each of many others."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Postings"]

_COMMON = 16
"""A feature that more than one in so many documents have gets a row of all documents: adding rows
is faster than counting long lists."""


class Postings:
    """Sets of features, each feature with a whole-numbered weight."""

    def __init__(self, documents: Sequence[Iterable[str]], weigh: Callable[[str], int]) -> None:
        lists: dict[str, list[int]] = {}
        for number, document in enumerate(documents):
            for feature in document:
                lists.setdefault(feature, []).append(number)
        self._count = len(documents)
        weights = {feature: weigh(feature) for feature in lists}
        common = [f for f, found in lists.items() if len(found) * _COMMON > self._count]
        self._rows = {feature: n for n, feature in enumerate(common)}
        self._dense = np.zeros((len(common), self._count), dtype=np.int32)
        for row, feature in enumerate(common):
            self._dense[row, lists[feature]] = weights[feature]
        rare = {f: found for f, found in lists.items() if f not in self._rows}
        self._lists = {f: np.array(found, dtype=np.int32) for f, found in rare.items()}
        self._weights = {f: weights[f] for f in rare}
        self.totals: NDArray[np.int32] = self.shared(lists)
        """Weight of every document's features."""

    def shared(self, features: Iterable[str]) -> NDArray[np.int32]:
        """Return for each document the weight of its features that are among `features`.

        `features` are different from one another. Sums are of whole numbers far below 2**53, so
        that their order makes no difference.
        """
        rows: list[int] = []
        lists: list[NDArray[np.int32]] = []
        weights: list[int] = []
        for feature in features:
            if (row := self._rows.get(feature)) is not None:
                rows.append(row)
            elif (found := self._lists.get(feature)) is not None:
                lists.append(found)
                weights.append(self._weights[feature])
        total = self._dense[rows].sum(axis=0, dtype=np.int32)
        if lists:
            repeated = np.repeat(np.array(weights, dtype=np.float64), [len(x) for x in lists])
            counted = np.bincount(np.concatenate(lists), repeated, minlength=self._count)
            total += counted.astype(np.int32)
        return total
