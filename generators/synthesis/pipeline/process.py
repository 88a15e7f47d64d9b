"""What one process does in a run: begin it, work on stages that ask the model, or verify."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path

import msgspec

from veristone import ConfigError, Model, Verifier
from veristone.files import only_one
from veristone.generators.synthesis.pipeline.chain import VERIFY
from veristone.generators.synthesis.pipeline.feed import Fed, check_ids, feed
from veristone.generators.synthesis.pipeline.folder import RunFolder, begin
from veristone.generators.synthesis.pipeline.work import asking, judging, work_off
from veristone.generators.synthesis.read_input import read_input
from veristone.generators.synthesis.recipe import Recipe, load_recipe
from veristone.generators.synthesis.records import Record
from veristone.settings import checked
from veristone.text import near

__all__ = ["begun", "feed_run", "named_stages", "read_recipe", "verify_run", "work_on"]


def read_recipe(name: str, seed: int | None = None) -> Recipe:
    """Return a recipe of ours or of a file, with another random seed if one is given.

    Raises:
        ConfigError: there is none, or it is wrong.
    """
    settings = load_recipe(name)
    if seed is not None:
        settings["random_seed"] = seed
    path = Path(name)
    settings.setdefault("name", path.parent.name if path.name == "recipe.toml" else path.stem)
    return checked(Recipe, settings, name)


@contextlib.asynccontextmanager
async def begun(
    path: Path, recipe: Recipe, source: Path | None, queues: str | None
) -> AsyncGenerator[RunFolder]:
    """Check the whole input, lock the folder, and make it a run's or find the same run there.

    Raises:
        ConfigError: the folder is of another run, the input is wrong, or another process works.
        DatasetError: a row of the input is wrong.
    """
    await asyncio.to_thread(check_ids, read_input(recipe.input, source))
    frozen = recipe.model_dump_json(indent=1).encode() + b"\n"
    with only_one(path):
        yield begin(path, frozen, [stage.name for stage in recipe.stages], redis=queues)


async def feed_run(folder: RunFolder, records: Iterable[Record]) -> Fed:
    """Put the input in the first queue; nobody needs to work on it yet."""
    async with folder.open() as chain:
        await chain.reopen()
        return await feed(chain, records)


def _frozen_recipe(folder: RunFolder) -> Recipe:
    """Return the recipe as it was when the run began."""
    return checked(Recipe, msgspec.json.decode(folder.recipe()), str(folder.recipe_path))


def named_stages(folder: RunFolder, named: Sequence[str]) -> list[str]:
    """Return the stages that are named, or all that ask the model.

    Raises:
        ConfigError: the run has no such stage.
    """
    known = folder.stages[:-1]
    for name in named:
        if name not in known:
            told = f"this run has no stage {name!r}; it has {', '.join(known)}"
            raise ConfigError(told + near(name, known))
    return list(named or known)


async def work_on(folder: RunFolder, model: Model, stages: Sequence[str], *, in_flight: int) -> int:
    """Ask the model until the stages' queues are finished; return their dead letters."""
    recipe = _frozen_recipe(folder)
    async with folder.open() as chain:
        works = [
            work_off(
                chain,
                stage.name,
                asking(stage, model, recipe.random_seed),
                concurrency=in_flight,
                # Few: what one process holds ready, others cannot take.
                prefetch=max(1, in_flight // 8),
            )
            for stage in recipe.stages
            if stage.name in stages
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for work in works:
                    group.create_task(work)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return sum(s.queue.dead for s in await chain.look() if s.stage in stages)


async def verify_run(folder: RunFolder, verifier: Verifier, *, concurrency: int) -> int:
    """Verify until the last queue is finished; return its dead letters."""
    recipe = _frozen_recipe(folder)
    async with folder.open() as chain:
        await work_off(chain, VERIFY, judging(verifier, recipe.verify), concurrency=concurrency)
        return (await chain.queues[VERIFY].stats()).dead
