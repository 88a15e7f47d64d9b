"""The step of a recipe: seeds that solve a benchmark's task go no further.

[[steps]]
kind = "contamination"
benchmarks = [
    { name = "HumanEval+", path = "benchmarks/HumanEvalPlus.jsonl.gz" },
    { name = "MultiPL-E", path = "benchmarks/multipl_e/" },
]
evaluated = ["HumanEval+", "MultiPL-E"]
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from veristone import ConfigError
from veristone.generators.seeds.contamination import index
from veristone.generators.seeds.contamination.detector import MATCHERS, Detector, Settings
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import BatchStep, Outcome, Rejected

__all__ = ["BenchmarkFile", "Contamination"]

_DEFAULTS = Settings()


class BenchmarkFile(BaseModel):
    """Where a benchmark is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """As it appears in rejections."""
    path: Path
    """A file, or a directory of them: JSON Lines (also gzipped), JSON, parquet."""
    language: str = ""
    """Of its code, where the file does not say and it is not Python."""


class Contamination(BatchStep, frozen=True):
    """Rejects seeds in which a benchmark's item is found; the reason is the matcher's name."""

    kind: Literal["contamination"] = "contamination"
    benchmarks: tuple[BenchmarkFile, ...]
    evaluated: tuple[str, ...] = ()
    """Benchmarks that results will be reported on: each must be among `benchmarks`."""
    matchers: tuple[str, ...] = MATCHERS
    ngram_words: int = _DEFAULTS.ngram_words
    exact_nats: float = _DEFAULTS.exact_nats
    normalised_nats: float = _DEFAULTS.normalised_nats
    evidence_nats: float = _DEFAULTS.evidence_nats

    @property
    def settings(self) -> Settings:
        """What the detector needs to know."""
        return Settings(
            matchers=self.matchers,
            ngram_words=self.ngram_words,
            exact_nats=self.exact_nats,
            normalised_nats=self.normalised_nats,
            evidence_nats=self.evidence_nats,
        )

    def prepare(self, folder: Path) -> None:
        """Make the index of all benchmarks.

        Raises:
            ConfigError: a setting is wrong, a file cannot be read, or an evaluated benchmark has
                none.
        """
        named = {benchmark.name.casefold() for benchmark in self.benchmarks}
        missing = [name for name in self.evaluated if name.casefold() not in named]
        if missing or not self.benchmarks:
            raise ConfigError(
                f"contamination: not covered: {', '.join(missing) or 'any benchmark'}: "
                "name their files under `benchmarks` (or take them out of `evaluated`)"
            )
        Detector([], self.settings)
        index.build([index.Source(b.name, b.path, b.language) for b in self.benchmarks], folder)

    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Judge each seed by itself."""
        detector = _detector(folder, index.digest_of(folder), self.settings)
        return [_judge(detector, seed) for seed in seeds]


@lru_cache(maxsize=2)
def _detector(folder: Path, digest: str, settings: Settings) -> Detector:
    return Detector(index.load(folder, digest), settings)


def _judge(detector: Detector, seed: Seed) -> Outcome:
    first = seed.docstring.strip().partition("\n")[0]
    text = "" if first in seed.code else seed.docstring
    match = detector.check(text, seed.code, seed.language)
    return seed if match is None else Rejected(match.matcher, match.detail)
