"""What a run would cost, from measured rates: a dry run's numbers, good to a factor of two or so.

Sources. CPU: our own benchmarks (docs/benchmarks.md), per core. GPU: the table of costs in
SelfCodeAlign (arXiv 2410.24198), four A100-80G for 37 thousand seeds with ten responses each;
hours scale with seeds, with responses, and between model sizes along a line through its points.
Judging seeds and answering tasks are reckoned from what such a GPU reads and writes in a second.
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from veristone import DatasetError
from veristone.loop.plan import PAIRS, Step, asked_model
from veristone.loop.recipe import SERVER, AlignRecipe
from veristone.training.evaluation.reading import rows_of

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
_EVALUATION_ANSWER_GPU_S = 2.0
"""Seconds of one A100 for an answer of a model of 15 billion parameters, batched."""
_JUDGEMENT_GPU_S = 0.1
"""The same for one judgement: some 400 tokens of a seed's own are read, the cases before them lie
in the prefix cache, one token is written. A reckoning, not measured."""
_TASKS: Mapping[str, int] = {
    "humaneval": 164,
    "humaneval+": 164,
    "mbpp": 500,
    "mbpp+": 378,
    "humaneval-x": 164,
    "multipl-e": 161,
    # Its first release; since a day there are fewer.
    "livecodebench": 400,
    "ds-1000": 1000,
    "bigcodebench": 1140,
}
"""Tasks of each suite where its file is not there to be counted."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step takes, and what comes out of it."""

    given: int
    made: int
    core_hours: float = 0.0
    gpu_hours: float = 0.0
    gpus: int = 0
    """That the step uses side by side."""

    def hours(self, cores: int) -> float:
        """Return the time it takes; what needs both does both side by side."""
        return max(self.core_hours / cores, self.gpu_hours / max(1, self.gpus))


def estimate(recipe: AlignRecipe, steps: Sequence[Step]) -> dict[str, Cost]:
    """Return the cost of each step, by its name, in the order of the steps.

    What a step is given is what the step before it makes, so that limits, rounds and variants
    count as they will.
    """
    found: dict[str, Cost] = {}
    made: dict[str, int] = {}
    for step in steps:
        given = next((made[path] for path in step.inputs.values() if path in made), None)
        cost = _cost(recipe, step, given)
        if equal := step.inputs.get("as_many_as"):
            cost = Cost(cost.given, min(cost.made, made[equal]))
        found[step.name] = cost
        made |= dict.fromkeys(step.outputs.values(), cost.made)
        # A dataset is made from the selection's folder.
        made[step.name] = cost.made
    return found


def _cost(recipe: AlignRecipe, step: Step, given: int | None) -> Cost:
    scale, billions = recipe.scale, recipe.model.billions
    gpus = _gpus(recipe, step)
    match step.kind:
        case "seeds":
            judged_h = scale.judged * _JUDGEMENT_GPU_S * billions / 15 / 3600 if gpus else 0.0
            core_h = scale.functions / _FUNCTIONS_PER_CORE_S / 3600
            return Cost(scale.functions, scale.seeds, core_h, judged_h, gpus)
        case "synthesis":
            seeds = scale.seeds if given is None else given
            seeds = min(seeds, step.settings.get("limit") or seeds)
            if step.settings["recipe"] == PAIRS:
                return Cost(seeds, seeds)
            responses = round(seeds * scale.instructions) * scale.responses
            work = seeds / _PAPER_SEEDS * scale.responses / _PAPER_RESPONSES
            hours = work * _at(billions, [each.generation_h for each in _PAPER])
            core_h = responses / _VERDICTS_PER_CORE_S / 3600
            return Cost(seeds, responses, core_h, hours * _PAPER_GPUS if gpus else 0.0, gpus)
        case "selection":
            responses = given or 0
            share = min(1.0, scale.rows / max(1, scale.seeds))
            seeds = responses / max(1, scale.responses) / (scale.instructions or 1)
            passing = round(responses * scale.passing)
            return Cost(responses, min(round(seeds * share), passing))
        case "training":
            rows = given or 0
            hours = rows * _at(billions, [each.training_h / each.rows for each in _PAPER])
            return Cost(rows, 1, 0.0, hours * _PAPER_GPUS, gpus)
        case "evaluation":
            answers = _tasks(step) * step.settings.get("n", 1)
            hours = answers * _EVALUATION_ANSWER_GPU_S * billions / 15 / 3600
            core_h = answers / _VERDICTS_PER_CORE_S / 3600
            return Cost(answers, answers, core_h, hours if gpus else 0.0, gpus)
        case _:
            return Cost(given or 0, given or 0)


def _gpus(recipe: AlignRecipe, step: Step) -> int:
    """Return how many GPUs of this machine a step uses; a server by its URL has its own."""
    gpus, asked = max(1, recipe.machine.gpus), asked_model(step)
    if step.kind == "training":
        return gpus if step.launcher else 1
    if asked.startswith(SERVER):
        return min(gpus, recipe.server.tensor_parallel * recipe.server.copies(gpus))
    return 1 if asked.startswith(("vllm:", "transformers:")) else 0


def _tasks(step: Step) -> int:
    path = Path(step.inputs["dataset"])
    try:
        return sum(1 for _ in rows_of(path)) if path.is_file() else _known_tasks(step)
    except DatasetError:
        return _known_tasks(step)


def _known_tasks(step: Step) -> int:
    return _TASKS.get(step.settings["benchmark"], 164)


def _at(billions: float, hours: Sequence[float]) -> float:
    """Return the hours at a size of model: on the line through the paper's points, and beyond."""
    sizes = [each.billions for each in _PAPER]
    last = len(sizes) - 1
    right = min(last, max(1, bisect.bisect_left(sizes, billions)))
    part = (billions - sizes[right - 1]) / (sizes[right] - sizes[right - 1])
    return hours[right - 1] + part * (hours[right] - hours[right - 1])
