"""The loop of a stage: records in, results kept, what they hold on to the next queue.

    lease ─ is it in the store? ─ no: work ─ keep ─► the winner's records ─ put ─ ack

Whatever happens between two of these steps, the record comes again and the rest is done again: a
result that was kept is found, a record that was put is not put twice. So a worker may be killed at
any moment, and any number of them may work on one stage.

A full queue downstream blocks: the leases are kept alive meanwhile. What `work` raises gives the
record back, with the error as the reason; after as many attempts as the queue's policy says it is a
dead letter, which can be put back. A disk or a server that fails ends the loop instead: that is no
fault of the record.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from veristone import ConfigError
from veristone.generators.synthesis.pipeline.store import ResultStore
from veristone.generators.synthesis.pipeline.wire import (
    bounded,
    count,
    decode_record,
    decode_result,
    encode,
)
from veristone.generators.synthesis.records import Record, StageResult
from veristone.queues import (
    Consumed,
    Item,
    Lease,
    QueueClosed,
    QueueUnavailable,
    SampleQueue,
    consume,
)

__all__ = ["LEASE_S", "Place", "work_off"]

Work = Callable[[Record], Awaitable[StageResult]]
LEASE_S = 20.0
"""What a killed worker delays its records by; an event loop that is blocked for so long loses its
own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the chain a stage works."""

    stage: str
    store: ResultStore
    source: SampleQueue
    sink: SampleQueue | None
    """None behind the last stage."""


async def work_off(
    place: Place,
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
    if place.sink is not None and not (await place.source.stats()).finished:
        # An earlier worker may have said complete before more was fed.
        await place.sink.begin(place.stage)
    handler = _Handler(place, work)
    consuming = asyncio.ensure_future(
        consume(place.source, handler, concurrency=concurrency, prefetch=prefetch, ttl_s=lease_s)
    )
    handler.give_up = consuming.cancel
    try:
        consumed = await consuming
    except asyncio.CancelledError:
        if handler.trouble is not None:
            raise handler.trouble from None
        raise
    if place.sink is not None:
        await place.sink.complete(place.stage)
    return consumed


class _Handler:
    """Handles one lease at a time, many times at once."""

    def __init__(self, place: Place, work: Work) -> None:
        self._place = place
        self._work = work
        self.trouble: QueueUnavailable | ConfigError | None = None
        self.give_up: Callable[[], object] = lambda: None

    async def __call__(self, lease: Lease) -> None:
        try:
            result = await self._result(lease)
            await self._hand_on(result)
        except (QueueUnavailable, ConfigError) as error:
            # Every other record would fail as well: none of them may lose an attempt by it.
            self.trouble = self.trouble or error
            self.give_up()
            raise asyncio.CancelledError from error

    async def _result(self, lease: Lease) -> StageResult:
        place = self._place
        found = await place.store.get(place.stage, lease.key)
        if found is None:
            given = decode_record(lease.payload)
            made = bounded(await self._work(given), place.stage)
            found = await place.store.keep(place.stage, lease.key, encode(made), count(made, given))
        return decode_result(found)

    async def _hand_on(self, result: StageResult) -> None:
        sink = self._place.sink
        if sink is None or not result.kept:
            return
        items = [Item(record.id, encode(record)) for record in result.kept]
        try:
            await sink.put(items)
        except QueueClosed:
            # Somebody found the stage finished before this record was fed or put back. We are
            # still at it, and say complete at our own end.
            await sink.begin(self._place.stage)
            await sink.put(items)
