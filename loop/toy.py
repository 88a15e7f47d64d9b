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
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

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
    half: float | None

    def text(self) -> str:
        """Return both as percentages."""
        half = "" if self.half is None else f" ± {100 * self.half:.1f}"
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

    def summary(self) -> dict[str, Any]:
        """Return the content of `loop.json`."""
        differences = {
            label: {
                name: {"mean": each.mean, "half_width_95": each.half}
                for name, each in self.differences(label).items()
            }
            for label in EVALUATIONS
        }
        return {"seeds": self.found, "differences": differences}


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
        async with places:
            try:
                await _repetition(folder, base_step(seed, instructions, held_out), overwrite, tell)
            except StepFailed as error:
                results.failed.append(error)

    def tell(name: str, progress: Progress) -> None:
        on_progress(name, progress)

    with only_one(folder):
        try:
            async with asyncio.TaskGroup() as group:
                for seed in range(repetitions):
                    group.create_task(repeat(seed))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        for seed in range(repetitions):
            run = folder / f"seed-{seed}" / "run"
            if all(_results(run, m, label).exists() for m in MODELS for label in EVALUATIONS):
                results.found[seed] = {
                    label: {model: _pass_at_1(_results(run, model, label)) for model in MODELS}
                    for label in EVALUATIONS
                }
        if results.found:
            write_json(folder / "loop.json", results.summary())
    return results


def base_step(seed: int, instructions: int, held_out: int) -> Step:
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
    folder: Path, base: Step, overwrite: bool, tell: Callable[[str, Progress], None]
) -> None:
    name = base.variant
    if stale(folder, [base]):
        if not overwrite:
            raise ConfigError(
                f"{folder / name} was made with other numbers: give another folder, or --overwrite"
            )
        # The run on it, too: it was made from these files.
        shutil.rmtree(folder / name)
    await run_steps(folder, [base], lambda progress: tell(name, progress))
    recipe = load_align_recipe(Path("tiny-loop"), folder / base.outputs["files"])
    recipe = recipe.model_copy(update={"random_seed": base.settings["seed"]})
    run = folder / name / "run"
    steps = checked_plan(recipe)
    await align(run, recipe, steps, lambda progress: tell(name, progress), overwrite=overwrite)


def _results(run: Path, model: str, label: str) -> Path:
    return run / MODELS[model] / folder_name(label) / "results.json"


def _pass_at_1(path: Path) -> float:
    content: Any = json.loads(path.read_text())
    return float(content["pass_at_k"]["base"]["pass@1"])
