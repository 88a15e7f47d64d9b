"""`stream_map`: bounded, in order or not, nothing left running."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone.stream import stream_map


async def double(item: int) -> int:
    await asyncio.sleep(random.random() / 1000)
    return 2 * item


def mapped(
    items: Any, function: Any = double, *, workers: int = 3, window: int = 8, ordered: bool = True
) -> AsyncGenerator[int, None]:
    return stream_map(function, items, workers=workers, window=window, ordered=ordered)


async def collect(stream: AsyncGenerator[int, None]) -> list[int]:
    async with aclosing(stream), asyncio.timeout(20):
        return [item async for item in stream]


async def tasks_left() -> set[asyncio.Task[Any]]:
    await asyncio.sleep(0)
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


@given(st.lists(st.integers(), max_size=40), st.integers(1, 5), st.integers(1, 10), st.booleans())
@settings(deadline=None, max_examples=40)
def test_every_item_once_and_in_order(
    items: list[int], workers: int, window: int, ordered: bool
) -> None:
    stream = mapped(items, workers=workers, window=window, ordered=ordered)
    result = asyncio.run(collect(stream))
    wanted = [2 * item for item in items]
    assert result == wanted if ordered else sorted(result) == sorted(wanted)


async def test_asynchronous_sources() -> None:
    async def source() -> AsyncIterator[int]:
        for number in range(30):
            await asyncio.sleep(0)
            yield number

    assert await collect(mapped(source())) == [2 * n for n in range(30)]
    assert not await tasks_left()


async def test_unordered_gives_the_quick_ones_first() -> None:
    async def function(item: int) -> int:
        await asyncio.sleep(0.2 if item == 0 else 0)
        return item

    result = await collect(mapped(range(20), function, ordered=False))
    assert result[-1] == 0
    assert sorted(result) == list(range(20))


@pytest.mark.parametrize("ordered", [True, False])
async def test_never_more_workers_than_asked_for(ordered: bool) -> None:
    busy = most = 0

    async def function(item: int) -> int:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001)
        busy -= 1
        return item

    await collect(mapped(range(50), function, workers=4, window=100, ordered=ordered))
    assert most == 4


@pytest.mark.parametrize("ordered", [True, False])
async def test_the_source_is_never_more_than_a_window_ahead(ordered: bool) -> None:
    """Memory is bounded: a reader that stops reading stops the source."""
    taken = 0

    def source() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    seen = 0
    async with aclosing(mapped(source(), double, workers=2, window=5, ordered=ordered)) as stream:
        async for _ in stream:
            seen += 1
            await asyncio.sleep(0.005)
            # The one in hand, and a window of others.
            assert taken <= seen + 5
            if seen == 30:
                break
    assert not await tasks_left()


async def test_one_slow_item_holds_back_no_more_than_a_window() -> None:
    taken: list[int] = []
    release = asyncio.Event()

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    async def function(item: int) -> int:
        if item == 0:
            await release.wait()
        return item

    async with aclosing(mapped(source(), function, workers=3, window=10)) as stream:
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        assert len(taken) == 10
        release.set()
        assert await first == 0
        assert [item async for item in stream] == list(range(1, 100))


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("position", [0, 7])
async def test_an_exception_of_the_source_ends_the_stream(ordered: bool, position: int) -> None:
    def source() -> Iterator[int]:
        yield from range(position)
        raise LookupError("torn")

    with pytest.raises(LookupError, match="torn"):
        await collect(mapped(source(), ordered=ordered))
    assert not await tasks_left()


async def test_what_came_before_an_exception_of_the_source_is_not_wrong() -> None:
    def source() -> Iterator[int]:
        yield from range(20)
        raise LookupError("torn")

    seen: list[int] = []

    async def read() -> None:
        async for item in mapped(source()):
            seen.append(item)  # noqa: PERF401 - what came before the error is to be kept

    with pytest.raises(LookupError):
        await read()
    assert seen == [2 * n for n in range(len(seen))]


@pytest.mark.parametrize("ordered", [True, False])
async def test_an_exception_of_the_function_ends_the_stream(ordered: bool) -> None:
    async def function(item: int) -> int:
        if item == 5:
            raise LookupError("bad")
        await asyncio.sleep(0)
        return item

    with pytest.raises(LookupError, match="bad"):
        await collect(mapped(itertools.count(), function, ordered=ordered))
    assert not await tasks_left()


@pytest.mark.parametrize("ordered", [True, False])
async def test_leaving_early_stops_the_workers_and_closes_the_source(ordered: bool) -> None:
    closed = False

    async def source() -> AsyncIterator[int]:
        nonlocal closed
        try:
            for number in itertools.count():
                yield number
        finally:
            closed = True

    async with aclosing(mapped(source(), ordered=ordered)) as stream:
        async for item in stream:
            if item >= 10:
                break
    assert closed
    assert not await tasks_left()


async def test_a_reader_that_is_cancelled_leaves_nothing() -> None:
    async def forever(item: int) -> int:
        await asyncio.sleep(60)
        return item

    task = asyncio.ensure_future(collect(mapped(range(10), forever)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await tasks_left()


async def test_a_source_that_waits_holds_back_no_result() -> None:
    """What is done is given out although the next item is not there yet."""
    more = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        yield 1
        yield 2
        await more.wait()
        yield 3

    async with aclosing(mapped(source())) as stream, asyncio.timeout(5):
        assert [await anext(stream), await anext(stream)] == [2, 4]
        more.set()
        assert await anext(stream) == 6


def endless() -> Iterable[int]:
    return itertools.count()


async def test_an_infinite_source() -> None:
    async with aclosing(mapped(endless())) as stream:
        seen = [await anext(stream) for _ in range(100)]
    assert seen == [2 * n for n in range(100)]
    assert not await tasks_left()
