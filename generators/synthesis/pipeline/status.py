"""How far a run is, read from its queues and its store; nobody's work is disturbed by it."""

import contextlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from veristone.generators.synthesis.pipeline.folder import RunFolder
from veristone.generators.synthesis.pipeline.store import ResultStore
from veristone.queues import SampleQueue, Stats

__all__ = ["StageStatus", "Watch", "finished", "reasons"]


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One stage: its input queue, and what it made so far."""

    stage: str
    queue: Stats
    counts: Mapping[str, int]
    """See `wire.count`."""

    def count(self, name: str) -> int:
        """Return a count."""
        return self.counts.get(name, 0)


class Watch:
    """Looks at a run's queues and store again and again."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._stack = contextlib.AsyncExitStack()
        self._queues: dict[str, SampleQueue] = {}
        self._store: ResultStore | None = None

    async def __aenter__(self) -> "Watch":
        """Open everything."""
        try:
            self._store = await self._stack.enter_async_context(self._folder.store())
            for stage in self._folder.stages:
                queue = self._folder.queue(stage)
                self._queues[stage] = await self._stack.enter_async_context(queue)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        await self._stack.aclose()

    async def look(self) -> list[StageStatus]:
        """Return every stage's status, in order."""
        assert self._store is not None
        counts = await self._store.counts()
        return [
            StageStatus(stage, await queue.stats(), counts.get(stage, {}))
            for stage, queue in self._queues.items()
        ]

    async def complete(self) -> None:
        """Say for every stage that is finished that no more comes of it: a worker's last word, for
        where there was nothing to start one for."""
        stages = self._folder.stages
        for stage, after in itertools.pairwise(stages):
            if (await self._queues[stage].stats()).finished:
                await self._queues[after].complete(stage)


def finished(stages: Sequence[StageStatus]) -> bool:
    """True where nothing is left to do but for dead letters."""
    return all(stage.queue.finished for stage in stages)


def reasons(counts: Mapping[str, int], kind: str) -> dict[str, int]:
    """Return the counts of one kind (`refused`, `verdict`), by reason, the most frequent first."""
    prefix = f"{kind}:"
    found = {
        name.removeprefix(prefix): number
        for name, number in counts.items()
        if name.startswith(prefix)
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
