"""The small files of a run, each read once however many parts of the report need it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from veristone.generators.seeds.funnel import Funnel as SeedFunnel
from veristone.generators.selection.funnel import Funnel as SelectionFunnel
from veristone.loop.report.reading.dataset import DatasetRead, read_dataset
from veristone.loop.report.reading.evaluation import ResultRead, read_result
from veristone.loop.report.reading.files import Trouble
from veristone.loop.report.reading.run import Run, StepMark
from veristone.loop.report.reading.seeds import read_seeds
from veristone.loop.report.reading.selected import read_funnel
from veristone.loop.report.reading.synthesis import SynthesisCounts, read_counts
from veristone.loop.report.reading.training import TrainingRead, read_training

__all__ = ["Parts"]

_T = TypeVar("_T")


class Parts:
    """Every method returns None where there is no step or it left nothing."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._read: dict[str, object] = {}

    def folder(self, step: StepMark) -> Path:
        """Return where a step's results lie."""
        return self.run.folder / step.name

    def seeds(self, step: StepMark | None) -> SeedFunnel | None:
        """Return the funnel of a seed collection."""
        return self._once(step, read_seeds)

    def counts(self, step: StepMark | None) -> SynthesisCounts | None:
        """Return the counts of a synthesis."""
        return self._once(step, read_counts)

    def funnel(self, step: StepMark | None) -> SelectionFunnel | None:
        """Return the funnel of a selection."""
        return self._once(step, read_funnel)

    def dataset(self, step: StepMark | None) -> DatasetRead | None:
        """Return the numbers of rows of a dataset."""
        return self._once(step, read_dataset)

    def training(self, step: StepMark | None) -> TrainingRead | None:
        """Return the journal of a training."""
        return self._kept(step, lambda one: read_training(self.run, one))

    def result(self, step: StepMark | None) -> ResultRead | None:
        """Return the results of an evaluation."""
        return self._kept(step, lambda one: read_result(self.run, one))

    def _once(self, step: StepMark | None, read: Callable[[Path, Trouble], _T | None]) -> _T | None:
        return self._kept(step, lambda one: read(self.folder(one), self.run.trouble))

    def _kept(self, step: StepMark | None, read: Callable[[StepMark], _T | None]) -> _T | None:
        if step is None:
            return None
        # A step has one kind, so its name tells what was read of it.
        if step.name not in self._read:
            self._read[step.name] = read(step)
        return cast("_T | None", self._read[step.name])
