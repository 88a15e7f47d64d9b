"""`veristone generate`: from seeds to instructions and responses that ran."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veristone.cli.app import command, group
from veristone.cli.display import complain
from veristone.cli.generate_status import (
    print_counts,
    print_status,
    print_strength,
    shown,
)
from veristone.cli.options import (
    EngineOptions,
    Folder,
    ModelOptions,
    OutputFolder,
    Quiet,
    Recipe,
    Seed,
)
from veristone.extras import need_modules
from veristone.files import disk_trouble, only_one
from veristone.processes import end_with_parent

if TYPE_CHECKING:
    from veristone.generators.synthesis.pipeline.folder import RunFolder
    from veristone.generators.synthesis.pipeline.whole import Worker

__all__ = ["generate", "run"]

_NEEDED = tuple(
    f"veristone.generators.synthesis.{name}" for name in ("recipe", "read_input", "pipeline.folder")
)
Input = Annotated[
    Path | None,
    typer.Option(
        "--input",
        "--seeds",
        metavar="FILE",
        help="What the recipe starts from: seeds, instructions or tasks.",
    ),
]
Queues = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="redis://HOST:PORT/0, so that workers on several hosts can join (a copy of FOLDER is"
        " enough there).",
        show_default="files in FOLDER",
    ),
]
# End when this process does; `run` gives it to its children.
Parent = Annotated[int | None, typer.Option(hidden=True)]

generate = group(
    """Have a model write instructions and responses, and verify them.

    Has a model write concepts, instructions and responses as a recipe says, and runs every response
    with its tests in a sandbox. What is made lies in FOLDER; a run that was interrupted or killed,
    at any moment, goes on where it was when it is started again.

    \b
    veristone generate run selfcodealign --input seeds.jsonl --model MODEL -o FOLDER

    does everything, stages and verification side by side. The same in processes of your own, each
    of which may be started, stopped and multiplied at any time. A worker ends when its stage has
    nothing left to come; after `start` was given more seeds, or after `retry`, start the workers
    again:

    \b
    veristone generate start selfcodealign --input seeds.jsonl -o FOLDER
    veristone generate work FOLDER --model MODEL            all stages that ask the model
    veristone generate work FOLDER concepts --model MODEL   one of them
    veristone generate verify FOLDER                        the last: run what was written
    veristone generate status FOLDER                        how far it is
    veristone generate retry FOLDER                         try again what failed for good
    veristone generate export FOLDER                        write responses.jsonl and the others

    Exit status: 0 done; 1 some records could not be done (`retry` puts them back); 2 could not
    start, or the disk or a server failed; 130 interrupted.
    """
)


@command(generate, "run")
async def run(
    recipe: Recipe,
    output: OutputFolder,
    engine: EngineOptions,
    model: ModelOptions,
    source: Input = None,
    queues: Queues = None,
    seed: Seed = None,
    verifiers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes that verify.")] = 1,
    quiet: Quiet = False,
) -> int:
    """Do everything."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.generators.synthesis.pipeline.process import begun, read_recipe
    from veristone.generators.synthesis.pipeline.whole import (
        NothingAnswered,
        WorkerFailed,
        run_whole,
    )
    from veristone.generators.synthesis.read_input import read_input

    model.settings()
    whole = read_recipe(recipe, seed)
    began = time.monotonic()
    with disk_trouble(output):
        async with begun(output, whole, source, queues) as folder:
            workers = _workers(folder, engine, model, verifiers)
            try:
                async with shown(folder, folder.stages, quiet=quiet) as progress:
                    records = read_input(whole.input, source)
                    counts = await run_whole(folder, records, workers, progress.say)
                async with folder.open() as chain:
                    verified = (await chain.look())[-1]
            except (WorkerFailed, NothingAnswered) as error:
                complain(f"{error}; the same command goes on from here")
                return 2
            except asyncio.CancelledError:
                complain("interrupted; the same command goes on from here")
                raise
    if not quiet:
        print_counts(counts)
        print_strength(verified)
        print(f"{time.monotonic() - began:.0f} s; responses: {output / 'responses.jsonl'}")
        print(f"to read some: veristone show {output}")
    dead = sum(stage["dead"] for stage in counts["stages"])
    refused = sum(stage.get("refused_by_server", 0) for stage in counts["stages"])
    if refused:
        complain(
            f"the model refused {refused:,} request(s); its words are in dead.jsonl, and the same"
            " command asks again"
        )
        dead -= refused
    return _told_dead(dead, output, " (see dead.jsonl)", " and the same command again")


