"""Which sample is judged next: those of the task that takes longest first.

What is long and comes last keeps one core busy while the others have nothing left to do. How long a
task takes is known once its reference has run, so references are worked out beside the samples, and
of the samples whose reference is done the longest goes first. Only a verifier that can be asked
for references (`Preparing`) is; for any other the order of the file is as good as another.
"""

import asyncio
import contextlib
import heapq
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from veristone import Sample
from veristone.stream import stream_map

__all__ = ["Preparing", "longest_first"]

_AT_ONCE = 4
"""References that are worked out side by side, with as many samples beside them on two cores."""
_BLOCK = 1024
"""Samples that are put in order together: as many verdicts may have to wait for an earlier one."""


@runtime_checkable
class Preparing(Protocol):
    """A verifier that can work out a sample's reference before it is asked to judge the sample."""

    async def prepare(self, sample: Sample) -> float:
        """Have the reference of a sample's check stand ready, and return its CPU seconds; 0 where
        there is none, or where it fails: the verdict will say so."""
        ...


async def longest_first(
    tasks: Sequence[str], seconds: Callable[[str], Awaitable[float]]
) -> AsyncGenerator[int]:
    """Yield the places of samples, the longest first as far as that is known when one is asked for.

    Args:
        tasks: of each sample.
        seconds: works out what the samples of a task take; an error of it ends the iteration.
    """
    for start in range(0, len(tasks), _BLOCK):
        block = range(len(tasks))[start : start + _BLOCK]
        async with contextlib.aclosing(_block(block, tasks, seconds)) as places:
            async for place in places:
                yield place


async def _block(
    block: Sequence[int], tasks: Sequence[str], seconds: Callable[[str], Awaitable[float]]
) -> AsyncGenerator[int]:
    places: dict[str, list[int]] = defaultdict(list)
    for place in block:
        places[tasks[place]].append(place)
    known: list[tuple[float, int]] = []
    more = asyncio.Event()

    async def timed(task: str) -> None:
        taken = await seconds(task)
        for place in places[task]:
            heapq.heappush(known, (-taken, place))
        more.set()

    async def time_all() -> None:
        done = stream_map(timed, places, workers=_AT_ONCE, window=_AT_ONCE, ordered=False)
        async with contextlib.aclosing(done):
            async for _ in done:
                pass

    timing = asyncio.ensure_future(time_all())
    timing.add_done_callback(lambda _: more.set())
    try:
        for _ in block:
            while not known:
                if timing.done():
                    timing.result()
                more.clear()
                await more.wait()
            yield heapq.heappop(known)[1]
    finally:
        timing.cancel()
        await asyncio.wait((timing,))
        if not timing.cancelled():
            timing.exception()  # seen, so that asyncio does not complain about it
