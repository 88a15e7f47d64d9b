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
from veristone.cli.options import add_engine_options, engine_config

if TYPE_CHECKING:
    from generators.seeds.pipeline.recipe import Recipe
    from generators.seeds.pipeline.run import Run
    from generators.seeds.steps import Services
    from veristone.cli.options import Subparsers

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

Exit status: 0 done; 1 some files killed the process that read them (all others are done); 2 could
not start; 130 interrupted.
"""
_NEAR = "near_duplicates"


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
        action.set_defaults(run=run, action=name)
        _add_common(action)
    for name, text in (
        ("filter", "go on up to the removal of near-duplicates"),
        ("dedup", "go on to the end"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("output", type=Path, metavar="FOLDER")
        action.add_argument("--recipe", help="other settings than those the folder was made with")
        action.set_defaults(run=run, action=name, source=[], benchmark=[])
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


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--redo", action="store_true", help="do anew what other settings made")
    parser.add_argument(
        "--processes", type=int, metavar="N", help="worker processes (default: one per core)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    add_engine_options(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Run `run`, `mine`, `filter` or `dedup`."""
    from generators.seeds.pipeline.run import PartsLost, Run
    from veristone.cli.stages import StageProgress

    folder: Path = arguments.output
    recipe = _recipe(arguments)
    processes = len(os.sched_getaffinity(0))
    if arguments.processes is not None:
        processes = arguments.processes
    if processes < 1:
        raise ConfigError("--processes must be 1 or more")
    async with contextlib.AsyncExitStack() as stack:
        services = await stack.enter_async_context(_services(recipe, arguments))
        progress = stack.enter_context(StageProgress(quiet=arguments.quiet))
        work = Run(
            recipe, folder, processes=processes, services=services, on_progress=progress.update
        )
        _settle_stale(work, arguments)
        _write_recipe(recipe, folder)
        try:
            await work.go(_until(work, arguments.action))
        except PartsLost as error:
            progress.close()
            print(f"veristone: {error}", file=sys.stderr)
            return 1
        except asyncio.CancelledError:
            progress.close()
            print("veristone: interrupted; the same command goes on from here", file=sys.stderr)
            raise
        finally:
            await asyncio.to_thread(_write_report, work)
    if not arguments.quiet:
        _show(work)
    return 0


async def report(arguments: argparse.Namespace) -> int:
    """Run `report`."""
    from generators.seeds.pipeline.run import Run

    work = Run(_stored_recipe(arguments.output), arguments.output, processes=1)
    _write_report(work)
    _show(work)
    return 0


async def show(arguments: argparse.Namespace) -> int:
    """Run `show`."""
    from veristone.cli.show import show as show_items

    folder: Path = arguments.output
    _stored_recipe(folder)
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
    from generators.seeds.pipeline.recipe import load_recipe, parse_recipe
    from generators.seeds.pipeline.shortcuts import with_benchmarks, with_sources

    if arguments.recipe is None:
        return _stored_recipe(arguments.output)
    settings = load_recipe(arguments.recipe)
    settings.setdefault("name", Path(arguments.recipe).stem)
    if arguments.source:
        settings = with_sources(settings, arguments.source, any_licence=arguments.any_licence)
    if arguments.benchmark:
        settings = with_benchmarks(settings, arguments.benchmark)
    return parse_recipe(settings, arguments.recipe)


def _stored_recipe(folder: Path) -> "Recipe":
    from generators.seeds.pipeline.recipe import parse_recipe

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


def _settle_stale(work: "Run", arguments: argparse.Namespace) -> None:
    stale = work.stale()
    if stale is not None and arguments.redo:
        work.redo(stale)
    work.check()


def _write_recipe(recipe: "Recipe", folder: Path) -> None:
    from generators.seeds.pipeline.storage import whole_file

    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / "recipe.json") as file:
        file.write(recipe.model_dump_json(indent=1).encode())


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
    """Start an engine if a step of the recipe asks the verifier."""
    from generators.seeds.steps import AsyncStep, Services

    verified = any(
        isinstance(step, AsyncStep) and step.kind in ("coverage", "behaviour")
        for step in recipe.steps
    )
    if not verified or arguments.action == "mine":
        yield Services()
        return
    from engine import Engine

    async with Engine(engine_config(arguments)) as engine:
        yield Services(verifier=engine)


def _write_report(work: "Run") -> None:
    import msgspec

    from generators.seeds.pipeline.storage import whole_file
    from generators.seeds.report.page import render_page
    from generators.seeds.report.text import render_text

    if not work.folder.is_dir():
        return
    funnel = work.funnel()
    for name, text in (
        ("funnel.json", msgspec.json.format(msgspec.json.encode(funnel), indent=1).decode()),
        ("report.md", render_text(funnel)),
        ("report.html", render_page(funnel)),
    ):
        with whole_file(work.folder / name) as file:
            file.write(text.encode(errors="replace"))


def _show(work: "Run") -> None:
    from veristone.cli.stages import print_funnel

    print_funnel(work.funnel())
    seeds = work.folder / "seeds.jsonl"
    if seeds.exists():
        print(f"seeds:  {seeds}")
    print(f"report: {work.folder / 'report.html'}")
