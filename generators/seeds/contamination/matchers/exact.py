"""Verbatim copies: a problem's text or a solution stands in the sample as it is.

Texts are compared word by word and solutions token by token, so that line breaks, indentation and
the signs before comments make no difference; everything else does. Texts and solutions that say too
little are not looked for: `return x + y` is in every corpus. How much they say is measured, not
listed (`background`).
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from veristone.generators.seeds.contamination.anchors import Anchors
from veristone.generators.seeds.contamination.entries import Entry
from veristone.generators.seeds.contamination.features import Features, encode
from veristone.generators.seeds.contamination.matchers.base import Match

__all__ = ["Exact"]

_WINDOW = 3


class Exact:
    """Looks for whole texts and whole solutions that say at least `least_nats`."""

    name = "exact"

    def __init__(self, entries: Sequence[Entry], least_nats: float) -> None:
        least = 100 * least_nats
        self._entries = entries
        self._texts = _Patterns(
            (number, text.words)
            for number, entry in enumerate(entries)
            for text in entry.texts
            if text.weight >= least
        )
        self._solutions = _Patterns(
            (number, solution.tokens)
            for number, entry in enumerate(entries)
            for solution in entry.solutions
            if solution.weight >= least
        )

    def find(self, features: Features) -> Match | None:
        """Return the first item of which a text or solution is in the sample."""
        text = self._texts.first(features.words, features.word_codes)
        code = self._solutions.first(features.tokens, encode(features.tokens))
        if text is None and code is None:
            return None
        number = min(n for n in (text, code) if n is not None)
        entry = self._entries[number]
        what = "its text" if number == text else "its solution"
        return Match(self.name, entry.benchmark, entry.label, f"{what}, word for word")


class _Patterns:
    """Sequences that are looked for, each with the number of its entry."""

    def __init__(self, patterns: Iterable[tuple[int, list[str]]]) -> None:
        self._patterns = list(patterns)
        self._anchors = Anchors([words for _, words in self._patterns], _WINDOW)

    def first(self, sequence: list[str], codes: NDArray[np.uint64]) -> int | None:
        """Return the first entry of which a pattern stands in the sequence."""
        found: list[int] = []
        for hit in self._anchors.candidates(codes):
            number, pattern = self._patterns[hit.pattern]
            if sequence[hit.start : hit.start + len(pattern)] == pattern:
                found.append(number)
        return min(found, default=None)
