"""`consume`: leases kept alive, everything settled, nothing left behind."""

import asyncio
from typing import Any

import pytest
from queue_stores import Store, items

from veristone import ConfigError
from veristone.queues import Consumed, GiveUp, Lease, Policy, QueueUnavailable, consume

QUICK = Policy(max_attempts=3, retry_first_s=0, retry_most_s=0)


async def test_everything_is_handled_so_many_at_a_time(store: Store) -> None:
    running = most = 0
    seen: list[str] = []

    async def handle(lease: Lease) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        seen.append(lease.key)

    async with store.queue(QUICK) as queue:
        await queue.put(items(100))
        await queue.complete("p")
        result = await asyncio.wait_for(consume(queue, handle, concurrency=5), 30)
        assert result == Consumed(acked=100)
        assert most == 5
        assert sorted(seen) == [item.key for item in items(100)]
        assert (await queue.stats()).finished


async def test_exceptions_are_reasons(store: Store) -> None:
    async def handle(lease: Lease) -> None:
        if lease.key == "b":
            raise ValueError(f"attempt {lease.attempt}")

    async with store.queue(QUICK) as queue:
        await queue.put(items(["a", "b", "c"]))
        await queue.complete("p")
        result = await asyncio.wait_for(consume(queue, handle, concurrency=2), 30)
        assert result == Consumed(acked=2, nacked=3)
        (dead,) = await queue.dead_letters()
        assert dead.reasons == tuple(f"ValueError: attempt {n}" for n in (1, 2, 3))


async def test_what_is_given_up_is_dead_at_once(store: Store) -> None:
    async def handle(lease: Lease) -> None:
        if lease.key == "b":
            raise GiveUp("it was refused")

    async with store.queue(QUICK) as queue:
        await queue.put(items(["a", "b", "c"]))
        await queue.complete("p")
        result = await asyncio.wait_for(consume(queue, handle, concurrency=2), 30)
        assert result == Consumed(acked=2, nacked=1)
        (dead,) = await queue.dead_letters()
        assert dead.reasons == ("it was refused",)


async def test_a_wrong_setting_ends_it_and_costs_no_item_an_attempt(store: Store) -> None:
    async def handle(lease: Lease) -> None:
        raise ConfigError("no such variable")

    async with store.queue(QUICK) as queue:
        await queue.put(items(5))
        await queue.complete("p")
        with pytest.raises(ConfigError, match="no such variable"):
            await asyncio.wait_for(consume(queue, handle, concurrency=2), 30)
        (lease, *_) = await queue.lease(5, 30)
        assert lease.attempt == 1
        assert (await queue.stats()).dead == 0


async def test_a_slow_handler_keeps_its_lease_and_those_fetched_ahead(store: Store) -> None:
    seen: list[str] = []

    async def handle(lease: Lease) -> None:
        await asyncio.sleep(0.2)
        seen.append(lease.key)

    async with store.queue(QUICK) as queue:
        await queue.put(items(3))
        await queue.complete("p")
        work = consume(queue, handle, concurrency=1, prefetch=2, ttl_s=0.15)
        assert await asyncio.wait_for(work, 30) == Consumed(acked=3)
        assert seen == [item.key for item in items(3)]


async def test_a_lease_that_was_lost_is_counted_and_not_acked(store: Store) -> None:
    async with store.queue(QUICK) as queue:
        await queue.put(items(1))
        await queue.complete("p")
        taken: list[Lease] = []

        async def handle(lease: Lease) -> None:
            if lease.attempt == 1:
                # As after a long pause of this process: the lease is over, a rival has the item.
                await queue.nack(lease.token, reason="over", delay_s=0)
                taken.extend(await queue.lease(1, 60))

        work = asyncio.ensure_future(consume(queue, handle, concurrency=1, prefetch=0, ttl_s=0.2))
        while not taken:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert (await queue.stats()).done == 0
        await queue.ack(taken[0].token)
        assert await asyncio.wait_for(work, 30) == Consumed(lost=1)


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_stopped_it_holds_nothing_and_uncounts_what_it_did_not_finish(
    store: Store, how: str
) -> None:
    begun = asyncio.Event()
    release = asyncio.Event()
    before = asyncio.all_tasks()

    async def handle(lease: Lease) -> None:
        if lease.key != "k0000":
            begun.set()
            await release.wait()

    async with store.queue(QUICK) as queue:
        await queue.put(items(10))
        stop = asyncio.Event()
        work = asyncio.ensure_future(consume(queue, handle, concurrency=2, prefetch=3, stop=stop))
        await asyncio.wait_for(begun.wait(), 10)
        await asyncio.sleep(0.05)
        if how == "stop":
            stop.set()
            await asyncio.sleep(0.05)
            assert not work.done()  # those begun are finished first
            release.set()
            assert await asyncio.wait_for(work, 10) == Consumed(acked=3)
        else:
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(work, 10)
        stats = await queue.stats()
        assert (stats.leased, stats.done) == (0, 3 if how == "stop" else 1)
        assert {lease.attempt for lease in await queue.lease(20, 10)} == {1}
    assert asyncio.all_tasks() == before


async def test_stop_ends_an_idle_consumer(store: Store) -> None:
    async def handle(lease: Lease) -> None:
        raise AssertionError

    async with store.queue(QUICK) as queue:
        stop = asyncio.Event()
        work = asyncio.ensure_future(consume(queue, handle, concurrency=2, stop=stop))
        await asyncio.sleep(0.05)
        stop.set()
        assert await asyncio.wait_for(work, 5) == Consumed()


async def test_a_queue_that_fails_ends_it_with_its_error(store: Store) -> None:
    async with store.queue(QUICK) as queue:
        await queue.put(items(3))

        async def fail(*tokens: object, outcomes: object) -> None:
            raise QueueUnavailable("the disk is full")

        async def handle(lease: Lease) -> None:
            pass

        queue.ack = fail  # pyright: ignore[reportAttributeAccessIssue]
        with pytest.raises(QueueUnavailable, match="disk"):
            await asyncio.wait_for(consume(queue, handle, concurrency=2), 10)


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"concurrency": 1, "ttl_s": 0}])
async def test_wrong_numbers(store: Store, wrong: dict[str, Any]) -> None:
    async with store.queue() as queue:
        with pytest.raises(ConfigError):
            await consume(queue, lambda lease: asyncio.sleep(0), **wrong)
