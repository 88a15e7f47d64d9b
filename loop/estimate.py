"""What a run would cost, from measured rates: a dry run's numbers, good to a factor of two or so.

Sources. CPU: our own benchmarks (docs/benchmarks.md), per core. GPU: the table of costs in
SelfCodeAlign (arXiv 2410.24198), four A100-80G for 37 thousand seeds with ten responses each;
hours scale with seeds, with responses, and between model sizes along a line through its points.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from veristone.loop.plan import Step
from veristone.loop.recipe import AlignRecipe

__all__ = ["Cost", "estimate"]

_FUNCTIONS_PER_CORE_S = 1070
_VERDICTS_PER_CORE_S = 190
_PAPER_SEEDS, _PAPER_RESPONSES, _PAPER_GPUS = 37_000, 10, 4


class _Measured(NamedTuple):
    billions: float
    generation_h: float
    rows: int
    training_h: float


_PAPER = (
    _Measured(3, 6, 12_000, 16 / 60),
    _Measured(7, 7, 16_000, 30 / 60),
    _Measured(8, 7, 11_000, 20 / 60),
    _Measured(15, 12, 15_000, 2.5),
    _Measured(33, 83, 15_000, 3.5),
)
_EVALUATION_TASK_GPU_S = 2.0
"""Seconds of one A100 for a task's answers, batched: 164 tasks in about five minutes."""
_TASKS = 164


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step takes, and what comes out of it."""

    given: int
    made: int
    core_hours: float = 0.0
    gpu_hours: float = 0.0

    def hours(self, cores: int, gpus: int) -> float:
        """Return the time it takes; what needs both does both side by side."""
        return max(self.core_hours / cores, self.gpu_hours / gpus)


def estimate(recipe: AlignRecipe, steps: Sequence[Step]) -> dict[str, Cost]:
    """Return the cost of each step, by its name."""
    scale, billions = recipe.scale, recipe.model.billions
    responses = round(scale.seeds * scale.instructions) * scale.responses
    passing = round(responses * scale.passing)
    rows = min(scale.rows, passing)
    costs = {
        "seeds": Cost(scale.functions, scale.seeds, scale.functions / _FUNCTIONS_PER_CORE_S / 3600),
        "synthesis": Cost(
            scale.seeds,
            responses,
            responses / _VERDICTS_PER_CORE_S / 3600,
            _generation_h(scale.seeds, scale.responses, billions),
        ),
        "selection": Cost(passing, rows),
        "dataset": Cost(rows, rows),
        "training": Cost(rows, 1, 0.0, _training_h(rows, billions)),
        "evaluation": Cost(_TASKS, _TASKS, 0.0, _evaluation_h(billions)),
    }
    return {step.name: costs[step.kind] for step in steps}


def _generation_h(seeds: int, responses: int, billions: float) -> float:
    points = [(each.billions, each.generation_h * _PAPER_GPUS) for each in _PAPER]
    share = (seeds / _PAPER_SEEDS) * (responses / _PAPER_RESPONSES)
    return _between(points, billions) * share


def _training_h(rows: int, billions: float) -> float:
    points = [(each.billions, each.training_h * _PAPER_GPUS / each.rows) for each in _PAPER]
    return _between(points, billions) * rows


def _evaluation_h(billions: float) -> float:
    return _TASKS * _EVALUATION_TASK_GPU_S * billions / 15 / 3600


def _between(points: Sequence[tuple[float, float]], x: float) -> float:
    """Return the line through the points at x; through the origin below the first."""
    line = [(0.0, 0.0), *points]
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    (x0, y0), (x1, y1) = line[-2:]
    return y1 + (y1 - y0) * (x - x1) / (x1 - x0)
