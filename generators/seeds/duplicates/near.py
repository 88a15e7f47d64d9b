"""Rejects seeds that are nearly the same as an earlier kept one.

datasketch's MinHash and LSH on word 5-grams (`similar`) find candidates; the true Jaccard
similarity of the sets of shingles decides. BigCode's script drops what shares a band, unverified,
and with it whole chains in which the first and the last have nothing in common; here whoever is
rejected has a kept witness that is as similar as the threshold says, and who has none is kept. What
is decided depends on the seeds and their order alone, not on parts or processes.

Memory: 12 KiB for each kept seed, nearly all of it datasketch's tables: 2.9 GiB for the 250,000
seeds that The Stack leaves here (`benchmarks.near_duplicates`). A larger corpus is sharded before
(docs/seeds.md). Not promised: that no two kept seeds are similar. A pair at exactly the threshold
of 0.5 shares none of 32 bands of 4 rows with a probability of 0.13, at 0.6 of 0.01, at 0.7 of
0.0002. Nor a speed where thousands of seeds share a long boilerplate and are not similar: each is
compared with all.

Languages are kept apart, as BigCode did and as seed ids are: a JavaScript function and its copy in
a TypeScript file each inspire an instruction in their language, and whether one is kept does not
depend on which other languages a recipe asks for.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from veristone.extras import need_modules
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Decide, OrderedStep, Outcome, Rejected

__all__ = ["NearDuplicates"]


class NearDuplicates(OrderedStep, frozen=True):
    """Keeps the first of similar seeds; the others are `near_duplicate`, `0.73 of <id>`."""

    kind: Literal["near_duplicates"] = "near_duplicates"
    threshold: float = Field(default=0.5, ge=0.05, le=0.99)
    """Jaccard similarity of word shingles from which on a seed is rejected."""
    shingle: int = Field(default=5, ge=1, le=32)
    """Words in a shingle."""

    def prepare(self, folder: Path) -> None:
        """See that datasketch is there."""
        need_modules("veristone.generators.seeds.duplicates.similar", extra="seeds")

    def begin(self) -> Decide:
        """Decide by an index of the kept seeds."""
        # Imported here: 0.6 s and 60 MB, for those who ask for it.
        from veristone.generators.seeds.duplicates.similar import NearIndex, shingles, signature

        index = NearIndex(self.threshold)
        ids: list[str] = []

        def decide(seed: Seed) -> Outcome:
            own = shingles(seed.code, seed.language, self.shingle)
            if not len(own):
                return seed
            minima = signature(own)
            if (found := index.best(own, minima)) is not None:
                return Rejected("near_duplicate", f"{found.jaccard:.2f} of {ids[found.number]}")
            index.add(own, minima)
            ids.append(seed.id)
            return seed

        return decide
