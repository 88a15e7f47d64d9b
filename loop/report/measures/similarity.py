"""How near the selected rows are to the benchmarks: Magicoder's analysis.

Each row (instruction and response) is compared with each task (texts and solutions) by the cosine
of their TF-IDF vectors, and what counts is the nearest task (arXiv 2312.02120, section 3). Words
alone decide: a task in other words is far, and two tasks about the same things are near though
neither is the other. What leaked is told by the search for contamination, not by this.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import NamedTuple

from veristone.generators.seeds.contamination.benchmarks import Item
from veristone.loop.report.facts import Compared, Pair, Similarity
from veristone.loop.report.measures.tfidf import Frequencies, Neighbours

__all__ = ["MOST_TEXT", "PAIRS", "RowText", "similarity"]

PAIRS = 5
MOST_TEXT = 8_000
"""Characters of a row and of a task that are compared: that bounds memory."""


class RowText(NamedTuple):
    """A selected row: its id, instruction and response."""

    id: str
    text: str


def similarity(
    rows: Sequence[RowText],
    benchmarks: Mapping[str, Sequence[Item]],
    whole: int,
    unread: Sequence[str],
) -> Similarity | None:
    """Compare rows with benchmarks; None where there is nothing to compare.

    Args:
        rows: a fair sample of all rows.
        benchmarks: name to tasks.
        whole: number of all rows.
        unread: benchmarks that could not be read.
    """
    texts = {name: [_text(item) for item in items] for name, items in benchmarks.items() if items}
    if not texts or not rows:
        return None
    frequencies = Frequencies()
    for text in (*(row.text for row in rows), *(text for each in texts.values() for text in each)):
        frequencies.add(text)
    found: list[Compared] = []
    pairs: list[Pair] = []
    for name, each in texts.items():
        numbers: Counter[int] = Counter()
        closest = _Closest()
        nearest = Neighbours(each, frequencies).nearest(row.text for row in rows)
        for row, best in zip(rows, nearest, strict=True):
            numbers[round(100 * best.cosine)] += 1
            closest.offer(best.cosine, row, best.item)
        found.append(Compared(name=name, items=len(each), numbers=dict(sorted(numbers.items()))))
        items = benchmarks[name]
        pairs += [_pair(one.cosine, one.row, items[one.item]) for one in closest.best]
    return Similarity(
        rows=whole,
        compared=len(rows),
        benchmarks=found,
        pairs=_best_of_each_row(pairs),
        unread=list(unread),
    )


class _Close(NamedTuple):
    cosine: float
    order: int
    row: RowText
    item: int


class _Closest:
    """The most similar rows so far; of equal ones the first."""

    def __init__(self) -> None:
        self._heap: list[_Close] = []
        self._order = count(0, -1)

    def offer(self, cosine: float, row: RowText, index: int) -> None:
        one = _Close(cosine, next(self._order), row, index)
        if len(self._heap) < PAIRS:
            heapq.heappush(self._heap, one)
        elif one > self._heap[0]:
            heapq.heapreplace(self._heap, one)

    @property
    def best(self) -> list[_Close]:
        return sorted(self._heap, reverse=True)


def _best_of_each_row(pairs: Sequence[Pair]) -> list[Pair]:
    """Two benchmarks may share a task: a row is shown with one of them."""
    best: dict[str, Pair] = {}
    for pair in sorted(pairs, key=lambda one: -one.cosine):
        best.setdefault(pair.row, pair)
    return list(best.values())[:PAIRS]


def _pair(cosine: float, row: RowText, item: Item) -> Pair:
    return Pair(
        cosine=cosine,
        row=row.id[:500],
        item=item.label[:500],
        row_text=row.text,
        item_text=_text(item),
    )


def _text(item: Item) -> str:
    # A task may have hundreds of solutions, most of them alike.
    return "\n\n".join((*item.texts, *item.solutions[:1]))[:MOST_TEXT]
