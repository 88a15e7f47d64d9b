"""`veristone seeds`: from a corpus of source files to clean, diverse seeds."""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from veristone import ConfigError
from veristone.cli.calibration import add_calibration
from veristone.cli.judging import JUDGEMENTS, LateJudge, judge_of, with_judge
from veristone.cli.options import add_engine_options, engine_config
from veristone.extras import need_modules
from veristone.files import disk_trouble

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.generators.seeds.funnel import Funnel
    from veristone.generators.seeds.pipeline.recipe import Recipe
    from veristone.generators.seeds.pipeline.run import Run
    from veristone.generators.seeds.steps import Services

__all__ = ["add_parser"]

_DESCRIPTION = """
Mines documented functions (or random snippets) from a corpus, filters them, removes copies of
benchmarks and near-duplicates, and writes what is left to FOLDER/seeds.jsonl, with a report of what
was rejected and why. A run that was interrupted goes on where it was when it is started again.

  veristone seeds run starcoder2 --source ~/code --benchmark humaneval=HumanEval.jsonl -o FOLDER

does everything. The same in steps:

  veristone seeds mine starcoder2 --source ~/code --benchmark humaneval=HumanEval.jsonl -o FOLDER
  veristone seeds filter FOLDER     everything up to the removal of near-duplicates
  veristone seeds dedup FOLDER      the rest
  veristone seeds report FOLDER     write the report of what is done so far
  veristone seeds show FOLDER       read some seeds; --step and --reason: what was rejected
  veristone seeds calibrate-judge --model MODEL    how far a judge of documentation can be trusted

Exit status: 0 done; 1 some files killed the process that read them (all others are done); 2 could
not start; 130 interrupted.
"""
_NEAR = "near_duplicates"
_NEEDED = (
    "veristone.generators.seeds.pipeline.run",
    "veristone.generators.seeds.extract.mining",
    "jinja2",
)
"""What any of this needs, the report too."""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "seeds",
        help="collect seeds from a corpus",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, text in (("run", "do everything"), ("mine", "find the candidates, no more")):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("recipe", metavar="RECIPE", help="a TOML file, or a recipe of ours")
        action.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
        action.add_argument(
            "--source",
            action="append",
            default=[],
            metavar="[KIND:]PATH",
            help="a folder, an archive, a .jsonl or a .parquet file, in place of the recipe's;"
            " archive:FOLDER is a folder of archives",
        )
        action.add_argument(
            "--any-licence",
            action="store_true",
            help="with --source: take files whatever their licence (default: permissive ones)",
        )
        action.add_argument(
            "--benchmark",
            action="append",
            default=[],
            metavar="NAME=FILE",
            help="a benchmark that must not be found in the seeds; besides the recipe's",
        )
        action.add_argument(
            "--judge",
            metavar="MODEL",
            help="ask this model whether documentation is enough to write the code anew:"
            " http://HOST:PORT/v1, http://HOST:PORT/v1#NAME, vllm:NAME, transformers:NAME,"
            " replay:FILE or FILE.toml",
        )
        action.set_defaults(run=run, action=name)
        _add_common(action)
    for name, text in (
        ("filter", "go on up to the removal of near-duplicates"),
        ("dedup", "go on to the end"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("output", type=Path, metavar="FOLDER")
        action.add_argument("--recipe", help="other settings than those the folder was made with")
        action.set_defaults(run=run, action=name, source=[], benchmark=[], judge=None)
        _add_common(action)
    action = actions.add_parser("show", help="read some seeds, or some of what was rejected")
    action.add_argument("output", type=Path, metavar="FOLDER")
    action.add_argument("-n", type=int, default=20, metavar="N", help="how many (default: 20)")
    action.add_argument("--step", help="what this step rejected")
    action.add_argument("--reason", help="what was rejected for this reason")
    action.add_argument("--language", help="only of this language")
    action.set_defaults(run=show)
    action = actions.add_parser("report", help="write the report", description="write the report")
    action.add_argument("output", type=Path, metavar="FOLDER")
    action.set_defaults(run=report)
    add_calibration(actions)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--redo", action="store_true", help="do anew what other settings made")
    parser.add_argument(
        "--processes", type=int, metavar="N", help="worker processes (default: one per core)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    add_engine_options(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Run `run`, `mine`, `filter` or `dedup`."""
    need_modules(*_NEEDED, extra="seeds")
    from veristone.cli.stages import StageProgress
    from veristone.generators.seeds.pipeline.run import PartsLost, Run

    folder: Path = arguments.output
    recipe = _recipe(arguments)
    processes = len(os.sched_getaffinity(0))
    if arguments.processes is not None:
        processes = arguments.processes
    if processes < 1:
        raise ConfigError("--processes must be 1 or more")
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(disk_trouble(folder))
        services = await stack.enter_async_context(_services(recipe, arguments))
        progress = stack.enter_context(StageProgress(quiet=arguments.quiet))
        work = Run(
            recipe, folder, processes=processes, services=services, on_progress=progress.update
        )
        try:
            funnel = await work.go(_until(work, arguments.action), redo=arguments.redo)
        except PartsLost as error:
            progress.close()
            print(f"veristone: {error}", file=sys.stderr)
            await asyncio.to_thread(_write_report, work.folder, work.funnel())
            return 1
        except asyncio.CancelledError:
            # Without a report: it goes over all seeds of a stage, and somebody waits for the end.
            progress.close()
            print("veristone: interrupted; the same command goes on from here", file=sys.stderr)
            raise
        await asyncio.to_thread(_write_report, folder, funnel)
    if not arguments.quiet:
        _show(folder, funnel)
    return 0


async def report(arguments: argparse.Namespace) -> int:
    """Run `report`."""
    need_modules(*_NEEDED, extra="seeds")
    from veristone.generators.seeds.pipeline.run import Run

    folder: Path = arguments.output
    with disk_trouble(folder):
        funnel = Run(_stored_recipe(folder), folder, processes=1).funnel()
        _write_report(folder, funnel)
    _show(folder, funnel)
    return 0


async def show(arguments: argparse.Namespace) -> int:
    """Run `show`."""
    need_modules(*_NEEDED, extra="seeds")
    from veristone.cli.show_seeds import show as show_items

    folder: Path = arguments.output
    if arguments.n < 1:
        raise ConfigError("-n must be 1 or more")
    recipe = _stored_recipe(folder)
    steps = ["read", *(step.kind for step in recipe.steps)]
    if arguments.step is not None and arguments.step not in steps:
        raise ConfigError(f"--step {arguments.step}: the run's are {', '.join(steps)}")
    with disk_trouble(folder):
        total = show_items(
            folder,
            count=arguments.n,
            step=arguments.step,
            reason=arguments.reason,
            language=arguments.language,
        )
    print(f"{min(arguments.n, total):,} of {total:,}", file=sys.stderr)
    return 0


def _recipe(arguments: argparse.Namespace) -> "Recipe":
    from veristone.generators.seeds.pipeline.recipe import load_recipe, parse_recipe
    from veristone.generators.seeds.pipeline.shortcuts import with_benchmarks, with_sources

    if arguments.recipe is None:
        return _stored_recipe(arguments.output)
    settings = load_recipe(arguments.recipe)
    settings.setdefault("name", Path(arguments.recipe).stem)
    if arguments.source:
        settings = with_sources(settings, arguments.source, any_licence=arguments.any_licence)
    if arguments.benchmark:
        settings = with_benchmarks(settings, arguments.benchmark)
    if arguments.judge is not None:
        settings = with_judge(settings, arguments.judge)
    return parse_recipe(settings, arguments.recipe)


def _stored_recipe(folder: Path) -> "Recipe":
    from veristone.generators.seeds.pipeline.recipe import parse_recipe

    path = folder / "recipe.json"
    try:
        settings: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(
            f"{folder}: no run of ours; begin one with `veristone seeds mine`"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return parse_recipe(settings, str(path))


def _until(work: "Run", action: str) -> int | None:
    if action == "mine":
        return 1
    if action == "filter":
        for stage in work.stages:
            if stage.steps and stage.steps[0].kind == _NEAR:
                return stage.number - 1
    return None


@contextlib.asynccontextmanager
async def _services(recipe: "Recipe", arguments: argparse.Namespace) -> "AsyncGenerator[Services]":
    """Start an engine if a step of the recipe asks the verifier; hold a judge ready."""
    from veristone.generators.seeds.steps import AsyncStep, Services

    verified = any(
        isinstance(step, AsyncStep) and step.kind in ("coverage", "behaviour")
        for step in recipe.steps
    )
    words = judge_of(recipe)
    if arguments.action == "mine":
        yield Services()
        return
    async with contextlib.AsyncExitStack() as stack:
        services = Services()
        if verified:
            from veristone.engine import Engine

            engine = await stack.enter_async_context(Engine(engine_config(arguments)))
            services = services._replace(verifier=engine)
        if words:
            judge = LateJudge(words, arguments.output / JUDGEMENTS, stack)
            services = services._replace(judge=judge)
            stack.callback(judge.note)
        yield services


def _write_report(folder: Path, funnel: "Funnel") -> None:
    from veristone.generators.pages.write import write_report
    from veristone.generators.seeds.report.sections import report

    write_report(folder, report(funnel), funnel, "funnel.json")


def _show(folder: Path, funnel: "Funnel") -> None:
    from veristone.cli.stages import print_funnel

    print_funnel(funnel)
    seeds = folder / "seeds.jsonl"
    if seeds.exists():
        print(f"seeds:  {seeds}")
    print(f"report: {folder / 'report.html'}")
