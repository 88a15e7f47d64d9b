"""The step of a recipe: seeds that repeat a benchmark's task go no further.

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

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.contamination.benchmarks import (
    BenchmarkFile,
    Item,
    files_of,
    load_items,
)
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import BatchStep, Flagged, Outcome, Rejected

__all__ = ["Contamination"]


class Contamination(BatchStep, frozen=True):
    """Rejects seeds that repeat a benchmark's item; flags those that resemble one."""

    kind: Literal["contamination"] = "contamination"
    benchmarks: tuple[BenchmarkFile, ...]
    evaluated: tuple[str, ...] = ()
    """Benchmarks that results will be reported on: each must be among `benchmarks`."""

    def prepare(self, folder: Path) -> None:
        """Read all benchmarks, so that a wrong path ends the run before it begins.

        Raises:
            ConfigError: a file cannot be read, or an evaluated benchmark has none.
        """
        self.detector()

    def detector(self) -> Detector:
        """Return what compares; made once in each process.

        Raises:
            ConfigError: as `prepare`.
        """
        named = {benchmark.name.casefold() for benchmark in self.benchmarks}
        missing = [name for name in self.evaluated if name.casefold() not in named]
        if missing or not self.benchmarks:
            raise ConfigError(
                f"contamination: not covered: {', '.join(missing) or 'any benchmark'}: "
                "give their files with --benchmark NAME=FILE or under `benchmarks`"
                " (or take them out of `evaluated`)"
            )
        return _detector(self.benchmarks)

    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Judge each seed by itself."""
        detector = self.detector()
        return [_judge(detector, seed) for seed in seeds]


@lru_cache(maxsize=2)
def _detector(benchmarks: tuple[BenchmarkFile, ...]) -> Detector:
    items: list[Item] = []
    for benchmark in benchmarks:
        try:
            for path in files_of(benchmark.path):
                items += load_items(path, benchmark.name, benchmark.language)
        except (DatasetError, ConfigError) as error:
            raise ConfigError(
                f"contamination: {benchmark.name} would not be covered: {error}"
            ) from error
    return Detector(items)


def _judge(detector: Detector, seed: Seed) -> Outcome:
    first = seed.docstring.strip().partition("\n")[0]
    text = "" if first in seed.code else seed.docstring
    if (match := detector.check(text, seed.code, seed.language)) is not None:
        return Rejected(match.reason, match.detail)
    if (match := detector.flag(seed.name, seed.docstring)) is not None:
        return Flagged(seed, match.reason, match.detail)
    return seed
