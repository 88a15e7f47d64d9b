"""So many seeds of each language and no more: the first ones, in the corpus's order.

Magicoder took 40,000 Python snippets and 5,000 each of eight other languages (arXiv 2312.02120,
section 2.1). Which ones are first depends on the order of the sources in the recipe and of the
parts in a source, both fixed; a sample from all over the corpus needs a corpus that was shuffled
beforehand, as a step that sees the seeds pass once cannot draw one without taking seeds back.

Languages without a count are rejected. Where it stands in the recipe matters: after the filters it
counts what is kept, before them what is tried.
"""

from collections import Counter
from typing import Literal

from pydantic import Field, NonNegativeInt

from veristone.generators.seeds.languages import KnownLanguage
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Decide, OrderedStep, Outcome, Rejected

__all__ = ["Quota"]


class Quota(OrderedStep, frozen=True):
    """Keeps the first seeds of each language. Rejects with `quota_full` and `no_quota`."""

    kind: Literal["quota"] = "quota"
    counts: dict[KnownLanguage, NonNegativeInt] = Field(min_length=1)
    """How many of each language."""

    def begin(self) -> Decide:
        """Decide by counting the kept seeds of each language."""
        kept: Counter[str] = Counter()

        def decide(seed: Seed) -> Outcome:
            language = seed.language
            if language not in self.counts:
                return Rejected("no_quota", language)
            if kept[language] >= self.counts[language]:
                return Rejected("quota_full", f"{self.counts[language]} of {language}")
            kept[language] += 1
            return seed

        return decide
