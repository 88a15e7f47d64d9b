"""What one process does in a run: begin it, work on stages that ask the model, or verify."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path

import msgspec

from veristone import ConfigError, Model, Verifier
from veristone.files import only_one
from veristone.generators.synthesis.pipeline.chain import VERIFY
from veristone.generators.synthesis.pipeline.feed import InputCounts, check_ids, feed
from veristone.generators.synthesis.pipeline.folder import RunFolder, begin, check
from veristone.generators.synthesis.pipeline.work import asking, judging
from veristone.generators.synthesis.pipeline.worker import work_off
from veristone.generators.synthesis.read_input import Draws, read_input
from veristone.generators.synthesis.recipe import Recipe, load_recipe, parse_recipe
from veristone.generators.synthesis.records import Record
from veristone.text import near

__all__ = [
    "Input",
    "begun",
    "feed_run",
    "frozen_recipe",
    "named_stages",
    "read_recipe",
    "verify_run",
    "work_on",
]


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
    return parse_recipe(settings, name)


class Input:
    """The records of the input, read anew each time."""

    def __init__(self, recipe: Recipe, path: Path | None) -> None:
        """Check that the recipe starts from a file where there is one, and only then."""
        if path is None and not isinstance(recipe.input, Draws):
            raise ConfigError(f"the recipe {recipe.name} starts from a file: give it with --input")
        if path is not None and isinstance(recipe.input, Draws):
            raise ConfigError(f"the recipe {recipe.name} starts from nothing: leave --input out")
        self._recipe = recipe
        self._path = path

    def __iter__(self) -> Iterator[Record]:
        return read_input(self._recipe.input, self._path)


@contextlib.asynccontextmanager
async def begun(
    path: Path, recipe: Recipe, records: Input, queues: str | None, attempts: int | None
) -> AsyncGenerator[RunFolder]:
    """Check everything, make the folder or find the same run there, and lock it.

    Raises:
        ConfigError: the folder is of another run, the input is wrong, or another process works.
    """
    frozen = recipe.model_dump_json(indent=1).encode() + b"\n"
    stages = [stage.name for stage in recipe.stages]
    check(path, frozen, redis=queues, attempts=attempts)
    await asyncio.to_thread(check_ids, records)
    with only_one(path):
        yield begin(path, frozen, stages, redis=queues, attempts=attempts)


async def feed_run(folder: RunFolder, records: Input) -> InputCounts:
    """Put the input in the first queue; nobody needs to work on it yet."""
    async with folder.open() as chain:
        await chain.reopen()
        return await feed(chain, records)


def frozen_recipe(folder: RunFolder) -> Recipe:
    """Return the recipe as it was when the run began.

    Raises:
        ConfigError: it is gone, was changed, or is damaged.
    """
    frozen = folder.recipe()
    try:
        settings = msgspec.json.decode(frozen, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{folder.recipe_path} is damaged: {error}") from error
    return parse_recipe(settings, str(folder.recipe_path))


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
    recipe = frozen_recipe(folder)
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
    recipe = frozen_recipe(folder)
    async with folder.open() as chain:
        await work_off(chain, VERIFY, judging(verifier, recipe.verify), concurrency=concurrency)
        return (await chain.queues[VERIFY].stats()).dead
