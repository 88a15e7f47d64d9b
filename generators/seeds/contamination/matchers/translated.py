"""Copies in another language.

The evidence is that of `fuzzy`: names are compared as words, structure as concepts (`neutral`), so
that neither knows a language. The sample and the benchmark's item are in different ones.
"""

from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.matchers.base import Match
from veristone.generators.seeds.contamination.matchers.weighed import Weighed

__all__ = ["Translated"]


class Translated:
    """Looks for items in other languages with at least so much evidence."""

    name = "translated"

    def __init__(self, weighed: Weighed) -> None:
        self._weighed = weighed

    def find(self, features: Features) -> Match | None:
        """Return the item with the most evidence."""
        return self._weighed.find(features, self.name, same_language=False)
