"""Queues between real processes, some of which are killed."""

import asyncio
import random
import signal
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from queue_stores import Store, items

from veristone.queues import LeaseLost, Policy

CHILD = Path(__file__).with_name("queue_child.py")


async def child(store: Store, role: str, *arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        *store.arguments(),
        role,
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
    )


async def test_what_a_killed_consumer_held_comes_again(shared_store: Store) -> None:
    """None is lost, and none is done twice."""
    async with shared_store.queue(Policy(max_attempts=3)) as queue:
        await queue.put(items(20))
        await queue.complete("p")
        holder = await child(shared_store, "hold", 8, 1.0)
        assert holder.stdout is not None
        held = (await asyncio.wait_for(holder.stdout.readline(), 30)).decode().split()
        assert held == [item.key for item in items(8)]
        assert (await queue.stats()).leased == 8
        holder.send_signal(signal.SIGKILL)
        await holder.wait()
        done: list[tuple[str, int]] = []
        while leases := await queue.lease(5, 60, timeout_s=30):
            await queue.ack(*(lease.token for lease in leases))
            done += [(lease.key, lease.attempt) for lease in leases]
        assert sorted(done) == [(i.key, 2 if i.key in held else 1) for i in items(20)]
        stats = await queue.stats()
        assert (stats.done, stats.open, stats.dead) == (20, 0, 0)


async def test_many_processes_produce_and_consume_at_once(
    shared_store: Store, tmp_path: Path
) -> None:
    """A small queue, two producers, and consumers of which one is killed at random."""
    out = tmp_path / "handled"
    policy = Policy(capacity=40, producers=2, max_attempts=10)
    async with shared_store.queue(policy) as queue:
        producers = [await child(shared_store, "produce", who, 100) for who in ("a", "b")]
        consumers = [await child(shared_store, "consume", out, 1.0) for _ in range(2)]
        chance = random.Random(7)
        for _ in range(2):
            while not out.exists() or len(out.read_text().splitlines()) < 20:
                await asyncio.sleep(0.02)
            await asyncio.sleep(chance.random() / 20)
            victim = consumers.pop(0)
            if victim.returncode is None:
                victim.kill()
            await victim.wait()
            consumers.append(await child(shared_store, "consume", out, 1.0))
        for process in (*producers, *consumers):
            assert await asyncio.wait_for(process.wait(), 60) == 0
        stats = await queue.stats()
        assert (stats.done, stats.open, stats.dead, stats.finished) == (200, 0, 0, True)
    handled = Counter(line.split()[0] for line in out.read_text().splitlines())
    assert set(handled) == {f"{who}-{n}" for who in "ab" for n in range(100)}
    again = sum(count - 1 for count in handled.values())
    assert again <= 2 * 8  # only what the killed ones held


async def test_reopened_after_close_everything_is_there(shared_store: Store) -> None:
    policy = Policy(max_attempts=2, capacity=7)
    async with shared_store.queue(policy) as queue:
        await queue.put(items(6))
        done, held, dead = await queue.lease(3, 60)
        await queue.ack(done.token)
        await queue.nack(dead.token, reason="one", delay_s=0)
        (dead,) = await queue.lease(1, 60)
        await queue.nack(dead.token, reason="two")
        before = await queue.stats()
    async with shared_store.queue() as queue:
        assert queue.policy == policy
        assert await queue.stats() == before
        assert await queue.put(items(7)) == 1
        assert [d.reasons for d in await queue.dead_letters()] == [("one", "two")]
        await queue.ack(held.token)  # a lease outlives the queue object it came from
        rest = await queue.lease(9, 60)
        assert [lease.key for lease in rest] == [item.key for item in items(7)][3:]


async def test_two_objects_on_one_queue_wake_each_other(shared_store: Store) -> None:
    async with shared_store.queue(Policy(capacity=1)) as one, shared_store.queue() as two:
        waiting = asyncio.ensure_future(two.lease(1, 60))
        await asyncio.sleep(0.05)
        await one.put(items(["a"]))
        (lease,) = await asyncio.wait_for(waiting, 5)
        putting = asyncio.ensure_future(one.put(items(["b"])))
        await asyncio.sleep(0.05)
        await two.ack(lease.token)
        assert await asyncio.wait_for(putting, 5) == 1
        try:
            await one.ack(lease.token)
        except LeaseLost:
            pass
        else:
            raise AssertionError("acked twice")


async def test_many_open_a_new_queue_at_once(shared_store: Store) -> None:
    queues = [shared_store.queue(replace(Policy(), capacity=5)) for _ in range(8)]
    await asyncio.gather(*(queue.open() for queue in queues))
    await asyncio.gather(*(queue.put(items([f"{n}"])) for n, queue in enumerate(queues[:5])))
    assert (await queues[-1].stats()).ready == 5
    await asyncio.gather(*(queue.close() for queue in queues))
