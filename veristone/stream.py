"""N workers over one iterator: bounded, in order or not, with nothing left running.

This stands where a pool of tasks could: a fixed number of workers takes the next item when it is
free, so there is no task per item and no barrier between batches (docs/architecture.md says
why asyncio-pool is not on this path).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from typing import TypeVar, cast

__all__ = ["stream_map"]

T = TypeVar("T")
R = TypeVar("R")


async def _iterate(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T, None]:
    if isinstance(items, AsyncIterable):
        iterator = aiter(items)
        try:
            async for item in iterator:
                yield item
        finally:
            # What was read ahead is lost, so nobody can go on with it: let it clean up now.
            if isinstance(iterator, AsyncGenerator):
                await cast(AsyncGenerator[T, None], iterator).aclose()
    else:
        for item in items:
            yield item


async def stream_map(
    function: Callable[[T], Awaitable[R]],
    items: Iterable[T] | AsyncIterable[T],
    *,
    workers: int,
    window: int,
    ordered: bool,
) -> AsyncGenerator[R, None]:
    """Yield ``await function(item)`` for every item, `workers` at a time.

    At most `window` items are under way or waiting to be taken by the caller. An exception of
    `function` or of `items` ends the stream and is raised here.
    """
    source = _iterate(items)
    results: asyncio.Queue[asyncio.Future[R] | None] = asyncio.Queue()
    room = asyncio.Semaphore(max(window, workers))
    reading = asyncio.Lock()
    loop = asyncio.get_running_loop()

    async def work() -> None:
        while True:
            await room.acquire()
            # Reading and queueing under one lock keeps the two in the same order.
            async with reading:
                try:
                    item = await anext(source)
                except StopAsyncIteration:
                    return
                future: asyncio.Future[R] = loop.create_future()
                if ordered:
                    results.put_nowait(future)
            result = await function(item)
            if not future.cancelled():
                future.set_result(result)
            if not ordered:
                results.put_nowait(future)

    async def run_all() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())

    runner = asyncio.ensure_future(run_all())
    runner.add_done_callback(lambda _: results.put_nowait(None))
    try:
        while (future := await results.get()) is not None:
            if not future.done():
                await asyncio.wait((future, runner), return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                break  # the workers ended without this result: the runner knows why
            room.release()
            yield future.result()
        try:
            await runner
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
    finally:
        runner.cancel()
        await asyncio.wait((runner,))
        if not runner.cancelled():
            runner.exception()  # seen, so that asyncio does not complain about it
        await source.aclose()
