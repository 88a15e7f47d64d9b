"""Runs a recipe in a folder, from where an earlier run left off.

Stages run one after another; within a stage parts run in all processes at once. A part that is done
is never done again. Killed at any moment and started again, a run ends with the same bytes in
`seeds.jsonl` and in every `kept` and `rejected` file as one that was left alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import msgspec

from veristone import ConfigError, VeristoneError
from veristone.files import LOCK, only_one, whole_file, write_whole
from veristone.generators.children import Call, Pool
from veristone.generators.seeds.funnel import Funnel, StepFunnel
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.pipeline.stages import Stage, group, stages
from veristone.generators.seeds.pipeline.storage import (
    PartCounts,
    StageFolder,
    StagePlan,
    stage_folders,
    stage_number,
)
from veristone.generators.seeds.pipeline.summary import summarise
from veristone.generators.seeds.pipeline.worker import (
    batch_part,
    cpu_of,
    judged_by,
    mine_part,
    sort_out,
)
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import (
    AsyncStep,
    BatchStep,
    OrderedStep,
    Outcome,
    Services,
)

__all__ = ["PartsLost", "Progress", "Run", "deciding_versions"]

_GRAMMARS = ("python", "javascript", "typescript", "java", "cpp", "go", "rust")
_DECIDING = (
    *("pyright", "pyflakes", "autoimport", "datasketch", "tree-sitter"),
    *(f"tree-sitter-{grammar}" for grammar in _GRAMMARS),
)
_OUTPUTS = ("recipe.json", "seeds.jsonl", "funnel.json", "report.html", "wall_s")


class PartsLost(VeristoneError, RuntimeError):
    """Some parts killed the process that worked on them; all others are done and kept."""


class Progress(NamedTuple):
    """How far a stage is."""

    stage: str
    done: int
    parts: int
    kept: int


def deciding_versions() -> dict[str, str]:
    """Return the versions of the packages that decide what becomes a seed."""
    found: dict[str, str] = {}
    for name in _DECIDING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


class Run:
    """A recipe at work in a folder.

    Raises (every method):
        ConfigError: the recipe, the sources or the folder are not what they should be.
        PartsLost: see there.
        OSError: the disk is full or the folder cannot be written.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        *,
        processes: int,
        services: Services | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.recipe = recipe
        self.folder = folder
        self._versions = deciding_versions()
        self.stages = stages(recipe, self._versions)
        self._processes = processes
        self._services = services or Services()
        self._on_progress = on_progress

    def stale(self) -> Path | None:
        """Return the folder of the first stage on disk that is not of this recipe, or None.

        It was made with other settings, or the recipe has another step there, or none.
        """
        ours = {stage.name: stage.digest for stage in self.stages}
        for path in stage_folders(self.folder):
            plan = StageFolder(path).plan()
            if plan is not None and plan.digest != ours.get(path.name):
                return path
        return None

    def redo(self, stale: Path) -> None:
        """Delete what this stage and all later ones made."""
        (self.folder / "seeds.jsonl").unlink(missing_ok=True)
        # The first one last: while it is there the folder is known to need this.
        for path in reversed(stage_folders(self.folder)):
            if stage_number(path) >= stage_number(stale):
                StageFolder(path).remove()

    async def go(self, until: int | None = None, *, redo: bool = False) -> Funnel:
        """Run all stages, or the first `until`; return the funnel of what is done.

        With `redo`, stages of other settings are deleted first, and all after them.
        """
        self._check()
        with only_one(self.folder):
            stale = self.stale()
            if stale is not None and not redo:
                raise ConfigError(
                    f"{self.folder} holds {stale.name} of another recipe, version or order of"
                    " steps: give another folder, or --overwrite to do that stage and later ones"
                    " anew"
                )
            if stale is not None:
                await asyncio.to_thread(self.redo, stale)
            return await self._go(until)

    def _check(self) -> None:
        """Raise what can be said before the folder is touched."""
        if not self.recipe.sources:
            raise ConfigError("the recipe names no sources: add [[sources]] or give --source")
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigError(f"{self.folder} is a file: give a folder")
        for name in _OUTPUTS if not (self.folder / LOCK).exists() else ():
            if (self.folder / name).exists():
                raise ConfigError(
                    f"{self.folder}/{name} is not ours and would be written over: give an empty"
                    " folder"
                )

    async def _go(self, until: int | None) -> Funnel:
        began = time.monotonic()
        todo = self.stages[:until]
        if not self._folder(self.stages[-1]).is_done():
            # Those of a recipe with fewer steps.
            (self.folder / "seeds.jsonl").unlink(missing_ok=True)
        # All of them first: a wrong path in the last step must not cost a night's work.
        await asyncio.to_thread(self._prepare, todo)
        await asyncio.to_thread(self._begun, self.stages[0])
        write_whole(self.folder / "recipe.json", self.recipe.model_dump_json(indent=1))
        async with Pool(self._processes) as pool:
            for stage in todo:
                await self._stage(stage, pool)
        self._add_wall(time.monotonic() - began)
        if len(todo) == len(self.stages):
            await asyncio.to_thread(self._finish)
        return self.funnel()

    def funnel(self) -> Funnel:
        """Return the funnel of what is done so far."""
        funnel = summarise(self.recipe, self.stages, self.folder)
        funnel.versions |= self._versions
        funnel.wall_s = self._add_wall(0.0)
        funnel.processes = self._processes
        return funnel

    def _folder(self, stage: Stage) -> StageFolder:
        return StageFolder(self.folder / stage.name)

    def _before(self, stage: Stage) -> StageFolder:
        return self._folder(self.stages[stage.number - 2])

    def _prepare(self, todo: Sequence[Stage]) -> None:
        for stage in todo:
            folder = self._folder(stage)
            if not folder.is_done():
                for index, step in enumerate(stage.steps):
                    step.prepare(folder.work(index, step))

    async def _stage(self, stage: Stage, pool: Pool) -> None:
        folder = self._folder(stage)
        plan = await asyncio.to_thread(self._begun, stage)
        done = set(folder.done())
        kept = sum(folder.counts(number).kept for number in done)
        missing = [number for number in range(len(plan)) if number not in done]
        self._on_progress(Progress(stage.name, len(done), len(plan), kept))
        if not missing:
            return
        lost: list[int] = []
        finished = len(done)
        async for part in self._parts(stage, plan, missing, pool):
            if part.kept is None:
                lost.append(part.number)
                continue
            finished += 1
            kept += part.kept
            self._on_progress(Progress(stage.name, finished, len(plan), kept))
        if lost:
            raise PartsLost(_explain(plan, lost, stage))

    def _begun(self, stage: Stage) -> StagePlan:
        """Return a stage's plan, which is made and written down where it has not begun."""
        folder = self._folder(stage)
        plan = folder.plan()
        if plan is None:
            plan = self._plan(stage)
            folder.begin(plan)
        return plan

    def _plan(self, stage: Stage) -> StagePlan:
        """Decide what the parts of a stage are."""
        if not stage.steps:
            sources = enumerate(self.recipe.sources)
            parts = [(index, part) for index, source in sources for part in source.parts()]
            if not parts:
                raise ConfigError("the recipe's sources have no files to read")
            return StagePlan(digest=stage.digest, mine=parts)
        before = self._before(stage)
        sizes = [before.counts(number).kept for number in before.done()]
        return StagePlan(digest=stage.digest, groups=group(sizes, self.recipe.part_size))

    def _parts(
        self, stage: Stage, plan: StagePlan, missing: list[int], pool: Pool
    ) -> "AsyncIterator[_Part]":
        """Do the missing parts of a stage; yield each as it is done."""
        first = stage.steps[0] if stage.steps else None
        if isinstance(first, OrderedStep):
            return self._ordered(stage, first, plan, missing[0])
        if isinstance(first, AsyncStep):
            return self._asked(stage, first, plan, missing)
        return self._in_pool(stage, plan, missing, pool)

    async def _in_pool(
        self, stage: Stage, plan: StagePlan, missing: list[int], pool: Pool
    ) -> "AsyncIterator[_Part]":
        folder = self._folder(stage).path
        steps = [step for step in stage.steps if isinstance(step, BatchStep)]

        def call(number: int) -> Call:
            if not steps:
                index, part = plan.mine[number]
                source, extractor = self.recipe.sources[index], self.recipe.extract
                return Call(number, mine_part, (source, extractor, part, number, folder))
            before, parts = self._before(stage).path, plan.groups[number]
            return Call(number, batch_part, (steps, before, parts, number, folder))

        async for done in pool.run(map(call, missing), ordered=False):
            yield _Part(done.number, done.value)

    async def _ordered(
        self, stage: Stage, step: OrderedStep, plan: StagePlan, first: int
    ) -> "AsyncIterator[_Part]":
        """Decide here, from the first gap on: what is behind it depends on what fills it."""
        decide = step.begin()
        for number in range(first):
            kept = await asyncio.to_thread(self._folder(stage).all_seeds, [number])
            await asyncio.to_thread(list, map(decide, judged_by(step, kept)))
        for number in range(first, len(plan)):
            seeds = await self._given(stage, plan, number)
            funnel = StepFunnel(step=step.kind)
            with cpu_of(funnel):
                outcomes = await asyncio.to_thread(list, map(decide, judged_by(step, seeds)))
            yield await self._write(stage, number, seeds, outcomes, funnel)

    async def _asked(
        self, stage: Stage, step: AsyncStep, plan: StagePlan, missing: list[int]
    ) -> "AsyncIterator[_Part]":
        """Ask the verifier or a model, part after part."""
        work = self._folder(stage).work(0, step)
        for number in missing:
            seeds = await self._given(stage, plan, number)
            funnel = StepFunnel(step=step.kind)
            given = judged_by(step, seeds)
            with cpu_of(funnel):
                outcomes = await step.ask(given, self._services, work) if given else []
            yield await self._write(stage, number, seeds, outcomes, funnel)

    async def _given(self, stage: Stage, plan: StagePlan, number: int) -> list[Seed]:
        """Return the seeds that come to a part of a stage."""
        parts = range(*plan.groups[number])
        return await asyncio.to_thread(self._before(stage).all_seeds, parts)

    async def _write(
        self,
        stage: Stage,
        number: int,
        seeds: Sequence[Seed],
        outcomes: Sequence[Outcome],
        funnel: StepFunnel,
    ) -> "_Part":
        kept, rejected = sort_out(stage.steps[0], seeds, outcomes, funnel)
        counts = PartCounts(kept=len(kept), steps=[funnel])
        await asyncio.to_thread(self._folder(stage).write, number, kept, rejected, counts)
        return _Part(number, len(kept))

    def _finish(self) -> None:
        """Put the seeds of the last stage into one file."""
        last = self._folder(self.stages[-1])
        with whole_file(self.folder / "seeds.jsonl") as file:
            for number in last.done():
                for seed in last.seeds(number):
                    file.write(msgspec.json.encode(seed) + b"\n")

    def _add_wall(self, seconds: float) -> float:
        """Add to the wall-clock time of all runs in this folder; return the sum."""
        path = self.folder / "wall_s"
        total = seconds + (float(path.read_text()) if path.exists() else 0.0)
        if seconds:
            write_whole(path, f"{total:.3f}\n")
        return total


class _Part(NamedTuple):
    """A part that is done, and how many seeds it kept; None where it killed its process."""

    number: int
    kept: int | None


def _explain(plan: StagePlan, lost: list[int], stage: Stage) -> str:
    paths = [path for number in lost if plan.mine for path in plan.mine[number][1].paths]
    return (
        f"parts {', '.join(map(str, lost[:10]))} of {stage.name} killed their process"
        + (f" (files {paths[0]} to {paths[-1]})" if paths else "")
        + ": not enough memory, or a fault in a parser. All other parts are done; start again with"
        " more memory or fewer processes, or leave the files out"
    )
