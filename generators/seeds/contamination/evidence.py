"""Weighed evidence: how much more a sample says of a task than unrelated code would.

Four kinds are added up, in nats (see `background`), each a score that is 0 where nothing is alike:

    name         a function of the sample has the task's name
    description  meanings that the sample's prose and the task's text share, less those they do not
    examples     runs of literals that both have
    structure    the solution's concepts laid into the sample's (see `alignment`)

None of them needs to convince alone: a two-word name with half of a description does. The first
three and an upper bound of the fourth come from inverted indices for all items at once; alignments
are made only for items that could still reach the threshold.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generators.seeds.contamination import alignment
from generators.seeds.contamination.background import background
from generators.seeds.contamination.entries import Entry
from generators.seeds.contamination.features import Features
from generators.seeds.contamination.postings import Postings

__all__ = ["Evidence", "Weigher"]

_UNSHARED_PERCENT = 17
"""Cost of a meaning that only one side has, of its weight."""
_REST_PERCENT = 10
"""Cost of the whole of a sample's concepts, of their weight: large functions have some of anything."""
_RUN_WEIGHT, _MOST_EXAMPLES = 300, 900
"""A shared run of literals, and all of them together."""
_NAME_PERCENT, _MENTIONED_PERCENT = 125, 60
"""What a name is worth that is defined, or only mentioned, of its words' weight: words of a name are
no accident of one another."""
_MOST_ALIGNED = 24
"""Solutions that are aligned with one sample: bounds the work on hostile samples."""


class Evidence(NamedTuple):
    """What speaks for one item, in hundredths of a nat."""

    entry: int
    name: int
    description: int
    examples: int
    structure: int
    described: int
    """Percent of the description's weight that the sample's prose has."""
    aligned: int
    """The structure's score as percent of what the solution itself would have."""

    @property
    def total(self) -> int:
        return self.name + self.description + self.examples + self.structure


class Weigher:
    """Weighs samples against all items."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        tables = background()
        self._concept_weight = tables.concepts.weight
        self._word_weight = tables.words.weight
        self._count = len(entries)
        texts = [(n, text.content) for n, e in enumerate(entries) for text in e.texts]
        self._words = Postings([c for _, c in texts], self._word_weight)
        self._text_owner = np.array([n for n, _ in texts], dtype=np.int64)
        self._text_divisor = np.maximum(self._words.totals, 1)
        solutions = [(n, s.reading.concepts) for n, e in enumerate(entries) for s in e.solutions]
        self._concepts = Postings([_numbered(c) for _, c in solutions], self._numbered_weight)
        self._solution_owner = np.array([n for n, _ in solutions], dtype=np.int64)
        self._codes: dict[str, int] = {}
        for _, concepts in solutions:
            for concept in concepts:
                self._codes.setdefault(concept, len(self._codes))
        self._sequences = [self._sequence(concepts) for _, concepts in solutions]
        self._examples = Postings([e.examples for e in entries], lambda _: _RUN_WEIGHT)
        self._names: dict[tuple[str, ...], list[int]] = {}
        for number, entry in enumerate(entries):
            if entry.name:
                self._names.setdefault(tuple(sorted(entry.name)), []).append(number)

    def _numbered_weight(self, numbered: str) -> int:
        return self._concept_weight(numbered.partition("\0")[2])

    def _sequence(self, concepts: list[str]) -> alignment.Sequence:
        return alignment.encode(
            [self._codes.get(concept, -1) for concept in concepts],
            [self._concept_weight(concept) for concept in concepts],
        )

    def weigh(self, features: Features, least: int) -> list[Evidence]:
        """Return the evidence for every item that has `least` or more, the most first."""
        names = self._name_scores(features)
        described, described_by = self._descriptions(features)
        examples = np.minimum(self._examples.shared(features.examples), _MOST_EXAMPLES)
        base = names + described + examples
        bounds, rest = self._bounds(features)
        reach = base[self._solution_owner] + np.maximum(bounds - rest, 0)
        hopeful = np.flatnonzero(reach >= least)
        hopeful = hopeful[np.lexsort((hopeful, -reach[hopeful]))][:_MOST_ALIGNED]
        structures = self._structures(features, hopeful.tolist(), rest)
        found = set(np.flatnonzero(base >= least).tolist()) | set(structures)
        evidence: list[Evidence] = []
        for number in found:
            structure, aligned = structures.get(number, (0, 0))
            item = Evidence(
                *(number, int(names[number]), int(described[number]), int(examples[number])),
                *(structure, int(described_by[number]), aligned),
            )
            if item.total >= least:
                evidence.append(item)
        return sorted(evidence, key=lambda e: (-e.total, e.entry))

    def _name_scores(self, features: Features) -> NDArray[np.int64]:
        scores = np.zeros(self._count, dtype=np.int64)
        worth_of = background().names.total
        for names, percent in (
            (features.mentioned, _MENTIONED_PERCENT), (features.defined, _NAME_PERCENT),
        ):
            for name in names:
                for number in self._names.get(tuple(sorted(name)), ()):
                    worth = worth_of(name) * percent // 100
                    scores[number] = max(scores[number], worth)
        return scores

    def _descriptions(self, features: Features) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each item the score of its best text, and percent of the text that is shared."""
        scores = np.zeros(self._count, dtype=np.int64)
        percents = np.zeros(self._count, dtype=np.int64)
        if not len(self._text_owner) or not features.content:
            return scores, percents
        shared = self._words.shared(features.content)
        texts = self._words.totals
        prose = background().words.total(features.content)
        unshared = texts + prose - 2 * shared
        score = np.maximum(shared - unshared * _UNSHARED_PERCENT // 100, 0)
        np.maximum.at(scores, self._text_owner, score)
        np.maximum.at(percents, self._text_owner, shared * 100 // self._text_divisor)
        return scores, percents

    def _bounds(self, features: Features) -> tuple[NDArray[np.int64], int]:
        """Return what the alignment of each solution cannot exceed, and what the rest costs."""
        shared = self._concepts.shared(_numbered(features.reading.concepts))
        missing = self._concepts.totals - shared
        rest = background().concepts.total(features.reading.concepts) * _REST_PERCENT // 100
        return shared - missing * (alignment.GAP_PERCENT - 1) // 100, rest

    def _structures(
        self, features: Features, solutions: list[int], rest: int
    ) -> dict[int, tuple[int, int]]:
        """Return score and percent of the best solution of each item among `solutions`."""
        best: dict[int, tuple[int, int]] = {}
        if not solutions:
            return best
        sample = self._sequence(features.reading.concepts)
        for number in solutions:
            score = alignment.align(self._sequences[number], sample)
            full = int(self._concepts.totals[number])
            found = (max(score - rest, 0), 100 * score // max(full, 1))
            owner = int(self._solution_owner[number])
            best[owner] = max(best.get(owner, (0, 0)), found)
        return best


def _numbered(concepts: list[str]) -> list[str]:
    """Make a multiset a set: the second `LOOP` is another feature than the first."""
    seen: dict[str, int] = {}
    numbered: list[str] = []
    for concept in concepts:
        seen[concept] = seen.get(concept, 0) + 1
        numbered.append(f"{seen[concept]}\0{concept}")
    return numbered
