"""`veristone select`: from verified responses to training rows."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError
from veristone.cli.options import add_engine_options, engine_config
from veristone.extras import need_modules

if TYPE_CHECKING:
    from veristone import Verifier
    from veristone.cli.options import Subparsers
    from veristone.generators.selection.funnel import Funnel
    from veristone.generators.selection.recipe import Recipe

__all__ = ["add_parser", "print_selection"]

_DESCRIPTION = """
Selects what a student learns from: of the verified responses of a synthesis run, those that passed
and whose pass is worth something, one or a few for each instruction, without near-duplicates and
without benchmarks' tasks.

  veristone select strong RUN/responses.jsonl -o FOLDER --benchmark HumanEval=HumanEval.jsonl.gz

FOLDER/selected.jsonl are the rows; preferences.jsonl, kto.jsonl and repairs.jsonl what failures are
good for; rejected.jsonl says of every other response why it is not there. `veristone dataset`
makes a data set of the folder.

RECIPE is a TOML file or a recipe of ours: starcoder2-instruct, selfcodealign, strong. One with
[scores] runs more samples in sandboxes; interrupted, the same command goes on with them. Everything
else is done anew each time.

Exit status: 0 done; 1 done, and nothing was selected; 2 could not start; 130 interrupted.
"""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "select",
        help="select training rows from verified responses",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", metavar="RECIPE", help="a TOML file, or a recipe of ours")
    parser.add_argument("responses", type=Path, metavar="RESPONSES", help="responses.jsonl")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--benchmark",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a benchmark that must not be found in the rows; besides the recipe's",
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="count what each rule for near-duplicates would keep of the same responses",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    add_engine_options(parser)
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    need_modules("veristone.generators.selection.run", extra="generate")
    from veristone.generators.selection.recipe import load_recipe, parse_recipe, with_benchmarks
    from veristone.generators.selection.run import Selection

    settings = load_recipe(arguments.recipe)
    if arguments.benchmark:
        settings = with_benchmarks(settings, arguments.benchmark)
    recipe = parse_recipe(settings, arguments.recipe)
    responses: Path = arguments.responses
    folder: Path = arguments.output
    if not await asyncio.to_thread(responses.is_file):
        raise ConfigError(f"{responses}: there is no such file")
    try:
        async with _verifier(recipe, arguments) as verifier:
            with _Progress(quiet=arguments.quiet) as progress:
                work = Selection(
                    recipe,
                    responses,
                    folder,
                    verifier=verifier,
                    compare=arguments.compare,
                    on_progress=progress.update,
                )
                funnel = await work.go()
    except asyncio.CancelledError:
        more = "; the same command goes on with its scores" if recipe.scores.asks else ""
        print(f"veristone: interrupted, nothing was written{more}", file=sys.stderr)
        raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigError(f"{folder}: {error}") from error
    if not arguments.quiet:
        print_selection(funnel)
        print(f"selected: {folder / 'selected.jsonl'}")
    return 0 if funnel.products.get("selected") else 1


@contextlib.asynccontextmanager
async def _verifier(
    recipe: "Recipe", arguments: argparse.Namespace
) -> "AsyncGenerator[Verifier | None]":
    """Start an engine if the recipe asks for scores."""
    if not recipe.scores.asks:
        yield None
        return
    from veristone.engine import Engine

    async with Engine(engine_config(arguments)) as engine:
        yield engine


class _Progress:
    """One changing line on a terminal; silence elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self._status = Console(stderr=True).status("starting")
        self._shown = not quiet and sys.stderr.isatty()

    def __enter__(self) -> "_Progress":
        """Show the line."""
        if self._shown:
            self._status.start()
        return self

    def update(self, what: str, done: int) -> None:
        """Say how far the work is."""
        if self._shown:
            self._status.update(f"{what}: {done:,} instructions")

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        if self._shown:
            self._status.stop()


def print_selection(funnel: "Funnel") -> None:
    """Print how many responses each step was given, kept, and why it rejected the others."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(title=f"{funnel.recipe}: {funnel.instructions:,} instructions")
    table.add_column("step")
    for name in ("given", "kept", "of step"):
        table.add_column(name, justify="right")
    table.add_column("main reasons", overflow="fold")
    for step in funnel.steps:
        share = f"{100 * step.kept / step.given:.1f} %" if step.given else ""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in step.reasons.items())
        if step.not_applicable:
            reasons = "; ".join(filter(None, (reasons, f"not judged {step.not_applicable:,}")))
        cells = (step.step, f"{step.given:,}", f"{step.kept:,}", share, reasons)
        # As text: what a file calls its things is no markup of ours.
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if funnel.yields:
        rules = Table(title=f"near-duplicates: {funnel.compared:,} responses by each rule")
        rules.add_column("rule")
        rules.add_column("kept", justify="right")
        for name, kept in funnel.yields.items():
            rules.add_row(Text(name), f"{kept:,}")
        console.print(rules)
    told = ", ".join(f"{name} {count:,}" for name, count in funnel.products.items())
    console.print(f"rows: {told}", highlight=False)