def _workers(
    folder: "RunFolder", engine: EngineOptions, model: ModelOptions, verifiers: int
) -> "list[Worker]":
    from veristone.generators.synthesis.pipeline.chain import VERIFY
    from veristone.generators.synthesis.pipeline.whole import Worker

    words = [sys.executable, "-m", "veristone", "generate"]
    common = [str(folder.path), "--quiet", "--parent", str(os.getpid())]
    sandboxes = max(1, engine.settings().sandboxes // verifiers)
    judging = [*words, "verify", *common, *engine.words(sandboxes=sandboxes)]
    return [
        Worker("model", folder.stages[:-1], [*words, "work", *common, *model.words()]),
        *(Worker(f"verify {number}", [VERIFY], judging) for number in range(1, verifiers + 1)),
    ]


@command(generate, "start")
async def start(
    recipe: Recipe,
    output: OutputFolder,
    source: Input = None,
    queues: Queues = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> int:
    """Make FOLDER and put the input in it."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.generators.synthesis.pipeline.process import begun, feed_run, read_recipe
    from veristone.generators.synthesis.read_input import read_input

    whole = read_recipe(recipe, seed)
    with disk_trouble(output):
        async with begun(output, whole, source, queues) as folder:
            fed = await feed_run(folder, read_input(whole.input, source))
    if not quiet:
        print(f"{output}: {fed.new:,} new records, {fed.known:,} were there already")
        print(f"stages: {', '.join(folder.stages)}")
    return 0


@command(generate, "work")
async def work(
    folder: Folder,
    model: ModelOptions,
    stages: Annotated[
        list[str] | None, typer.Argument(metavar="STAGE", show_default="all that ask the model")
    ] = None,
    quiet: Quiet = False,
    parent: Parent = None,
) -> int:
    """Work on stages that ask the model."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.generators.synthesis.pipeline.folder import find
    from veristone.generators.synthesis.pipeline.process import named_stages, work_on

    if parent is not None:
        end_with_parent(parent)
    found = find(folder)
    named = named_stages(found, stages or [])
    with disk_trouble(folder):
        async with model.opened() as opened, shown(found, named, quiet=quiet):
            dead = await work_on(found, opened, named, in_flight=model.in_flight)
        async with found.open() as chain:
            refused = [word for stage in named for word in (await chain.refused(stage)).values()]
    if refused:
        complain(f"the model refused {len(refused):,} request(s), for example: {refused[0]}")
    return 1 if quiet and dead else _told_dead(dead, folder)


@command(generate, "verify")
async def verify(
    folder: Folder, engine: EngineOptions, quiet: Quiet = False, parent: Parent = None
) -> int:
    """Run what was written, with its tests."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.engine import Engine
    from veristone.generators.synthesis.pipeline.chain import VERIFY
    from veristone.generators.synthesis.pipeline.folder import find
    from veristone.generators.synthesis.pipeline.process import verify_run

    if parent is not None:
        end_with_parent(parent)
    settings = engine.settings()
    found = find(folder)
    with disk_trouble(folder):
        async with Engine(settings) as verifier, shown(found, [VERIFY], quiet=quiet):
            # One sample a sandbox is judged while the next stands ready beside it.
            before = verifier.usage()
            dead = await verify_run(found, verifier, concurrency=2 * settings.sandboxes)
            busy = verifier.usage().share_since(before)
    if quiet:
        return 1 if dead else 0
    print(f"sandboxes were busy {100 * busy:.0f} % of the time", file=sys.stderr)
    return _told_dead(dead, folder)


def _told_dead(dead: int, folder: Path, where: str = "", then: str = "") -> int:
    if dead:
        complain(
            f"{dead:,} record(s) failed for good{where}; `veristone generate retry {folder}`{then}"
            " has them tried again"
        )
    return 1 if dead else 0


@command(generate, "status")
async def status(folder: Folder) -> int:
    """Say how far a run is."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.generators.synthesis.pipeline.folder import find

    found = find(folder)
    with disk_trouble(folder):
        async with found.open() as chain:
            stages = await chain.look()
    print_status(stages)
    return 1 if any(stage.queue.dead for stage in stages) else 0


@command(generate, "export")
async def export(folder: Folder) -> int:
    """Write the sorted files."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.generators.synthesis.pipeline.export import export as write_all
    from veristone.generators.synthesis.pipeline.folder import find

    found = find(folder)
    with disk_trouble(folder), only_one(folder):
        counts = await write_all(found)
    print_counts(counts)
    if not counts["finished"]:
        complain("the run is not finished: this is a part of it")
    return 1 if any(stage["dead"] for stage in counts["stages"]) else 0


@command(generate, "retry")
async def retry(folder: Folder) -> int:
    """Have records that failed for good tried again."""
    need_modules(*_NEEDED, extra="generate")
    from veristone.generators.synthesis.pipeline.folder import find

    found = find(folder)
    with disk_trouble(folder):
        async with found.open() as chain:
            back = await chain.put_back()
    for stage, number in back.items():
        print(f"{stage}: {number:,} put back; `veristone generate` run, work or verify does them")
    if not back:
        print("nothing had failed for good")
    return 0
