"""What a run would cost, from measured rates: a dry run's numbers, good to a factor of two or so.

Sources. CPU: our own benchmarks (docs/benchmarks.md), per core. GPU: the table of costs in
SelfCodeAlign (arXiv 2410.24198), four A100-80G for 37 thousand seeds with ten responses each;
hours scale with seeds, with responses, and between model sizes along a line through its points.
"""

import bisect
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
    """A model of the paper's table: hours on its four GPUs."""

    billions: float
    generation_h: float
    rows: int
    training_h: float


_PAPER = (
    # The line begins in the origin.
    _Measured(0, 0, 1, 0),
    _Measured(3, 6, 12_000, 16 / 60),
    _Measured(7, 7, 16_000, 30 / 60),
    _Measured(8, 7, 11_000, 20 / 60),
    _Measured(15, 12, 15_000, 2.5),
    _Measured(33, 83, 15_000, 3.5),
)
_EVALUATION_TASK_GPU_S = 2.0
"""Seconds of one A100 for a task's answers by a model of 15 billion parameters, batched."""
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
    made = scale.seeds / _PAPER_SEEDS * scale.responses / _PAPER_RESPONSES
    generation_h = made * _at(billions, [each.generation_h for each in _PAPER])
    training_h = rows * _at(billions, [each.training_h / each.rows for each in _PAPER])
    verification_h = responses / _VERDICTS_PER_CORE_S / 3600
    evaluation_h = _TASKS * _EVALUATION_TASK_GPU_S * billions / 15 / 3600
    costs = {
        "seeds": Cost(scale.functions, scale.seeds, scale.functions / _FUNCTIONS_PER_CORE_S / 3600),
        "synthesis": Cost(scale.seeds, responses, verification_h, generation_h * _PAPER_GPUS),
        "selection": Cost(passing, rows),
        "dataset": Cost(rows, rows),
        "training": Cost(rows, 1, 0.0, training_h * _PAPER_GPUS),
        "evaluation": Cost(_TASKS, _TASKS, 0.0, evaluation_h),
    }
    return {step.name: costs[step.kind] for step in steps}


def _at(billions: float, hours: Sequence[float]) -> float:
    """Return the hours at a size of model: on the line through the paper's points, and beyond."""
    sizes = [each.billions for each in _PAPER]
    last = len(sizes) - 1
    right = min(last, max(1, bisect.bisect_left(sizes, billions)))
    part = (billions - sizes[right - 1]) / (sizes[right] - sizes[right - 1])
    return hours[right - 1] + part * (hours[right] - hours[right - 1])
