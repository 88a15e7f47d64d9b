"""`veristone align`: the command around plan, estimate, run and report."""

import argparse
import asyncio
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.table import Table

from veristone import ConfigError
from veristone.extras import need_modules

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.loop.estimate import Cost
    from veristone.loop.plan import Step
    from veristone.loop.recipe import AlignRecipe
    from veristone.loop.run import Progress

__all__ = ["add_parser", "content"]

_NEEDED = tuple(
    f"veristone.generators.{room}.recipe" for room in ("seeds.pipeline", "selection", "synthesis")
)
_DESCRIPTION = """
Runs the self-alignment loop of a recipe in a folder: seeds, concepts, instructions, responses,
verdicts, selection, dataset, training, evaluation, report. Every variant of the recipe is run
beside the main one, sharing what is the same. Started again, it goes on where it was.

  veristone align recipes/starcoder2-instruct.toml --dry-run      what would be done, and its cost
  veristone align recipes/starcoder2-instruct.toml -o FOLDER      do it

Exit status: 0 done; 1 a step failed; 2 could not start; 130 interrupted.
"""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "align",
        help="run the whole self-alignment loop",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "recipe", type=Path, metavar="RECIPE", help="a TOML file, or a recipe of ours"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="of the run")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where relative paths of the recipe begin (default: its folder; for a recipe of ours"
        " this one)",
    )
    parser.add_argument("--random-seed", type=int, metavar="N", help="in place of the recipe's")
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done and what it would cost"
    )
    parser.add_argument(
        "--cores", type=int, metavar="N", help="for the estimate (default: those of this machine)"
    )
    parser.add_argument("--gpus", type=int, default=4, metavar="N", help="for the estimate (4)")
    parser.add_argument(
        "--redo", action="store_true", help="do anew what was made with other settings"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    from veristone.loop.plan import plan
    from veristone.loop.recipe import load_align_recipe
    from veristone.loop.report.measures import need_libraries

    recipe = load_align_recipe(arguments.recipe, arguments.data)
    if arguments.random_seed is not None:
        recipe = recipe.model_copy(update={"random_seed": arguments.random_seed})
    need_modules(*_NEEDED, extra="seeds,generate")
    _check_settings(recipe)
    steps = plan(recipe, content)
    if arguments.dry_run:
        cores = arguments.cores or len(os.sched_getaffinity(0))
        if cores < 1 or arguments.gpus < 1:
            raise ConfigError("--cores and --gpus are 1 or more")
        _show_plan(recipe, steps, cores, arguments.gpus)
        return 0
    if arguments.output is None:
        raise ConfigError("give the run a folder: -o FOLDER (or --dry-run)")
    need_libraries()
    return await _run_in(arguments.output.resolve(), recipe, steps, arguments)


async def _run_in(
    folder: Path, recipe: "AlignRecipe", steps: "Sequence[Step]", arguments: argparse.Namespace
) -> int:
    from veristone.files import only_one
    from veristone.loop.run import StepFailed, remove, run_steps, stale, write_whole

    with only_one(folder):
        changed = stale(folder, steps)
        if changed and not arguments.redo:
            raise ConfigError(
                f"{folder / changed[0].folder} was made with other settings: give another folder,"
                f" or --redo to do {len(changed)} steps anew"
            )
        remove(folder, changed)
        write_whole(folder / "align.json", recipe.model_dump(mode="json", by_alias=True))
        try:
            with _Shown(steps, quiet=arguments.quiet) as shown:
                await run_steps(folder, steps, shown.update)
        except StepFailed as error:
            print(f"veristone: {error}", file=sys.stderr)
            await asyncio.to_thread(_report, folder)
            return 1
        except asyncio.CancelledError:
            print("veristone: interrupted; the same command goes on from here", file=sys.stderr)
            raise
        await asyncio.to_thread(_report, folder)
    return 0


def content(kind: str, name: str) -> str:
    """Read a part of the recipe and return the digest of what it says.

    Raises:
        ConfigError: it is not there or is wrong: that must not cost a night.
    """
    from veristone.generators.seeds.pipeline import recipe as seeds
    from veristone.generators.selection import recipe as selection
    from veristone.generators.synthesis import recipe as synthesis
    from veristone.training.finetune import load_settings, load_template

    more = ""
    if kind == "training":
        whole = load_settings(name)
        more = load_template(whole.template).model_dump_json()
    else:
        room = {"seeds": seeds, "selection": selection, "synthesis": synthesis}[kind]
        whole = room.parse_recipe(room.load_recipe(name), name)
    return hashlib.sha256((whole.model_dump_json() + more).encode()).hexdigest()[:16]


def _check_settings(recipe: "AlignRecipe") -> None:
    """Try what is set over the presets.

    Raises:
        ConfigError: a setting is not there or is wrong.
    """
    from veristone.training.finetune import load_settings

    for variant in (None, *recipe.variants):
        for number in range(1, recipe.rounds + 1):
            training = recipe.at(number).of(variant).training
            load_settings(training.preset, _overrides(training.set))


def _overrides(settings: Mapping[str, object]) -> list[str]:
    from veristone.loop.plan import word

    return [f"{key}={word(value)}" for key, value in settings.items()]


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
    table = Table(title=f"{recipe.name}: {len(steps)} steps")
    table.add_column("step", overflow="fold")
    for name in ("given", "made", "core h", "GPU h", "hours"):
        table.add_column(name, justify="right")

    def add(name: str, given: str, made: str, found: "Sequence[Cost]") -> None:
        sums = [sum(cost.core_hours for cost in found), sum(cost.gpu_hours for cost in found)]
        sums.append(sum(cost.hours(cores, gpus) for cost in found))
        cells = (f"{number:,.1f}" if number >= 0.05 else "" for number in sums)
        table.add_row(name, given, made, *cells)

    for step in steps:
        if step.kind != "evaluation":
            cost = costs[step.name]
            add(step.name, f"{cost.given:,}", f"{cost.made:,}", [cost])
    evaluations = [costs[step.name] for step in steps if step.kind == "evaluation"]
    add(f"evaluation, {len(evaluations)} times", "", "", evaluations)
    table.add_section()
    add("together", "", "", list(costs.values()))
    console = Console()
    console.print(table)
    console.print(
        f"Hours: with {cores} cores and {gpus} GPUs, one step after another. Counts: [scale] of the"
        " recipe. Core hours: our benchmarks. GPU hours: A100-80G, from the costs in arXiv"
        " 2410.24198; a factor of two either way.",
        markup=False,
    )
    for kind in dict.fromkeys(step.kind for step in steps):
        console.print(f"{kind}: {_DOES[kind]}", markup=False)
    for step in steps:
        command = " ".join([*step.launcher, "veristone", *step.arguments])
        console.print(command, markup=False, highlight=False, soft_wrap=True)


def _report(folder: Path) -> None:
    from veristone.loop.report.write import write_report

    for path in write_report(folder):
        print(f"report: {path}")


class _Shown:
    """The step at work: on one line of a terminal, and a line when each begins elsewhere."""

    def __init__(self, steps: "Sequence[Step]", *, quiet: bool) -> None:
        self._numbers = {step.name: n for n, step in enumerate(steps, start=1)}
        self._quiet = quiet
        self._console = Console(stderr=True)
        self._status: Status | None = None
        self._last = ""

    def __enter__(self) -> "_Shown":
        if not self._quiet and self._console.is_terminal:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def update(self, progress: "Progress") -> None:
        step = progress.step
        head = f"{self._numbers[step.name]} of {len(self._numbers)}: {step.name}"
        if self._status is not None:
            from rich.markup import escape

            text = f"{head}  {progress.elapsed_s:,.0f} s  {progress.line[:100]}"
            self._status.update(escape(text))
        elif not self._quiet and self._last != step.name:
            print(head, file=sys.stderr, flush=True)
        self._last = step.name

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
