"""Rejects seeds that are nearly the same as an earlier kept one.

MinHash and LSH (`minhash`) on word 5-grams (`shingles`) find candidates; the true Jaccard
similarity of the sets of shingles decides. BigCode's script drops what shares a band, unverified,
and with it whole chains in which the first and the last have nothing in common; here whoever is
rejected has a kept witness that is as similar as the threshold says, and who has none is kept.

Because candidates are verified, one too many costs a comparison and one too few leaves a duplicate.
So bands are chosen with nine tenths of the weight on what is overlooked, where datasketch and
text-dedup weigh both alike (`miss_weight = 0.5`). Of 5,700 duplicates among 60,000 real functions
that finds 98.1 % in place of 91.3 %, with 32 bands of 4 rows in place of 25 of 5, at 8 % more CPU
time and 27 % more disk.

Not promised: that no two kept seeds are similar. A pair at exactly the threshold of 0.5 shares none
of 32 bands of 4 rows with a probability of 0.13, at 0.6 of 0.01, at 0.7 of 0.0002; and see `greedy`
for the limit of a bucket.

Languages are kept apart, as BigCode did and as seed ids are: a JavaScript function and its copy in
a TypeScript file each inspire an instruction in their language, and whether one is kept does not
depend on which other languages a recipe asks for. `across_languages` brings them together.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from veristone.generators.seeds.duplicates.greedy import Buckets, Witness, decide
from veristone.generators.seeds.duplicates.index import Index
from veristone.generators.seeds.duplicates.minhash import Banding, band_keys, choose_banding
from veristone.generators.seeds.duplicates.ragged import Ragged, most_similar
from veristone.generators.seeds.duplicates.shingles import shingles
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import OrderedStep, Outcome, Rejected

__all__ = ["BUCKET_LIMIT", "NearDuplicates", "Sketch"]

BUCKET_LIMIT = 100
"""Kept seeds that a bucket lists, see `greedy`."""


class Sketch(NamedTuple):
    """What is known of the seeds of a part."""

    sets: Ragged
    """Their shingles."""
    signature: NDArray[np.uint32]
    """Of those seeds that have shingles: keys of their bands, shape (bands, seeds); with
    datasketch, minima of their permutations, shape (permutations, seeds)."""


class NearDuplicates(OrderedStep, frozen=True):
    """Keeps the first of similar seeds; the others are `near_duplicate`, `0.73 of <id>`."""

    kind: Literal["near_duplicates"] = "near_duplicates"
    threshold: float = Field(default=0.5, ge=0.05, le=0.99)
    """Jaccard similarity of word shingles from which on a seed is rejected."""
    permutations: int = Field(default=128, ge=16, le=512)
    """Of MinHash. 256 overlook two fifths less than 128, for a sixth more CPU time."""
    miss_weight: float = Field(default=0.9, ge=0.5, le=0.99)
    """What an overlooked pair costs when bands are chosen; a needless comparison costs the rest."""
    shingle: int = Field(default=5, ge=1, le=32)
    """Words in a shingle."""
    across_languages: bool = False
    """Whether a seed can be the duplicate of one in another language."""
    engine: Literal["veristone", "datasketch"] = "veristone"
    """Who finds candidates: our index on disk, or datasketch's in memory, the reference, which is
    slower, must be filled anew when a run goes on, and takes 10 KB of memory for each kept seed."""

    def sketch(self, seeds: Sequence[Seed]) -> Sketch:
        """Return the seeds' shingles and signatures."""
        kinds = ["" if self.across_languages else seed.language for seed in seeds]
        sets = shingles([seed.code for seed in seeds], kinds, self.shingle)
        some = Ragged(sets.values, sets.ends[sets.sizes > 0])
        if self.engine == "datasketch":
            # Imported here: 0.6 s and 60 MB, in every worker, for those who ask for it.
            from veristone.generators.seeds.duplicates.reference import signatures

            return Sketch(sets, signatures(some, self.permutations))
        return Sketch(sets, band_keys(some, self._banding()))

    def decide(
        self, number: int, seeds: Sequence[Seed], sketch: Any, folder: Path
    ) -> list[Outcome]:
        """See `OrderedStep.decide`.

        Raises:
            ConfigError: part `number` cannot follow upon what the folder holds.
        """
        known: Sketch = sketch
        if len(known.sets) != len(seeds):
            raise ValueError(f"a sketch of {len(known.sets)} seeds came with {len(seeds)}")
        ids = [seed.id for seed in seeds]
        verdicts = (
            self._decide_by_datasketch(number, ids, known, folder)
            if self.engine == "datasketch"
            else self._decide(number, ids, known, folder)
        )
        return [
            seed if witness is None else _rejected(witness)
            for seed, witness in zip(seeds, verdicts, strict=True)
        ]

    def _decide(
        self, number: int, ids: list[str], known: Sketch, folder: Path
    ) -> list[Witness | None]:
        bands = self._banding().bands
        index = Index(folder, self._settings(), number, bands)
        some = known.sets.sizes > 0
        keys = np.zeros((bands, len(ids)), np.uint32)
        keys[:, some] = known.signature
        buckets = Buckets(index, keys, some, BUCKET_LIMIT)
        match = partial(most_similar, threshold=self.threshold)
        kept, verdicts = decide(index, known.sets, ids, buckets, match)
        new_ids = [ids[position] for position in kept]
        index.commit(known.sets.take(kept), new_ids, keys[:, kept], buckets.listed[:, kept])
        return verdicts

    def _decide_by_datasketch(
        self, number: int, ids: list[str], known: Sketch, folder: Path
    ) -> list[Witness | None]:
        from veristone.generators.seeds.duplicates.reference import recall, retain

        index = Index(folder, self._settings(), number, bands=0)
        reference = recall(folder, number, index, self.permutations, self._banding())
        reference.begin(known.signature, known.sets.sizes > 0)
        match = partial(most_similar, threshold=self.threshold)
        kept, verdicts = decide(index, known.sets, ids, reference, match)
        no_keys = np.empty((0, len(kept)), np.uint32)
        new_ids = [ids[position] for position in kept]
        index.commit(known.sets.take(kept), new_ids, no_keys, no_keys.astype(np.bool_))
        retain(folder, number, len(index) + len(kept), reference)
        return verdicts

    def _banding(self) -> Banding:
        return choose_banding(self.threshold, self.permutations, self.miss_weight)

    def _settings(self) -> str:
        return json.dumps([self.model_dump(mode="json"), BUCKET_LIMIT], sort_keys=True)


def _rejected(witness: Witness) -> Rejected:
    return Rejected("near_duplicate", f"{witness.jaccard:.2f} of {witness.id}")
