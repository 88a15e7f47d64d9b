"""The whole self-alignment loop on a tiny model, on a CPU in minutes, with its control.

For each random seed a base model is made from scratch and the recipe `tiny-loop` is run on it;
repetitions run side by side, one core each. Differences are taken within a repetition.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean, stdev

from veristone import ConfigError
from veristone.extras import need_modules
from veristone.files import only_one
from veristone.loop.align import align, checked_plan
from veristone.loop.plan import Step, folder_name
from veristone.loop.recipe import load_align_recipe
from veristone.loop.run import Progress, StepFailed, run_steps, stale, write_json

__all__ = ["EVALUATIONS", "MODELS", "Interval", "ToyResults", "interval", "run_toy_loop"]

EVALUATIONS = ("hidden tests, T 0.8", "hidden tests, greedy")
MODELS: Mapping[str, str] = {
    "base": "evaluation/base",
    "passing": "round-1/evaluation/main",
    "no filter": "round-1/evaluation/no-filter",
}
_DIFFERENCES = (("passing", "base"), ("passing", "no filter"), ("no filter", "base"))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and half of its 95 % interval by Student's t; no interval for a single value."""

    mean: float
    half_width_95: float | None

    def text(self) -> str:
        """Return both as percentages."""
        half = "" if self.half_width_95 is None else f" ± {100 * self.half_width_95:.1f}"
        return f"{100 * self.mean:.1f}{half}"


def interval(values: Sequence[float]) -> Interval:
    """Return the mean and half the width of its interval."""
    if len(values) < 2:
        return Interval(fmean(values), None)
    need_modules("scipy.stats", extra="report")
    from scipy.stats import t

    quantile = float(t.ppf(0.975, len(values) - 1))  # pyright: ignore[reportUnknownMemberType]
    return Interval(fmean(values), quantile * stdev(values) / len(values) ** 0.5)


@dataclass(slots=True)
class ToyResults:
    """pass@1 by repetition, evaluation and model, and what failed."""

    found: dict[int, dict[str, dict[str, float]]] = field(
        default_factory=dict[int, dict[str, dict[str, float]]]
    )
    failed: list[StepFailed] = field(default_factory=list[StepFailed])

    def of(self, model: str, label: str) -> Interval:
        """Return a model's mean."""
        return interval([each[label][model] for each in self.found.values()])

    def differences(self, label: str) -> dict[str, Interval]:
        """Return differences within a repetition: what the loop gave, and what the filter gave."""
        rows = [each[label] for each in self.found.values()]
        return {
            f"{one} - {other}": interval([row[one] - row[other] for row in rows])
            for one, other in _DIFFERENCES
        }


async def run_toy_loop(
    folder: Path,
    *,
    repetitions: int,
    instructions: int,
    held_out: int,
    processes: int,
    overwrite: bool = False,
    on_progress: Callable[[str, Progress], None],
) -> ToyResults:
    """Run every repetition that is not done, `processes` at a time; write `loop.json`.

    Raises:
        ConfigError: a package is missing, or the folder was made with other numbers.
    """
    need_modules("torch", "transformers", extra="train")
    # More threads than cores make torch many times slower (docs/loop.md).
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    results = ToyResults()
    places = asyncio.Semaphore(processes)

    async def repeat(seed: int) -> None:
        step = _base_step(seed, instructions, held_out)
        async with places:
            try:
                await _repetition(folder, step, overwrite, partial(on_progress, step.variant))
            except StepFailed as error:
                results.failed.append(error)

    with only_one(folder):
        try:
            async with asyncio.TaskGroup() as group:
                for seed in range(repetitions):
                    group.create_task(repeat(seed))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        for seed in range(repetitions):
            if (found := _results(folder / f"seed-{seed}" / "run")) is not None:
                results.found[seed] = found
        if results.found:
            differences = {label: results.differences(label) for label in EVALUATIONS}
            write_json(folder / "loop.json", {"seeds": results.found, "differences": differences})
    return results


def _base_step(seed: int, instructions: int, held_out: int) -> Step:
    """Return the step that makes a repetition's base model, instructions and hidden tests."""
    name = f"seed-{seed}"
    return Step(
        kind="base",
        name=f"{name}/files",
        variant=name,
        settings={"seed": seed, "instructions": instructions, "held_out": held_out},
        outputs={"files": f"{name}/files"},
        digest=f"{seed}-{instructions}-{held_out}",
    )


async def _repetition(
    folder: Path, base: Step, overwrite: bool, on_progress: Callable[[Progress], None]
) -> None:
    place = folder / base.variant
    if stale(folder, [base]):
        if not overwrite:
            raise ConfigError(
                f"{place} was made with other numbers: give another folder, or --overwrite"
            )
        # The run on it, too: it was made from these files.
        shutil.rmtree(place)
    await run_steps(folder, [base], on_progress)
    recipe = load_align_recipe(Path("tiny-loop"), folder / base.outputs["files"])
    recipe = recipe.model_copy(update={"random_seed": base.settings["seed"]})
    await align(place / "run", recipe, checked_plan(recipe), on_progress, overwrite=overwrite)


def _results(run: Path) -> dict[str, dict[str, float]] | None:
    """Return pass@1 by evaluation and model; None where one is missing."""
    found: dict[str, dict[str, float]] = {label: {} for label in EVALUATIONS}
    try:
        for label, scores in found.items():
            for model, place in MODELS.items():
                path = run / place / folder_name(label) / "results.json"
                scores[model] = json.loads(path.read_bytes())["pass_at_k"]["base"]["pass@1"]
        return found
    except FileNotFoundError:
        return None
