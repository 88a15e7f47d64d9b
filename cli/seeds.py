"""`veristone seeds`: from a corpus of source files to clean, diverse seeds."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from veristone.cli.app import command, group
from veristone.cli.display import Progress, complain, print_table
from veristone.cli.options import (
    Benchmarks,
    EngineOptions,
    Folder,
    OutputFolder,
    Overwrite,
    Processes,
    Quiet,
    Recipe,
)
from veristone.extras import need_modules
from veristone.files import disk_trouble
from veristone.settings import checked
from veristone.text import line

if TYPE_CHECKING:
    from veristone.generators.seeds.funnel import Funnel
    from veristone.generators.seeds.pipeline.recipe import Recipe as SeedRecipe
    from veristone.generators.seeds.pipeline.run import Progress as Step
    from veristone.generators.seeds.pipeline.run import Run
    from veristone.generators.seeds.steps import Services

__all__ = ["run", "seeds"]

_NEEDED = (
    "veristone.generators.seeds.pipeline.run",
    "veristone.generators.seeds.extract.mining",
    "jinja2",
)
"""What any of this needs, the report too."""
_JUDGEMENTS = "judgements"
"""Folder of a run that keeps what the judge answered, whatever is done anew."""

seeds = group(
    """Collect seeds from a corpus.

    Mines documented functions (or random snippets) from a corpus, filters them, removes copies of
    benchmarks and near-duplicates, and writes what is left to FOLDER/seeds.jsonl, with a report of
    what was rejected and why. A run that was interrupted goes on where it was when it is started
    again.

    \b
    veristone seeds run starcoder2 --source ~/code --benchmark HumanEval=HumanEval.jsonl -o FOLDER
    veristone show FOLDER       read some seeds, or some of what was rejected

    Exit status: 0 done; 1 some files killed the process that read them (all others are done); 2
    could not start; 130 interrupted.
    """
)


@command(seeds, "run")
async def run(
    recipe: Recipe,
    output: OutputFolder,
    engine: EngineOptions,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:PATH",
            help="A folder, a .jsonl or a .parquet file, in place of the recipe's; parquet:FOLDER"
            " is a folder of such files. Several are welcome.",
        ),
    ] = None,
    any_licence: Annotated[
        bool,
        typer.Option(
            "--any-licence",
            help="With --source: take files whatever their licence.",
            show_default="permissive ones",
        ),
    ] = False,
    documents: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="With --source: the first so many documents of each.",
            show_default="all",
        ),
    ] = None,
    benchmark: Benchmarks = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Ask this model whether documentation is enough to write the code anew.",
        ),
    ] = None,
    until: Annotated[
        Literal["mine", "filter"] | None,
        typer.Option(
            help="Find the candidates and no more, or go no further than to the removal of"
            " near-duplicates; without it the same command goes on from there.",
            show_default="the end",
        ),
    ] = None,
    processes: Processes = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> int:
    """Collect seeds by a recipe, with what is said here over it."""
    need_modules(*_NEEDED, extra="seeds")
    from veristone.generators.judge.late import with_judge
    from veristone.generators.seeds.pipeline.recipe import Recipe as SeedRecipe
    from veristone.generators.seeds.pipeline.recipe import load_recipe
    from veristone.generators.seeds.pipeline.shortcuts import with_benchmarks, with_sources

    settings = load_recipe(recipe)
    settings.setdefault("name", Path(recipe).stem)
    if source:
        settings = with_sources(settings, source, any_licence=any_licence, documents=documents)
    if benchmark:
        settings = with_benchmarks(settings, benchmark)
    whole = checked(SeedRecipe, settings, recipe)
    if judge is not None:
        whole = with_judge(whole, judge)
    return await _go(until, output, whole, engine, processes, overwrite, quiet)


@command(seeds, "report")
async def report(folder: Folder) -> int:
    """Write the report of what is done so far."""
    need_modules(*_NEEDED, extra="seeds")
    from veristone.generators.seeds.pipeline.recipe import stored_recipe
    from veristone.generators.seeds.pipeline.run import Run

    with disk_trouble(folder):
        funnel = Run(stored_recipe(folder), folder, processes=1).funnel()
        _write_report(folder, funnel)
    _show(folder, funnel)
    return 0


async def _go(
    until: str | None,
    folder: Path,
    recipe: "SeedRecipe",
    engine: EngineOptions,
    processes: int | None,
    overwrite: bool,
    quiet: bool,
) -> int:
    from veristone.generators.seeds.pipeline.run import PartsLost, Run

    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(disk_trouble(folder))
        services = await stack.enter_async_context(
            _services(recipe, folder, engine, asks=until != "mine")
        )
        progress = stack.enter_context(Progress(quiet=quiet, keep=True))

        def show(step: "Step") -> None:
            told = f"{step.kept:>12,} seeds"
            progress.show(f"{step.stage:<24}", told, step.done, step.parts)
            if step.done == step.parts and not progress.terminal and not quiet:
                progress.say(f"{step.stage}: {step.kept:,} seeds")

        work = Run(
            recipe,
            folder,
            processes=processes or len(os.sched_getaffinity(0)),
            services=services,
            on_progress=show,
        )
        try:
            funnel = await work.go(_last_stage(work, until), redo=overwrite)
        except PartsLost as error:
            progress.close()
            complain(str(error))
            await asyncio.to_thread(_write_report, work.folder, work.funnel())
            return 1
        except asyncio.CancelledError:
            # Without a report: it goes over all seeds of a stage, and somebody waits for the end.
            progress.close()
            complain("interrupted; the same command goes on from here")
            raise
        await asyncio.to_thread(_write_report, folder, funnel)
    if not quiet:
        _show(folder, funnel)
    return 0


def _last_stage(work: "Run", until: str | None) -> int | None:
    if until == "mine":
        return 1
    if until == "filter":
        for stage in work.stages:
            if stage.steps and stage.steps[0].kind == "near_duplicates":
                return stage.number - 1
    return None


@contextlib.asynccontextmanager
async def _services(
    recipe: "SeedRecipe", folder: Path, options: EngineOptions, *, asks: bool
) -> "AsyncGenerator[Services]":
    """Start an engine if a step of the recipe asks the verifier; hold a judge ready."""
    from veristone.generators.judge.late import LateJudge, judge_of
    from veristone.generators.seeds.steps import AsyncStep, Services

    services = Services()
    words = judge_of(recipe)
    steps = [step for step in recipe.steps if isinstance(step, AsyncStep)]
    async with contextlib.AsyncExitStack() as stack:
        if asks and any(step.kind == "behaviour" for step in steps):
            from veristone.engine import Engine

            engine = await stack.enter_async_context(Engine(options.settings()))
            services = services._replace(verifier=engine)
        judge = LateJudge(words, folder / _JUDGEMENTS, stack) if asks and words else None
        yield services._replace(judge=judge)


def _write_report(folder: Path, funnel: "Funnel") -> None:
    from veristone.generators.pages.write import write_report
    from veristone.generators.seeds.report.sections import report

    write_report(folder, report(funnel), funnel, "funnel.json")


def _show(folder: Path, funnel: "Funnel") -> None:
    from veristone.cli.display import ranked
    from veristone.generators.seeds.report.sections import funnel_rows

    columns = ["step", ">given", ">kept", ">of step", ">of all", "main reasons"]
    title = funnel.recipe + ("" if funnel.finished else " (unfinished)")
    print_table(columns, funnel_rows(funnel), title=title)
    for source in funnel.sources:
        if source.reasons:
            print(f"left out of {line(source.source)}: {ranked(source.reasons)}")
    if (folder / "seeds.jsonl").exists():
        print(f"seeds:  {folder / 'seeds.jsonl'}")
    print(f"report: {folder / 'report.html'}")
