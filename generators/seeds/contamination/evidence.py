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

from veristone.generators.seeds.contamination import alignment
from veristone.generators.seeds.contamination.background import background
from veristone.generators.seeds.contamination.entries import Entry
from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.postings import Postings

__all__ = ["Evidence", "Weigher"]

_UNSHARED_PERCENT = 17
"""Cost of a meaning that only one side has, of its weight."""
_REST_PERCENT = 10
"""Cost of a sample's concepts, of their weight: large functions have some of anything."""
_RUN_WEIGHT, _MOST_EXAMPLES = 300, 900
"""A shared run of literals, and all of them together."""
_NAME_PERCENT, _MENTIONED_PERCENT = 125, 60
"""Of its words' weight, what a name is worth that is defined, or only mentioned. Of 116,557
functions 55 have a name of two words or more that is one of HumanEval's or MBPP's."""
_LEAST_ALIGNED_PERCENT = 35
"""Less of a solution than this is no evidence, however long the solution is."""
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
    """Percent of its description's weight that the sample's prose has."""
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
        # Texts of the same meaning (MultiPL-E has each in 18 languages) are weighed once.
        texts: dict[tuple[str, ...], int] = {(): 0}
        of_entries = [
            [texts.setdefault(tuple(t.content), len(texts)) for t in e.texts] or [0]
            for e in entries
        ]
        self._words = Postings(list(texts), self._word_weight)
        self._text_of = np.array([n for found in of_entries for n in found], dtype=np.intp)
        ends = np.cumsum([len(found) for found in of_entries], dtype=np.intp)
        self._first_text = np.concatenate((np.zeros(1, dtype=np.intp), ends[:-1]))
        solutions = [(n, s.reading.concepts) for n, e in enumerate(entries) for s in e.solutions]
        self._concepts = Postings([_numbered(c) for _, c in solutions], self._numbered_weight)
        self._solution_owner = np.array([n for n, _ in solutions], dtype=np.intp)
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
        if not self._count:
            return []
        names = self._name_scores(features)
        described, shared = self._descriptions(features)
        examples = np.minimum(self._examples.shared(features.examples), _MOST_EXAMPLES)
        base = names + described + examples
        bounds, rest = self._bounds(features)
        reach = base[self._solution_owner] + np.maximum(bounds - rest, 0)
        hopeful = np.flatnonzero(reach >= least)
        if len(hopeful) > _MOST_ALIGNED:
            hopeful = hopeful[np.argsort(-reach[hopeful], kind="stable")[:_MOST_ALIGNED]]
        structures = self._structures(features, hopeful.tolist(), rest)
        found = set(np.flatnonzero(base >= least).tolist()) | set(structures)
        evidence: list[Evidence] = []
        for number in found:
            structure, aligned = structures.get(number, (0, 0))
            item = Evidence(
                *(number, int(names[number]), int(described[number]), int(examples[number])),
                *(structure, 0, aligned),
            )
            if item.total >= least:
                evidence.append(item._replace(described=self._described(number, shared)))
        return sorted(evidence, key=lambda e: (-e.total, e.entry))

    def _name_scores(self, features: Features) -> NDArray[np.int32]:
        scores = np.zeros(self._count, dtype=np.int32)
        worth_of = background().names.total
        for names, percent in (
            (features.mentioned, _MENTIONED_PERCENT),
            (features.defined, _NAME_PERCENT),
        ):
            for name in names:
                for number in self._names.get(tuple(sorted(name)), ()):
                    worth = worth_of(name) * percent // 100
                    scores[number] = max(scores[number], worth)
        return scores

    def _descriptions(self, features: Features) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the score of each item's best text, and what the sample shares with each text."""
        shared = self._words.shared(features.content)
        prose = background().words.total(features.content)
        unshared = self._words.totals + prose - 2 * shared
        scores = np.maximum(shared - unshared * _UNSHARED_PERCENT // 100, 0)
        return np.maximum.reduceat(scores[self._text_of], self._first_text), shared

    def _described(self, number: int, shared: NDArray[np.int32]) -> int:
        """Return the most percent of one of an item's texts that is shared."""
        start = int(self._first_text[number])
        end = int(self._first_text[number + 1]) if number + 1 < self._count else None
        texts = self._text_of[start:end]
        return int((100 * shared[texts] // np.maximum(self._words.totals[texts], 1)).max())

    def _bounds(self, features: Features) -> tuple[NDArray[np.int32], int]:
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
        scores = alignment.align([self._sequences[number] for number in solutions], sample)
        for number, score in zip(solutions, scores, strict=True):
            percent = 100 * score // max(int(self._concepts.totals[number]), 1)
            counts = percent >= _LEAST_ALIGNED_PERCENT
            found = (max(score - rest, 0) if counts else 0, percent)
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
