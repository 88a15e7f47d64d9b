"""One process that works on stages of a run, or that verifies."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from veristone import ConfigError
from veristone.cli.generate_common import model_config
from veristone.cli.options import engine_config
from veristone.processes import end_with_parent

if TYPE_CHECKING:
    from veristone import Model
    from veristone.generators.synthesis.pipeline.folder import RunFolder
    from veristone.generators.synthesis.recipe import Recipe

__all__ = ["frozen_recipe", "verify_all", "work_on"]


async def work_on(arguments: argparse.Namespace) -> int:
    """Work on the named stages, or on all that ask the model, until their queues are finished."""
    from veristone.generators.synthesis.pipeline.folder import find
    from veristone.generators.synthesis.pipeline.work import asking
    from veristone.generators.synthesis.pipeline.worker import work_off

    if arguments.parent is not None:
        end_with_parent(arguments.parent)
    folder = find(arguments.folder)
    recipe = frozen_recipe(folder)
    named: list[str] = arguments.stages or [stage.name for stage in recipe.stages]
    _check_names(named, recipe)
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(_model(arguments))
        chain = await stack.enter_async_context(folder.open())
        await stack.enter_async_context(_display(folder, named, quiet=arguments.quiet))
        works = [
            work_off(
                chain,
                stage.name,
                asking(stage, model, recipe.random_seed),
                concurrency=arguments.in_flight,
                # Few: what one process holds ready, others cannot take.
                prefetch=max(1, arguments.in_flight // 8),
            )
            for stage in recipe.stages
            if stage.name in named
        ]
        await _together(works)
    return await _status(folder, named, quiet=arguments.quiet)


async def verify_all(arguments: argparse.Namespace) -> int:
    """Verify until the last queue is finished."""
    from veristone.engine import Engine
    from veristone.generators.synthesis.pipeline.chain import VERIFY
    from veristone.generators.synthesis.pipeline.folder import find
    from veristone.generators.synthesis.pipeline.work import judging
    from veristone.generators.synthesis.pipeline.worker import work_off

    if arguments.parent is not None:
        end_with_parent(arguments.parent)
    config = engine_config(arguments)
    folder = find(arguments.folder)
    recipe = frozen_recipe(folder)
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine(config))
        chain = await stack.enter_async_context(folder.open())
        await stack.enter_async_context(_display(folder, [VERIFY], quiet=arguments.quiet))
        # One sample a sandbox is judged while the next stands ready beside it.
        judge = judging(engine, recipe.verify)
        before = engine.usage()
        await work_off(chain, VERIFY, judge, concurrency=2 * config.sandboxes)
        busy = engine.usage().share_since(before)
    if not arguments.quiet:
        print(f"sandboxes were busy {100 * busy:.0f} % of the time", file=sys.stderr)
    return await _status(folder, [VERIFY], quiet=arguments.quiet)


def frozen_recipe(folder: "RunFolder") -> "Recipe":
    """Return the recipe as it was when the run began."""
    import msgspec

    from veristone.generators.synthesis.recipe import parse_recipe

    frozen = folder.recipe()
    try:
        settings = msgspec.json.decode(frozen, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{folder.recipe_path} is damaged: {error}") from error
    return parse_recipe(settings, str(folder.recipe_path))


def _check_names(named: Sequence[str], recipe: "Recipe") -> None:
    known = [stage.name for stage in recipe.stages]
    for name in named:
        if name not in known:
            raise ConfigError(f"this run has no stage {name!r}; it has {', '.join(known)}")


@contextlib.asynccontextmanager
async def _model(arguments: argparse.Namespace) -> "AsyncGenerator[Model]":
    from veristone.generators.models.recording import RecordingModel
    from veristone.generators.models.registry import open_model

    config = model_config(arguments)
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(open_model(config))
        if arguments.record is not None:
            recording = RecordingModel(model, arguments.record)
            model = await stack.enter_async_context(recording)
        yield model


@contextlib.asynccontextmanager
async def _display(
    folder: "RunFolder", stages: Sequence[str], *, quiet: bool
) -> AsyncGenerator[None]:
    from veristone.cli.generate_progress import Display

    if quiet:
        yield
        return
    async with Display(folder, stages):
        yield


async def _together(works: Sequence[Coroutine[Any, Any, object]]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _status(folder: "RunFolder", stages: Sequence[str], *, quiet: bool) -> int:
    """1 where a stage has dead letters."""
    async with folder.open() as chain:
        dead = sum(s.queue.dead for s in await chain.look() if s.stage in stages)
    if dead and not quiet:
        print(
            f"veristone: {dead:,} record(s) failed for good;"
            f" `veristone generate retry {folder.path}` has them tried again",
            file=sys.stderr,
        )
    return 1 if dead else 0
