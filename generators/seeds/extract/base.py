"""What extraction gives for one document."""

from collections import Counter
from dataclasses import dataclass, field

from veristone.generators.seeds.records import Seed

__all__ = ["Extraction"]


@dataclass(slots=True)
class Extraction:
    """Candidates of one document, in the order in which they stand there."""

    seeds: list[Seed] = field(default_factory=list[Seed])
    counts: Counter[str] = field(default_factory=Counter[str])
    """What was seen besides, so that the funnel can begin at all functions of the corpus.

    Of functions: `functions`, all of the shapes that were looked for, documented or not; of these
    `methods`, `documented` (the candidates) and `broken` (syntax errors inside, no candidate);
    `tests`, functions that only test others, not among `functions`.

    Of snippets: `snippets`.

    Documents that nothing was taken from, by reason. For functions: `other_language`,
    `not_unicode`, `too_large`, and `too_hard` (the parser gave up or died of it). For snippets:
    `other_language`, `not_unicode`, `too_short`, `too_long`, `wide_lines`, and `blank` (no window
    that was drawn would do)."""
