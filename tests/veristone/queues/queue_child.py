"""A process of the tests: ``queue_child.py KIND WHERE NAME ROLE ...``."""

import asyncio
import os
import sys
from pathlib import Path

# The checkout first: `tests/` holds a folder `veristone`, too.
sys.path[:0] = [str(Path(__file__).parents[number]) for number in (3, 0, 2)]

from queue_stores import Store  # noqa: E402

from veristone.queues import Item, Lease, consume  # noqa: E402


async def main(kind: str, where: str, name: str, role: str, *arguments: str) -> None:
    async with Store(kind, where, name).queue() as queue:
        if role == "hold":  # lease, say so, and never answer
            leases = await queue.lease(int(arguments[0]), float(arguments[1]))
            sys.stdout.write(" ".join(lease.key for lease in leases) + "\n")
            sys.stdout.flush()
            await asyncio.sleep(600)
        elif role == "produce":
            who, count = arguments[0], int(arguments[1])
            await queue.begin(who)
            for start in range(0, count, 7):
                keys = [f"{who}-{n}" for n in range(start, min(start + 7, count))]
                await queue.put([Item(key, key.encode()) for key in keys])
            await queue.complete(who)
        elif role == "consume":  # one line for each item, appended at once
            out = os.open(arguments[0], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

            async def handle(lease: Lease) -> None:
                await asyncio.sleep(0.001)
                os.write(out, f"{lease.key} {lease.attempt}\n".encode())

            await consume(queue, handle, concurrency=4, ttl_s=float(arguments[1]))


asyncio.run(main(*sys.argv[1:]))
