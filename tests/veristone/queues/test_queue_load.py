"""Many items: nothing is lost.

`VERISTONE_QUEUE_ITEMS=1000000` makes it a million; that takes minutes.
"""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
from queue_stores import Store, items, new_store

from veristone.queues import Item, Policy

COUNT = int(os.environ.get("VERISTONE_QUEUE_ITEMS", "20000"))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_many_items_go_through_a_small_queue(kind: str, tmp_path: Path) -> None:
    store = new_store(kind, tmp_path)
    digest = 0
    async with store.queue(Policy(capacity=2000, producers=2)) as queue:

        async def produce(producer: int) -> None:
            keys = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(COUNT)]
            for start in range(0, COUNT, 500):  # both put everything: half of it is known
                await queue.put([Item(key, b"x" * 64) for key in keys[start : start + 500]])
            await queue.complete(f"{producer}")

        async def use() -> None:
            nonlocal digest
            while leases := await queue.lease(400, 60):
                for lease in leases:
                    digest ^= int(lease.key, 16)
                await queue.ack(*(lease.token for lease in leases))

        async with asyncio.TaskGroup() as group:
            for producer in range(2):
                group.create_task(produce(producer))
            for _ in range(3):
                group.create_task(use())
        stats = await queue.stats()
        assert (stats.done, stats.open, stats.dead) == (COUNT, 0, 0)
    wanted = 0
    for n in range(COUNT):
        wanted ^= int(hashlib.sha256(str(n).encode()).hexdigest(), 16)
    assert digest == wanted


async def test_more_callers_at_once_than_a_client_has_connections(store: Store) -> None:
    """redis-py bounds its pool at 100 and raises beyond it."""
    async with store.queue(Policy(capacity=15)) as queue:
        putting = [asyncio.create_task(queue.put([item])) for item in items(150)]
        acked = 0
        while acked < len(putting):
            leases = await queue.lease(15, 60, timeout_s=30)
            await queue.ack(*(lease.token for lease in leases))
            acked += len(leases)
        assert sum(await asyncio.gather(*putting)) == 150
