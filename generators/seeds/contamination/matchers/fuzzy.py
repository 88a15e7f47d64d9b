"""Reworded descriptions and reworked solutions: evidence of several kinds, weighed together."""

from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.matchers.base import Match
from veristone.generators.seeds.contamination.matchers.weighed import Weighed

__all__ = ["Fuzzy"]


class Fuzzy:
    """Looks for items in the sample's own language with at least so much evidence."""

    name = "fuzzy"

    def __init__(self, weighed: Weighed) -> None:
        self._weighed = weighed

    def find(self, features: Features) -> Match | None:
        """Return the item with the most evidence."""
        return self._weighed.find(features, self.name, same_language=True)
