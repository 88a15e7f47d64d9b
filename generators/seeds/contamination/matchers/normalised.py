"""Copies with their names changed.

A solution's tokens are compared one by one; names may differ as long as every name of the solution
became one name of the copy and no two the same (parameterized matching: Baker, "On finding
duplication and near-duplication in large software systems", 1995). Comments, documentation,
Python's signatures with their annotations, parentheses, commas and quotes make no difference;
operators, literals, keywords and the names of well-known functions do.
"""

from collections.abc import Sequence

from veristone.generators.seeds.contamination.anchors import Anchors
from veristone.generators.seeds.contamination.entries import Entry
from veristone.generators.seeds.contamination.features import Features, encode
from veristone.generators.seeds.contamination.matchers.base import Match
from veristone.generators.seeds.contamination.reading import renamed

__all__ = ["Normalised"]

_WINDOW = 5


class Normalised:
    """Looks for whole solutions that say at least `least_nats`, whatever their names are."""

    name = "normalised"

    def __init__(self, entries: Sequence[Entry], least_nats: float) -> None:
        self._entries = entries
        self._solutions = [
            (number, solution.reading)
            for number, entry in enumerate(entries)
            for solution in entry.solutions
            if solution.weight >= 100 * least_nats
        ]
        self._anchors = Anchors([reading.marked for _, reading in self._solutions], _WINDOW)

    def find(self, features: Features) -> Match | None:
        """Return the first item of which a solution is in the sample."""
        sample = features.reading
        found = [
            self._solutions[hit.pattern][0]
            for hit in self._anchors.candidates(encode(sample.marked))
            if renamed(self._solutions[hit.pattern][1], sample, hit.start)
        ]
        if not found:
            return None
        entry = self._entries[min(found)]
        return Match(self.name, entry.benchmark, entry.label, "its solution but for the names")
