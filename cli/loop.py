"""`veristone align`, `loop` and the hidden `step`: the whole self-alignment loop."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from veristone import ConfigError
from veristone.cli.dataset import dataset
from veristone.cli.display import Progress, complain, print_table
from veristone.cli.evaluate import evaluate
from veristone.cli.generate import run as generate
from veristone.cli.options import (
    EngineOptions,
    ModelOptions,
    OutputFolder,
    Overwrite,
    Processes,
    Quiet,
    Seed,
)
from veristone.cli.seeds import run as collect
from veristone.cli.select import select
from veristone.cli.train import train

if TYPE_CHECKING:
    from veristone.loop.estimate import Cost
    from veristone.loop.plan import Step
    from veristone.loop.recipe import AlignRecipe
    from veristone.loop.run import Progress as StepProgress

__all__ = ["align", "loop", "step"]


async def align(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file, or a recipe of ours.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Of the run.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where relative paths of the recipe begin.",
            show_default="its folder; for a recipe of ours this one",
        ),
    ] = None,
    seed: Seed = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print what would be done and what it would cost."),
    ] = False,
    cores: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="For the estimate.", show_default="those of this machine"
        ),
    ] = None,
    gpus: Annotated[int, typer.Option(metavar="N", min=1, help="For the estimate.")] = 4,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> int:
    """Run the whole self-alignment loop of a recipe.

    Seeds, concepts, instructions, responses, verdicts, selection, dataset, training, evaluation,
    report. Every variant of the recipe is run beside the main one, sharing what is the same.
    Started again, it goes on where it was.

    \b
    veristone align recipes/starcoder2-instruct.toml --dry-run   what would be done, and its cost
    veristone align recipes/starcoder2-instruct.toml -o FOLDER   do it

    Exit status: 0 done; 1 a step failed; 2 could not start; 130 interrupted.
    """
    from veristone.loop.align import align as run
    from veristone.loop.align import checked_plan
    from veristone.loop.recipe import load_align_recipe
    from veristone.loop.run import StepFailed

    whole = load_align_recipe(recipe, data)
    if seed is not None:
        whole = whole.model_copy(update={"random_seed": seed})
    steps = checked_plan(whole)
    if dry_run:
        _show_plan(whole, steps, cores or len(os.sched_getaffinity(0)), gpus)
        return 0
    if output is None:
        raise ConfigError("give the run a folder: -o FOLDER (or --dry-run)")
    numbers = {each.name: n for n, each in enumerate(steps, start=1)}
    with Progress(quiet=quiet) as progress:
        last = ""

        def show(now: "StepProgress") -> None:
            nonlocal last
            head = f"{numbers[now.step.name]} of {len(steps)}: {now.step.name}"
            progress.show(_ALIGN, f"{head}  {now.line[:100]}")
            if not progress.terminal and not quiet and last != head:
                progress.say(head)
            last = head

        try:
            reports = await run(output.resolve(), whole, steps, show, overwrite=overwrite)
        except StepFailed as error:
            progress.close()
            complain(str(error))
            return 1
        except asyncio.CancelledError:
            progress.close()
            complain("interrupted; the same command goes on from here")
            raise
    for path in reports:
        print(f"report: {path}")
    return 0


_ALIGN = "align"
_DOES = {
    "seeds": "mine and filter functions",
    "synthesis": "write and verify responses",
    "selection": "choose among them",
    "dataset": "write rows",
    "training": "fine-tune",
    "evaluation": "answer and judge tasks",
}


def _show_plan(recipe: "AlignRecipe", steps: "Sequence[Step]", cores: int, gpus: int) -> None:
    from veristone.loop.estimate import estimate

    costs = estimate(recipe, steps)

    def row(name: str, given: str, made: str, found: "Sequence[Cost]") -> tuple[str, ...]:
        sums = [sum(cost.core_hours for cost in found), sum(cost.gpu_hours for cost in found)]
        sums.append(sum(cost.hours(cores, gpus) for cost in found))
        return (name, given, made, *(f"{n:,.1f}" if n >= 0.05 else "" for n in sums))

    rows: list[tuple[str, ...]] = []
    for each in steps:
        if each.kind != "evaluation":
            cost = costs[each.name]
            rows.append(row(each.name, f"{cost.given:,}", f"{cost.made:,}", [cost]))
    evaluations = [costs[each.name] for each in steps if each.kind == "evaluation"]
    rows += [row(f"evaluation, {len(evaluations)} times", "", "", evaluations), ()]
    rows.append(row("together", "", "", list(costs.values())))
    columns = ["step", ">given", ">made", ">core h", ">GPU h", ">hours"]
    print_table(columns, rows, title=f"{recipe.name}: {len(steps)} steps")
    print(
        f"Hours: with {cores} cores and {gpus} GPUs, one step after another. Counts: [scale] of the"
        " recipe. Core hours: our benchmarks. GPU hours: A100-80G, from the costs in arXiv"
        " 2410.24198; a factor of two either way."
    )
    for each in steps:
        print(f"\n{each.name}: {_DOES[each.kind]}")
        for name, value in [*each.inputs.items(), *each.settings.items()]:
            if value not in ("", [], {}, False):
                print(f"  {name} = {value}")
        print(f"  makes {', '.join(each.outputs.values())}")


async def loop(
    output: OutputFolder,
    repetitions: Annotated[
        int, typer.Option(metavar="N", min=1, help="Each with a random seed of its own.")
    ] = 4,
    instructions: Annotated[
        int, typer.Option(metavar="N", min=1, help="That the model answers.")
    ] = 400,
    held_out: Annotated[
        int, typer.Option(metavar="N", min=1, help="Tasks of the evaluation.")
    ] = 200,
    processes: Processes = None,
    overwrite: Overwrite = False,
) -> int:
    """Run the whole loop on a tiny model, here and now.

    Makes a tiny StarCoder2 from scratch, has it write solutions and tests, runs them in the
    sandboxes, tunes it on what passed, and beside it on a random response, and judges all by hidden
    tests on other tasks. Once for each of several random seeds. Needs torch and transformers
    (`make loop` brings them), no download of weights, no GPU. Started again, it goes on where it
    was.

    Exit status: 0 done; 1 a repetition failed; 2 could not start; 130 interrupted.
    """
    from veristone.loop.toy import EVALUATIONS, MODELS, run_toy_loop

    told: dict[str, str] = {}
    folder = output.absolute()
    with Progress(quiet=False) as progress:

        def show(name: str, now: "StepProgress") -> None:
            line = f"{now.step.name}: {now.line[:120]}"
            progress.show(name, line)
            if not progress.terminal and told.get(name) != line:
                progress.say(f"{name}: {line}")
            told[name] = line

        results = await run_toy_loop(
            folder,
            repetitions=repetitions,
            instructions=instructions,
            held_out=held_out,
            processes=processes or len(os.sched_getaffinity(0)),
            overwrite=overwrite,
            on_progress=show,
        )
    for error in results.failed:
        complain(str(error))
    if results.found:
        rows: list[tuple[str, ...]] = [
            (m, *(results.of(m, label).text() for label in EVALUATIONS)) for m in MODELS
        ]
        differences = [results.differences(label) for label in EVALUATIONS]
        rows.append(())
        rows += [(name, *(each[name].text() for each in differences)) for name in differences[0]]
        title = f"pass@1 in %, mean of {len(results.found)} repetitions and its 95% interval"
        print_table(["", *(f">{label}" for label in EVALUATIONS)], rows, title=title)
        print(f"numbers: {folder / 'loop.json'}")
        print(f"reports: {folder}/seed-*/run/report.html")
    return 1 if results.failed else 0


async def step(file: Annotated[Path, typer.Argument(metavar="FILE", help="step.json")]) -> int:
    """Do one step of `align`, in the run's folder."""
    from veristone.loop.run import read_mark

    found = read_mark(file)
    if found is None:
        raise ConfigError(f"{file}: there is no such step; `veristone align` writes it")
    return await _do(found)


