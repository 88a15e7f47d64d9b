"""`veristone align`, `loop` and the hidden `step`: the whole self-alignment loop."""

import asyncio
import json
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
from veristone.files import write_whole

if TYPE_CHECKING:
    from veristone.loop.estimate import Cost
    from veristone.loop.plan import Step
    from veristone.loop.recipe import AlignRecipe
    from veristone.loop.run import Mark
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
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Another value for a setting: synthesis.limit=2000, server.port=8100,"
            " variants=[].",
        ),
    ] = None,
    seed: Seed = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Print what would be done, what it would cost and what is missing."
        ),
    ] = False,
    cores: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="For the estimate.", show_default="those of this machine"
        ),
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="That model servers and training use.",
            show_default="the recipe's, else those of this machine",
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> int:
    """Run the whole self-alignment loop of a recipe.

    Seeds, concepts, instructions, responses, verdicts, selection, dataset, training, evaluation,
    report. Every variant of the recipe is run beside the main one, sharing what is the same. Model
    servers that a step needs (`server:MODEL` in the recipe) are started, checked and stopped.
    Started again, it goes on where it was.

    \b
    veristone align recipes/starcoder2-instruct.toml --dry-run   what would be done, and its cost
    veristone align recipes/starcoder2-instruct.toml -o FOLDER   do it

    Exit status: 0 done; 1 a step failed; 2 could not start; 130 interrupted.
    """
    from veristone.loop.align import align as run
    from veristone.loop.align import checked_plan
    from veristone.loop.machine import count_gpus
    from veristone.loop.recipe import load_align_recipe
    from veristone.loop.run import StepFailed

    whole = load_align_recipe(recipe, data, changes or ())
    if seed is not None:
        whole = whole.model_copy(update={"random_seed": seed})
    machine = whole.machine.model_copy(
        update={"gpus": gpus or whole.machine.gpus or await asyncio.to_thread(count_gpus)}
    )
    whole = whole.model_copy(update={"machine": machine})
    steps = checked_plan(whole)
    if dry_run:
        await asyncio.to_thread(_show_plan, whole, steps, cores or len(os.sched_getaffinity(0)))
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


