"""Responses, and every text of the products, that solve a benchmark's task go no further.

What judges seeds judges what a model made of them: a clean seed can still lead to a benchmark's
task, and a benchmark's task can be written from memory.
"""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.contamination.step import Contamination

__all__ = ["ContaminationCheck", "Decontamination", "Finding"]


class Finding(NamedTuple):
    """A benchmark's task in a text: how it was found (`exact`, `ngram`, `normalised`), and what."""

    reason: str
    detail: str


class Decontamination(BaseModel):
    """Which benchmarks must not be found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmarks: tuple[BenchmarkFile, ...] = ()
    """None: nothing is looked for, and the card says so."""
    evaluated: tuple[str, ...] = ()
    """Benchmarks that results will be reported on: each must be among `benchmarks`."""


class ContaminationCheck:
    """Looks for benchmarks' tasks.

    Args:
        settings: which.

    Raises:
        ConfigError: a file is missing or cannot be read, or an evaluated benchmark has none.
    """

    def __init__(self, settings: Decontamination) -> None:
        self._detector: Detector | None = None
        if settings.benchmarks or settings.evaluated:
            step = Contamination(benchmarks=settings.benchmarks, evaluated=settings.evaluated)
            self._detector = step.detector()

    def find(self, instruction: str, answer: str, language: str) -> Finding | None:
        """Return what is found in an instruction and an answer, code fenced or bare."""
        if self._detector is None:
            return None
        found = self._detector.check(instruction, answer, language)
        return Finding(found.reason, found.detail) if found is not None else None