async def _do(step: "Step") -> int:
    """Do what a step says: call what its kind of command calls, with its values."""
    given, inputs, outputs, folder = step.settings, step.inputs, step.outputs, Path(step.name)
    benchmarks = [f"{name}={file}" for name, file in given.get("benchmarks", {}).items()]
    engine = EngineOptions()
    match step.kind:
        case "seeds":
            chosen: Any = {"source": given["source"], "any_licence": given["any_licence"]}
            chosen |= {"benchmark": benchmarks, "judge": given["judge"] or None}
            return await collect(given["recipe"], folder, engine, **chosen)
        case "synthesis":
            return await generate(
                given["recipe"],
                folder,
                engine,
                ModelOptions(model=given["model"]),
                source=Path(inputs["input"]) if inputs["input"] else None,
                seed=given["seed"],
            )
        case "selection":
            responses = Path(inputs["responses"])
            return await select(given["recipe"], responses, folder, engine, benchmark=benchmarks)
        case "dataset":
            template = given["template"] or "instruction"
            rows = Path(outputs["dataset"])
            return await dataset(Path(inputs["selection"]), rows, template=template)
        case "training":
            from veristone.loop.align import overrides

            return await train(
                given["preset"],
                folder,
                data=[Path(inputs["dataset"])],
                model=inputs["model"],
                changes=overrides(given["set"]),
            )
        case "evaluation":
            asking: dict[str, Any] = {**given, "template": given["template"] or "instruction"}
            return await evaluate(
                asking.pop("benchmark"),
                Path(inputs["dataset"]),
                engine,
                samples=Path(outputs["samples"]),
                output=Path(outputs["results"]),
                overwrite=True,
                **asking,
            )
        case "base":
            from veristone.training.tiny.files import write_loop_files

            await asyncio.to_thread(write_loop_files, folder, **given)
            return 0
