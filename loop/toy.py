"""The whole self-alignment loop on a tiny model, on a CPU in minutes, with its control.

For each random seed a base model is made from scratch and the recipe `tiny-loop` is run on it;
repetitions run side by side, one core each. Responses that happen to be a held-out solution are
taken out before anything is selected. The control gets the responses to those instructions alone
that the main variant has a row of, so both learn from the same instructions and as many rows.
Differences are taken within a repetition. A repetition in which anything of a held-out task was
shown nevertheless has no result.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from veristone import ConfigError
from veristone.extras import need_modules
from veristone.files import only_one, read_rows, write_whole
from veristone.generators.code.normal import normal_form
from veristone.loop.align import align, checked_plan
from veristone.loop.plan import MAIN, Step
from veristone.loop.recipe import load_align_recipe
from veristone.loop.run import Progress, StepFailed, run_steps, stale, write_json
from veristone.loop.toy_results import (
    CONTROL,
    EVALUATIONS,
    ToyResults,
    read_held_out,
    read_repetition,
    selected,
)

__all__ = ["run_toy_loop"]

_POOLS = {MAIN: "clean.jsonl", CONTROL: "solved.jsonl"}
"""In a run: the responses that each variant selects from. Those without held-out solutions, and of
them those to instructions that the main variant has a row of."""


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
                results.failed.append(str(error))

    with only_one(folder):
        try:
            async with asyncio.TaskGroup() as group:
                for seed in range(repetitions):
                    group.create_task(repeat(seed))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        for seed in range(repetitions):
            found = read_repetition(folder / f"seed-{seed}")
            if found is not None and (fault := found.fault()):
                results.failed.append(f"seed-{seed} has no result: {fault}")
            elif found is not None:
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
    run, steps = place / "run", [_of_pool(step) for step in checked_plan(recipe)]
    responses = next(step.outputs["responses"] for step in steps if step.kind == "synthesis")

    async def do(some: list[Step]) -> None:
        await align(run, recipe, some, on_progress, overwrite=overwrite)

    await do([step for step in steps if step.kind == "synthesis"])
    held_out = {normal_form(task.code, "python") for task in read_held_out(place)}
    _write_some(
        run / responses,
        run / _POOLS[MAIN],
        lambda one: normal_form(one["code"], "python") not in held_out,
    )
    await do([step for step in steps if step.variant != CONTROL])
    solved = {row["instruction"] for row in selected(run, MAIN)}
    _write_some(run / _POOLS[MAIN], run / _POOLS[CONTROL], lambda one: one["instruction"] in solved)
    await do(steps)


def _of_pool(step: Step) -> Step:
    """Have a selection read its variant's pool in place of all responses."""
    if step.kind != "selection":
        return step
    return msgspec.structs.replace(step, inputs={"responses": _POOLS[step.variant]})


def _write_some(given: Path, kept: Path, keep: Callable[[dict[str, Any]], bool]) -> None:
    _write_rows(kept, [row.fields for row in read_rows(given) if keep(row.fields)])


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    write_whole(path, "".join(json.dumps(row) + "\n" for row in rows))