def _show_plan(recipe: "AlignRecipe", steps: "Sequence[Step]", cores: int) -> None:
    from veristone.loop.estimate import estimate
    from veristone.loop.missing import missing
    from veristone.loop.plan import asked_model
    from veristone.loop.recipe import SERVER
    from veristone.loop.servers import server_words

    costs = estimate(recipe, steps)

    def row(name: str, given: str, made: str, found: "Sequence[Cost]") -> tuple[str, ...]:
        sums = [sum(cost.core_hours for cost in found), sum(cost.gpu_hours for cost in found)]
        sums.append(sum(cost.hours(cores) for cost in found))
        most = max((cost.gpus for cost in found), default=0)
        told = (f"{n:,.1f}" if n >= 0.05 else "" for n in sums)
        return (name, given, made, str(most or ""), *told)

    rows: list[tuple[str, ...]] = []
    suites: dict[str, list[Cost]] = {}
    for each in steps:
        cost = costs[each.name]
        if each.kind == "evaluation":
            suites.setdefault(each.label, []).append(cost)
        else:
            rows.append(row(each.name, f"{cost.given:,}", f"{cost.made:,}", [cost]))
    for label, found in suites.items():
        rows.append(row(f"{label}, {len(found)} models", f"{found[0].given:,}", "", found))
    rows += [(), row("together", "", "", list(costs.values()))]
    columns = ["step", ">given", ">made", ">GPUs", ">core h", ">GPU h", ">hours"]
    print_table(columns, rows, title=f"{recipe.name}: {len(steps)} steps")
    gpus = f"{recipe.machine.gpus} GPUs" if recipe.machine.gpus else "no GPU (say --gpus N)"
    print(
        f"Hours: with {cores} cores and {gpus}, one step after another. Counts: [scale] of the"
        " recipe; of an evaluation its dataset's, where that is there. Core hours: our benchmarks."
        " GPU hours: A100-80G, from the costs in arXiv 2410.24198; a factor of two either way. A"
        " server that is given by its URL costs nothing here."
    )
    if any(asked_model(each).startswith(SERVER) for each in steps):
        words = server_words(recipe.server, recipe.machine.gpus, "MODEL", "PORT")
        print(f"\nservers, one at a time: {' '.join(words)}")
    if absent := missing(recipe, steps):
        print("\nnot there yet:")
        for name in absent:
            print(f"  {name}")
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
    sandboxes, tunes it on what passed, and beside it on a random response to the same instructions,
    and judges all by hidden tests on tasks of which nothing was shown before. Once for each of
    several random seeds. Needs torch and transformers (`make loop` brings them), no download of
    weights, no GPU. Started again, it goes on where it was.

    Exit status: 0 done; 1 a repetition failed; 2 could not start; 130 interrupted.
    """
    from veristone.loop.toy import run_toy_loop
    from veristone.loop.toy_results import EVALUATIONS, MODELS

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
        complain(error)
    if results.found:
        rows: list[tuple[str, ...]] = [
            (m, *(results.of(m, label).text() for label in EVALUATIONS)) for m in MODELS
        ]
        differences = [results.differences(label) for label in EVALUATIONS]
        rows.append(())
        rows += [(name, *(each[name].text() for each in differences)) for name in differences[0]]
        title = f"pass@1 in %, mean of {len(results.found)} repetitions and its 95% interval"
        print_table(["", *(f">{label}" for label in EVALUATIONS)], rows, title=title)
        print("\n".join(results.evidence()))
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


async def _do(step: "Mark") -> int:
    """Do what a step says: call what its kind of command calls, with its values."""
    from veristone.loop.inputs import count_rows

    given, inputs, outputs, folder = step.settings, step.inputs, step.outputs, Path(step.name)
    benchmarks = [f"{name}={file}" for name, file in given.get("benchmarks", {}).items()]
    engine = _engine_options(step.machine)
    match step.kind:
        case "seeds":
            chosen: Any = {"source": given["source"], "any_licence": given["any_licence"]}
            chosen |= {"benchmark": benchmarks, "judge": _judge(step)}
            chosen |= {"documents": given["documents"] or None}
            return await collect(given["recipe"], folder, engine, **chosen)
        case "synthesis":
            return await _synthesise(step, engine)
        case "selection":
            responses, limit = Path(inputs["responses"]), None
            if equal := inputs.get("as_many_as"):
                limit = await asyncio.to_thread(count_rows, Path(equal))
            return await select(
                given["recipe"], responses, folder, engine, benchmark=benchmarks, limit=limit
            )
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
            asking["model"] = step.address
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


def _engine_options(machine: dict[str, Any]) -> EngineOptions:
    """Return what the recipe's `[machine]` says about the sandboxes."""
    return EngineOptions(
        backend=machine.get("backend") or None,
        sandboxes=machine.get("sandboxes") or None,
        runtime=machine.get("runtime") or None,
        config=Path(machine["engine"]) if machine.get("engine") else None,
    )


def _judge(step: "Mark") -> str | None:
    """Return the words for the judge of seeds.

    They are part of what the seeds are made from, so those for a server of the run's own, which may
    have another port tomorrow, are a file's name.
    """
    url, hash_mark, name = step.address.partition("#")
    if not (hash_mark and step.settings["judge"].startswith("server:")):
        return step.address or None
    file = Path(step.name) / "judge.toml"
    write_whole(
        file, f'kind = "openai"\nbase_url = {json.dumps(url)}\nmodel = {json.dumps(name)}\n'
    )
    return str(file)


async def _synthesise(step: "Mark", engine: EngineOptions) -> int:
    from veristone.loop.inputs import prepared, write_pairs
    from veristone.loop.plan import PAIRS

    given, machine, folder = step.settings, step.machine, Path(step.name)
    source = Path(step.inputs["input"]) if step.inputs["input"] else None
    if source is not None:
        source = await asyncio.to_thread(prepared, source, folder, given["limit"])
    if given["recipe"] == PAIRS and source is not None:
        await asyncio.to_thread(write_pairs, source, Path(step.outputs["responses"]))
        return 0
    return await generate(
        given["recipe"],
        folder,
        engine,
        ModelOptions(model=step.address, in_flight=machine["in_flight"]),
        source=source,
        queues=machine["queues"] or None,
        seed=given["seed"],
        verifiers=machine["verifiers"],
    )
