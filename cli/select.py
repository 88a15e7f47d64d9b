"""`veristone select`: from verified responses to training rows."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veristone import ConfigError
from veristone.cli.display import Progress, complain, print_table
from veristone.cli.options import Benchmarks, EngineOptions, OutputFolder, Quiet, Recipe
from veristone.extras import need_modules
from veristone.files import disk_trouble
from veristone.settings import checked

if TYPE_CHECKING:
    from veristone.generators.selection.funnel import Funnel

__all__ = ["select"]


async def select(
    recipe: Recipe,
    responses: Annotated[
        Path, typer.Argument(metavar="RESPONSES", help="responses.jsonl of `generate`.")
    ],
    output: OutputFolder,
    engine: EngineOptions,
    benchmark: Benchmarks = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Rows at most, drawn at random at the end: for comparisons at equal size.",
            show_default="the recipe's choice.limit",
        ),
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Select training rows from verified responses.

    Selects what a student learns from: of the verified responses of a synthesis run, those that
    passed and whose pass is worth something, one or a few for each instruction, without
    near-duplicates and without benchmarks' tasks.

    FOLDER/selected.jsonl are the rows; preferences.jsonl, kto.jsonl and repairs.jsonl what failures
    are good for; rejected.jsonl says of every other response why it is not there. `veristone
    dataset` makes a data set of the folder.

    Recipes of ours are starcoder2-instruct, selfcodealign and strong. One with [scores] runs more
    samples in sandboxes; interrupted, the same command goes on with them. Everything else is done
    anew each time.

    Exit status: 0 done; 1 done, and nothing was selected; 2 could not start; 130 interrupted.
    """
    need_modules("veristone.generators.selection.run", extra="generate")
    from veristone.generators.selection.recipe import Recipe as SelectionRecipe
    from veristone.generators.selection.recipe import load_recipe, with_benchmarks
    from veristone.generators.selection.run import Selection

    whole = with_benchmarks(checked(SelectionRecipe, load_recipe(recipe), recipe), benchmark or ())
    if limit is not None:
        choice = whole.choice.model_copy(update={"limit": limit})
        whole = whole.model_copy(update={"choice": choice})
    if not await asyncio.to_thread(responses.is_file):
        raise ConfigError(
            f"{responses} is a folder: give its responses.jsonl"
            if await asyncio.to_thread(responses.is_dir)
            else f"{responses}: there is no such file"
        )
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(disk_trouble(output))
        verifier = None
        if whole.scores.asks:
            from veristone.engine import Engine

            verifier = await stack.enter_async_context(Engine(engine.settings()))
        progress = stack.enter_context(Progress(quiet=quiet))
        work = Selection(
            whole,
            responses,
            output,
            verifier=verifier,
            on_progress=lambda done: progress.show("selected", f"{done:,} instructions"),
        )
        try:
            funnel = await work.go()
        except asyncio.CancelledError:
            progress.close()
            more = "; the same command goes on with its scores" if whole.scores.asks else ""
            complain(f"interrupted, nothing was written{more}")
            raise
    if not quiet:
        print_selection(funnel)
        print(f"selected: {output / 'selected.jsonl'}")
    return 0 if funnel.products.get("selected") else 1


def print_selection(funnel: "Funnel") -> None:
    """Print how many responses each step was given, kept, and why it rejected the others."""
    rows: list[tuple[str, ...]] = []
    for step in funnel.steps:
        share = f"{100 * step.kept / step.given:.1f} %" if step.given else ""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in step.reasons.items())
        if step.not_applicable:
            reasons = "; ".join(filter(None, (reasons, f"not judged {step.not_applicable:,}")))
        rows.append((step.step, f"{step.given:,}", f"{step.kept:,}", share, reasons))
    columns = ["step", ">given", ">kept", ">of step", "main reasons"]
    print_table(columns, rows, title=f"{funnel.recipe}: {funnel.instructions:,} instructions")
    print("rows:", ", ".join(f"{name} {count:,}" for name, count in funnel.products.items()))
