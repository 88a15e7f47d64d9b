"""The loop of a stage: records in; results, and what they hold for the next queue, out.

A result, its records in the next queue and the ack are one transaction, so a worker may be killed
at any moment, and any number of them may work on one stage. A full queue downstream blocks: the
leases are kept alive meanwhile. What `work` raises gives the record back, with the error as the
reason; after as many attempts as the queue's policy says it is a dead letter, which can be put
back. A disk or a server that fails, or a setting that is wrong, ends the loop instead: that is no
fault of the record.
"""

import asyncio

from veristone import ConfigError
from veristone.generators.synthesis.pipeline.chain import Chain
from veristone.generators.synthesis.pipeline.wire import bounded, decode_record, outcome
from veristone.generators.synthesis.pipeline.work import Work
from veristone.queues import Consumed, Lease, Outcome, consume

__all__ = ["LEASE_S", "work_off"]

LEASE_S = 20.0
"""What a killed worker delays its records by; an event loop that is blocked for so long loses its
own."""


async def work_off(
    chain: Chain,
    stage: str,
    work: Work,
    *,
    concurrency: int,
    prefetch: int | None = None,
    lease_s: float = LEASE_S,
) -> Consumed:
    """Work until the stage's queue is finished, then say so downstream.

    `concurrency` records are worked on at a time, `prefetch` more are held ready (as many if None).

    Raises:
        QueueUnavailable: the disk is full, or the server does not answer.
        ConfigError: the storage is damaged, or `work` says that a setting is wrong.
    """
    source, after = chain.queues[stage], chain.after(stage)
    if after is not None and not (await source.stats()).finished:
        # An earlier worker may have said complete before more was fed.
        await chain.queues[after].begin(stage)
    trouble: list[ConfigError] = []

    async def handle(lease: Lease) -> Outcome:
        try:
            given = decode_record(lease.payload)
            return outcome(bounded(await work(given), stage), given, after)
        except ConfigError as error:
            # Every other record would fail as well: none of them may lose an attempt by it.
            trouble.append(error)
            consuming.cancel()
            raise asyncio.CancelledError from error

    consuming = asyncio.ensure_future(
        consume(source, handle, concurrency=concurrency, prefetch=prefetch, ttl_s=lease_s)
    )
    try:
        consumed = await consuming
    except asyncio.CancelledError:
        if trouble:
            raise trouble[0] from None
        consuming.cancel()
        raise
    if after is not None:
        await chain.queues[after].complete(stage)
    return consumed
