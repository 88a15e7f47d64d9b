"""`veristone generate`: from seeds to instructions and responses that ran."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError
from veristone.cli.generate_common import (
    add_model_options,
    add_work_options,
    model_config,
    need_extra,
)
from veristone.cli.options import add_engine_options, engine_config
from veristone.files import disk_trouble

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.generators.synthesis.pipeline.folder import RunFolder
    from veristone.generators.synthesis.recipe import Recipe
    from veristone.generators.synthesis.records import Record

__all__ = ["add_parser"]

_DESCRIPTION = """
Has a model write concepts, instructions and responses as a recipe says, and runs every response
with its tests in a sandbox. What is made lies in FOLDER; a run that was interrupted or killed, at
any moment, goes on where it was when it is started again.

  veristone generate run selfcodealign --seeds seeds.jsonl --model MODEL -o FOLDER

does everything, stages and verification side by side. The same in processes of your own, each of
which may be started, stopped and multiplied at any time. A worker ends when its stage has nothing
left to come; after `start` was given more seeds, or after `retry`, start the workers again:

  veristone generate start selfcodealign --seeds seeds.jsonl -o FOLDER
  veristone generate concepts FOLDER --model MODEL  one stage; also instructions, responses
  veristone generate work FOLDER --model MODEL      all stages that ask the model, or named ones
  veristone generate verify FOLDER                  the last: run what was written
  veristone generate status FOLDER                  how far it is
  veristone generate retry FOLDER                   try again what failed for good
  veristone generate export FOLDER                  write responses.jsonl and the other files

MODEL is http://HOST:PORT/v1 (any OpenAI-compatible server), vllm:NAME or transformers:NAME (in this
process), replay:FILE (what --record wrote), or a file FILE.toml with a back end's settings.

