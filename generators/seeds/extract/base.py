"""What extraction gives for one document."""

from collections import Counter
from dataclasses import dataclass, field

from generators.seeds.records import Seed

__all__ = ["Extraction"]


@dataclass(slots=True)
class Extraction:
    """Candidates of one document, in the order in which they stand there."""

    seeds: list[Seed] = field(default_factory=list[Seed])
    counts: Counter[str] = field(default_factory=Counter[str])
    """What was seen besides: `functions`, `documented`, `methods`, `broken` (nodes with syntax
    errors), so that the funnel can begin at all functions of the corpus."""
