"""Rejects seeds that are nearly the same as an earlier kept one.

datasketch's MinHash and LSH on word 5-grams (`similar`) find candidates; the true Jaccard
similarity of the sets of shingles decides. BigCode's script drops what shares a band, unverified,
and with it whole chains in which the first and the last have nothing in common; here whoever is
rejected has a kept witness that is as similar as the threshold says, and who has none is kept. What
is decided depends on the seeds and their order alone, not on parts or processes.

Because candidates are verified, one too many costs a comparison and one too few leaves a duplicate.
So bands are chosen with nine tenths of the weight on what is overlooked, where datasketch weighs
both alike (`miss_weight = 0.5`): 32 bands of 4 rows in place of 25 of 5.

Memory: 12 KiB for each kept seed, nearly all of it datasketch's tables: 2.9 GiB for the 250,000
seeds that The Stack leaves here (`benchmarks.near_duplicates`). A larger corpus is sharded before
(docs/seeds.md). Not promised: that no two kept seeds are similar. A pair at exactly the threshold
of 0.5 shares none of 32 bands of 4 rows with a probability of 0.13, at 0.6 of 0.01, at 0.7 of
0.0002. Nor a speed where thousands of seeds share a long boilerplate and are not similar: each is
compared with all.

Languages are kept apart, as BigCode did and as seed ids are: a JavaScript function and its copy in
a TypeScript file each inspire an instruction in their language, and whether one is kept does not
depend on which other languages a recipe asks for. `across_languages` brings them together.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from veristone.generators.seeds.duplicates.kept import Kept
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import OrderedStep, Outcome, Rejected

if TYPE_CHECKING:
    from datasketch import LeanMinHash

    from veristone.generators.seeds.duplicates.similar import NearIndex, Shingles

__all__ = ["NearDuplicates", "Sketch"]


class Sketch(NamedTuple):
    """What is known of the seeds of a part."""

    sets: "list[Shingles]"
    signatures: "list[LeanMinHash]"


class _Open(NamedTuple):
    """The index of a folder in memory, with all parts before `number`."""

    where: tuple[Path, str]
    number: int
    near: "NearIndex"
    ids: list[str]


_open: dict[str, _Open] = {}
"""The last one that was used: parts come in order, and it takes long to fill."""


class NearDuplicates(OrderedStep, frozen=True):
    """Keeps the first of similar seeds; the others are `near_duplicate`, `0.73 of <id>`."""

    kind: Literal["near_duplicates"] = "near_duplicates"
    threshold: float = Field(default=0.5, ge=0.05, le=0.99)
    """Jaccard similarity of word shingles from which on a seed is rejected."""
    permutations: int = Field(default=128, ge=16, le=512)
    """Of MinHash. 256 overlook two fifths less than 128."""
    miss_weight: float = Field(default=0.9, ge=0.5, le=0.99)
    """What an overlooked pair costs when bands are chosen; a needless comparison costs the rest."""
    shingle: int = Field(default=5, ge=1, le=32)
    """Words in a shingle."""
    across_languages: bool = False
    """Whether a seed can be the duplicate of one in another language."""

    def sketch(self, seeds: Sequence[Seed]) -> Sketch:
        """Return the seeds' shingles and signatures."""
        # Imported here: 0.6 s and 60 MB, for those who ask for it.
        from veristone.generators.seeds.duplicates.similar import shingles, signature

        kinds = ["" if self.across_languages else seed.language for seed in seeds]
        sets = [
            shingles(seed.code, kind, self.shingle) for seed, kind in zip(seeds, kinds, strict=True)
        ]
        return Sketch(sets, [signature(own, self.permutations) for own in sets])

    def decide(
        self, number: int, seeds: Sequence[Seed], sketch: Any, folder: Path
    ) -> list[Outcome]:
        """See `OrderedStep.decide`.

        Raises:
            ConfigError: part `number` cannot follow upon what the folder holds.
        """
        known: Sketch = sketch
        settings = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        with Kept(folder, settings, number) as kept:
            index, ids = self._index(kept, (folder, settings), number)
            outcomes: list[Outcome] = []
            for seed, own, minima in zip(seeds, *known, strict=True):
                found = index.best(own, minima) if len(own) else None
                if found is not None:
                    detail = f"{found.jaccard:.2f} of {ids[found.number]}"
                    outcomes.append(Rejected("near_duplicate", detail))
                    continue
                outcomes.append(seed)
                if len(own):
                    index.add(own, minima)
                    ids.append(seed.id)
                    kept.add(seed.id, sketch=own.tobytes())
        _open["last"] = _Open((folder, settings), number + 1, index, ids)
        return outcomes

    def _index(
        self, kept: Kept, where: tuple[Path, str], number: int
    ) -> "tuple[NearIndex, list[str]]":
        """The index as it was left, or filled anew from the disk."""
        from veristone.generators.seeds.duplicates.similar import NearIndex, signature

        # Taken out: an error from here on leaves what cannot be used again.
        last = _open.pop("last", None)
        if last is not None and number and (last.where, last.number) == (where, number):
            return last.near, last.ids
        index = NearIndex(
            self.threshold, permutations=self.permutations, miss_weight=self.miss_weight
        )
        known = list(kept.seeds())
        sets = [np.frombuffer(seed.sketch, np.uint32) for seed in known]
        for own in sets:
            index.add(own, signature(own, self.permutations))
        return index, [seed.id for seed in known]
