"""Asks the matchers about one sample: a seed, or what a model wrote later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from veristone import ConfigError
from veristone.generators.seeds.contamination.benchmarks import Item
from veristone.generators.seeds.contamination.entries import Entry, make_entry
from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.matchers.base import Match, Matcher
from veristone.generators.seeds.contamination.matchers.exact import Exact
from veristone.generators.seeds.contamination.matchers.fuzzy import Fuzzy
from veristone.generators.seeds.contamination.matchers.ngram import Ngram
from veristone.generators.seeds.contamination.matchers.normalised import Normalised
from veristone.generators.seeds.contamination.matchers.translated import Translated
from veristone.generators.seeds.contamination.matchers.weighed import Weighed

__all__ = ["MATCHERS", "Detector", "Settings"]

MATCHERS = ("exact", "ngram", "normalised", "fuzzy", "translated")
"""All matchers, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which matchers look, and how much they must see.

    `benchmarks/contamination_recall.py` measures what the defaults find and what they cost.
    """

    matchers: tuple[str, ...] = MATCHERS
    ngram_words: int = 10
    """Consecutive words; see `matchers.ngram`."""
    exact_nats: float = 4.0
    """What a text or solution must say to be looked for as it is. `return x + y` says 1.8,
    Euclid's algorithm in three lines 4.6. At 4, of 116,557 functions of CPython's library and of
    site-packages one matches (a gcd)."""
    normalised_nats: float = 8.0
    """The same for solutions whose names may differ. At 6, `"".join(x)` begins to match (170 of
    those functions); at 8, three do."""
    evidence_nats: float = 11.5
    """What must speak for an item all in all; see `evidence`. Of 10,000 real functions 44, 23, 15
    and 8 are rejected at 10.5, 11.5, 12.5 and 13.5."""


class Detector:
    """Finds benchmark items in samples. Make one for each process: it remembers the last sample."""

    def __init__(self, entries: Sequence[Entry], settings: Settings | None = None) -> None:
        """Build from prepared entries (`index.load`, or `Detector.of_items`).

        Raises:
            ConfigError: a matcher is unknown or a threshold makes no sense.
        """
        self._matchers = _matchers(entries, settings or Settings())

    @classmethod
    def of_items(cls, items: Iterable[Item], settings: Settings | None = None) -> "Detector":
        """Build from benchmark items directly."""
        return cls([make_entry(item) for item in items], settings)

    def check(self, text: str, code: str, language: str) -> Match | None:
        """Return what is found in a sample, None if nothing is.

        Args:
            text: an instruction or documentation that does not stand in the code; may be empty.
            code: with its comments and documentation; may be empty.
            language: of the code, in lower case.
        """
        features = Features(text, code, language)
        for matcher in self._matchers:
            if (match := matcher.find(features)) is not None:
                return match
        return None


def _matchers(entries: Sequence[Entry], settings: Settings) -> list[Matcher]:
    unknown = sorted(set(settings.matchers) - set(MATCHERS))
    if unknown or not settings.matchers:
        raise ConfigError(
            f"contamination: matchers: {', '.join(unknown) or 'none given'}: "
            f"use some of {', '.join(MATCHERS)}"
        )
    if settings.ngram_words < 3:
        raise ConfigError(
            f"contamination: ngram_words: {settings.ngram_words} words are in any text, use 8 to 13"
        )
    wanted = [name for name in MATCHERS if name in settings.matchers]
    weighed = (
        Weighed(entries, settings.evidence_nats) if {"fuzzy", "translated"} & {*wanted} else None
    )
    made: list[Matcher] = []
    for name in wanted:
        if name == "exact":
            made.append(Exact(entries, settings.exact_nats))
        elif name == "ngram":
            made.append(Ngram(entries, settings.ngram_words))
        elif name == "normalised":
            made.append(Normalised(entries, settings.normalised_nats))
        elif weighed is not None:
            made.append(Fuzzy(weighed) if name == "fuzzy" else Translated(weighed))
    return made
