"""Verbatim copies: a problem's text or a solution stands in the sample as it is.

Texts are compared word by word and solutions token by token, so that line breaks, indentation and
the signs before comments make no difference; everything else does. Texts and solutions that say too
little are not looked for: `return x + y` is in every corpus. How much they say is measured, not
listed (`background`).
"""

from collections.abc import Sequence

from generators.seeds.contamination.anchors import Anchors
from generators.seeds.contamination.entries import Entry
from generators.seeds.contamination.features import Features
from generators.seeds.contamination.matchers.base import Match

__all__ = ["Exact"]

_WINDOW = 3


class Exact:
    """Looks for whole texts and whole solutions that say at least `least_nats`."""

    name = "exact"

    def __init__(self, entries: Sequence[Entry], least_nats: float) -> None:
        least = 100 * least_nats
        self._entries = entries
        self._texts = [
            (number, text.words)
            for number, entry in enumerate(entries)
            for text in entry.texts
            if text.weight >= least
        ]
        self._solutions = [
            (number, solution.tokens)
            for number, entry in enumerate(entries)
            for solution in entry.solutions
            if solution.weight >= least
        ]
        self._text_anchors = Anchors([words for _, words in self._texts], _WINDOW)
        self._solution_anchors = Anchors([tokens for _, tokens in self._solutions], _WINDOW)

    def find(self, features: Features) -> Match | None:
        """Return the first item of which a text or solution is in the sample."""
        text = _first(self._texts, self._text_anchors, features.words)
        code = _first(self._solutions, self._solution_anchors, features.tokens)
        if text is None and code is None:
            return None
        number = min(n for n in (text, code) if n is not None)
        entry = self._entries[number]
        what = "its text" if number == text else "its solution"
        return Match(self.name, entry.benchmark, entry.label, f"{what}, word for word")


def _first(
    patterns: Sequence[tuple[int, list[str]]], anchors: Anchors, sequence: list[str]
) -> int | None:
    found = [
        patterns[hit.pattern][0]
        for hit in anchors.candidates(sequence)
        if sequence[hit.start : hit.start + len(patterns[hit.pattern][1])]
        == patterns[hit.pattern][1]
    ]
    return min(found, default=None)