Exit status: 0 done; 1 some records could not be done (`retry` puts them back); 2 could not start,
or the disk or a server failed; 130 interrupted.
"""
_STAGES = ("concepts", "instructions", "responses")


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "generate",
        help="have a model write instructions and responses, and verify them",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_whole(actions)
    for stage in _STAGES:
        action = actions.add_parser(stage, help=f"work on the stage {stage}")
        action.add_argument("folder", type=Path, metavar="FOLDER")
        action.set_defaults(run=work, stages=[stage])
        add_model_options(action)
        add_work_options(action)
    action = actions.add_parser("work", help="work on stages that ask the model")
    action.add_argument("folder", type=Path, metavar="FOLDER")
    action.add_argument("stages", nargs="*", metavar="STAGE", help="default: all of them")
    action.set_defaults(run=work)
    add_model_options(action)
    add_work_options(action)
    action = actions.add_parser("verify", help="run what was written, with its tests")
    action.add_argument("folder", type=Path, metavar="FOLDER")
    action.set_defaults(run=verify)
    add_work_options(action)
    add_engine_options(action)
    for name, function, text in (
        ("status", status, "how far a run is"),
        ("export", export, "write the sorted files"),
        ("retry", retry, "have records that failed for good tried again"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("folder", type=Path, metavar="FOLDER")
        action.set_defaults(run=function)


def _add_whole(actions: "Subparsers") -> None:
    for name, text in (("run", "do everything"), ("start", "make FOLDER and put the input in it")):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("recipe", metavar="RECIPE", help="a TOML file, or a recipe of ours")
        action.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
        action.add_argument(
            "--seeds",
            "--input",
            type=Path,
            metavar="FILE",
            help="what the recipe starts from: seeds, instructions or tasks",
        )
        action.add_argument(
            "--queues",
            metavar="URL",
            help="redis://HOST:PORT/0, so that workers on several hosts can join (a copy of FOLDER"
            " is enough there); default: files in FOLDER",
        )
        action.add_argument(
            "--attempts", type=int, metavar="N", help="failures before a record is given up (20)"
        )
        action.add_argument("--random-seed", type=int, metavar="N", help="in place of the recipe's")
        action.add_argument("--quiet", action="store_true", help="no progress, no summary")
        if name == "start":
            action.set_defaults(run=start)
            continue
        action.add_argument(
            "--verifiers", type=int, default=1, metavar="N", help="processes that verify (1)"
        )
        action.set_defaults(run=run)
        add_model_options(action)
        add_engine_options(action)


async def run(arguments: argparse.Namespace) -> int:
    """Run `run`."""
    need_extra()
    from veristone.cli.generate_run import run_all

    model_config(arguments)
    engine_config(arguments)
    if arguments.verifiers < 1:
        raise ConfigError("--verifiers must be 1 or more")
    path: Path = arguments.output
    with contextlib.ExitStack() as stack:
        stack.enter_context(disk_trouble(path))
        folder, records = await _begin(arguments, stack)
        return await run_all(folder, records, arguments)


async def start(arguments: argparse.Namespace) -> int:
    """Run `start`."""
    need_extra()
    from veristone.generators.synthesis.pipeline.feed import feed

    path: Path = arguments.output
    with contextlib.ExitStack() as stack:
        stack.enter_context(disk_trouble(path))
        folder, records = await _begin(arguments, stack)
        async with folder.open() as chain:
            await chain.reopen()
            fed = await feed(chain, records)
    if not arguments.quiet:
        print(f"{path}: {fed.line()}")
        print(f"stages: {', '.join(folder.stages)}")
    return 0


async def _begin(
    arguments: argparse.Namespace, stack: contextlib.ExitStack
) -> "tuple[RunFolder, Iterable[Record]]":
    """Check everything, make the folder and lock it."""
    from veristone.files import only_one
    from veristone.generators.synthesis.pipeline.feed import check_ids
    from veristone.generators.synthesis.pipeline.folder import begin, check

    path: Path = arguments.output
    recipe = _recipe(arguments.recipe, arguments.random_seed)
    frozen = recipe.model_dump_json(indent=1).encode() + b"\n"
    records = _Input(recipe, arguments.seeds)
    if arguments.attempts is not None and arguments.attempts < 1:
        raise ConfigError("--attempts must be 1 or more")
    check(path, frozen, redis=arguments.queues, attempts=arguments.attempts)
    await asyncio.to_thread(check_ids, records)
    stack.enter_context(only_one(path))
    folder = begin(
        path,
        frozen,
        [stage.name for stage in recipe.stages],
        redis=arguments.queues,
        attempts=arguments.attempts,
    )
    return folder, records


def _recipe(name: str, random_seed: int | None) -> "Recipe":
    from veristone.generators.synthesis.recipe import load_recipe, parse_recipe

    settings = load_recipe(name)
    if random_seed is not None:
        settings["random_seed"] = random_seed
    path = Path(name)
    settings.setdefault("name", path.parent.name if path.name == "recipe.toml" else path.stem)
    return parse_recipe(settings, name)


class _Input:
    """The records of the input, read anew each time."""

    def __init__(self, recipe: "Recipe", path: Path | None) -> None:
        from veristone.generators.synthesis.read_input import Draws

        if path is None and not isinstance(recipe.input, Draws):
            raise ConfigError(f"the recipe {recipe.name} starts from a file: give it with --seeds")
        if path is not None and isinstance(recipe.input, Draws):
            raise ConfigError(f"the recipe {recipe.name} starts from nothing: leave --seeds out")
        self._recipe = recipe
        self._path = path

    def __iter__(self) -> "Iterator[Record]":
        from veristone.generators.synthesis.read_input import read_input

        return read_input(self._recipe.input, self._path)


async def work(arguments: argparse.Namespace) -> int:
    """Run `work`, and the stages that have a command of their own."""
    need_extra()
    from veristone.cli.generate_work import work_on

    with disk_trouble(arguments.folder):
        return await work_on(arguments)


async def verify(arguments: argparse.Namespace) -> int:
    """Run `verify`."""
    need_extra()
    from veristone.cli.generate_work import verify_all

    with disk_trouble(arguments.folder):
        return await verify_all(arguments)


async def status(arguments: argparse.Namespace) -> int:
    """Run `status`."""
    need_extra()
    from veristone.cli.generate_tables import print_status
    from veristone.generators.synthesis.pipeline.folder import find

    folder = find(arguments.folder)
    with disk_trouble(arguments.folder):
        async with folder.open() as chain:
            stages = await chain.look()
    print_status(stages)
    return 1 if any(stage.queue.dead for stage in stages) else 0


async def export(arguments: argparse.Namespace) -> int:
    """Run `export`."""
    need_extra()
    from veristone.cli.generate_tables import print_funnel
    from veristone.files import only_one
    from veristone.generators.synthesis.pipeline.export import export as write_all
    from veristone.generators.synthesis.pipeline.folder import find

    folder = find(arguments.folder)
    with disk_trouble(arguments.folder), only_one(arguments.folder):
        counts = await write_all(folder)
    print_funnel(counts)
    if not counts["finished"]:
        print("veristone: the run is not finished: this is a part of it", file=sys.stderr)
    return 1 if any(stage["dead"] for stage in counts["stages"]) else 0


async def retry(arguments: argparse.Namespace) -> int:
    """Run `retry`."""
    need_extra()
    from veristone.generators.synthesis.pipeline.folder import find

    folder = find(arguments.folder)
    with disk_trouble(arguments.folder):
        async with folder.open() as chain:
            back = await chain.put_back()
    for stage, number in back.items():
        print(f"{stage}: {number:,} put back; `veristone generate` run, work or verify does them")
    if not back:
        print("nothing had failed for good")
    return 0
