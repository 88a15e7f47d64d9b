"""The queues of a run, open: how far it is, what it made, and its end.

Every stage has a queue with its input, its results and its counts; the last is the verification.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from veristone.generators.synthesis.records import StageResult, decode_result
from veristone.queues import DeadLetter, SampleQueue, Stats

__all__ = ["FEED", "REFUSED", "VERIFY", "Chain", "StageStatus", "finished", "reasons"]

FEED = "feed"
"""Name of the producer that puts the input."""
VERIFY = "verify"
"""Name of the last stage in commands, files and the store."""
REFUSED = "refused by the model: "
"""How the reason of a dead letter begins whose request was refused; its words follow."""
_PAGE = 100


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One stage: its input queue, and what it made so far."""

    stage: str
    queue: Stats
    counts: Mapping[str, int]
    """`given`, `kept`, `refused`, `refused:REASON`, `verdict:REASON`, tokens and others: `work`."""

    def count(self, name: str) -> int:
        """Return a count."""
        return self.counts.get(name, 0)


class Chain:
    """The queues of a run by their stages. `RunFolder.open` opens them."""

    def __init__(self, stages: Sequence[str], queues: Mapping[str, SampleQueue]) -> None:
        self.stages = tuple(stages)
        self.queues = queues

    def after(self, stage: str) -> str | None:
        """Return the stage that a stage's records go to."""
        return dict(pairwise(self.stages)).get(stage)

    async def look(self) -> list[StageStatus]:
        """Return every stage's status, in order; nobody's work is disturbed by it."""
        return [
            StageStatus(stage, await queue.stats(), await queue.counts())
            for stage, queue in self.queues.items()
        ]

    async def results(self, stage: str) -> AsyncIterator[StageResult]:
        """Yield what a stage made, in the order of the keys, in bounded memory."""
        after = ""
        while page := await self.queues[stage].results(_PAGE, after):
            for item in page:
                yield decode_result(item.payload)
            after = page[-1].key

    async def reopen(self, behind: str = FEED) -> None:
        """Let the queues of all stages behind a producer take records again."""
        producers = (FEED, *self.stages)
        for producer, stage in pairwise(producers[producers.index(behind) :]):
            await self.queues[stage].begin(producer)

    async def complete(self) -> None:
        """Say for every stage that is finished that no more comes of it: a worker's last word, for
        where there was nothing to start one for."""
        for stage, after in pairwise(self.stages):
            if (await self.queues[stage].stats()).finished:
                await self.queues[after].complete(stage)

    async def dead(self, stage: str) -> AsyncIterator[DeadLetter]:
        """Yield the dead letters of a stage, in the order of the keys."""
        after = ""
        while page := await self.queues[stage].dead_letters(_PAGE, after):
            for letter in page:
                yield letter
            after = page[-1].key

    async def refused(self, stage: str) -> dict[str, str]:
        """Return the records of a stage whose requests were refused, with the server's words."""
        return {
            letter.key: letter.reasons[-1].removeprefix(REFUSED)
            async for letter in self.dead(stage)
            if letter.reasons[-1:] and letter.reasons[-1].startswith(REFUSED)
        }

    async def put_back(self, *, only_refused: bool = False) -> dict[str, int]:
        """Have every dead letter delivered again; return how many there were at each stage."""
        back: dict[str, int] = {}
        for stage in self.stages:
            keys = list(await self.refused(stage)) if only_refused else []
            keys = keys if only_refused else [letter.key async for letter in self.dead(stage)]
            if keys:
                # First, so that what comes of them finds the queues behind open.
                await self.reopen(stage)
                back[stage] = await self.queues[stage].put_back(keys)
        return back


def finished(stages: Sequence[StageStatus]) -> bool:
    """True where nothing is left to do but for dead letters."""
    return all(stage.queue.finished for stage in stages)


def reasons(counts: Mapping[str, int], kind: str) -> dict[str, int]:
    """Return the counts of one kind (`refused`, `verdict`), by reason, the most frequent first."""
    prefix = f"{kind}:"
    found = {n.removeprefix(prefix): k for n, k in counts.items() if n.startswith(prefix)}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
