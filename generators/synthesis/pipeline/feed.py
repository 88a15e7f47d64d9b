"""The input goes into the first queue, from where an earlier feed left off.

A queue takes a key once for ever, so feeding a file again adds what is new in it and nothing else.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from veristone import DatasetError
from veristone.generators.synthesis.pipeline.chain import FEED, Chain
from veristone.generators.synthesis.pipeline.wire import (
    MAX_ID_BYTES,
    MAX_RECORD_BYTES,
    decode_result,
    encode,
    outcome,
    too_large,
)
from veristone.generators.synthesis.records import Record, StageResult
from veristone.queues import Item, Lease, Outcome, consume

__all__ = ["InputCounts", "check_ids", "feed"]

_BATCH, _BATCH_BYTES = 200, 4 * 1024 * 1024
_LEASE_S = 5.0


@dataclass(slots=True)
class InputCounts:
    """What became of the input."""

    new: int = 0
    known: int = 0
    refused: int = 0
    """Too large for a queue; among the results of the stage `feed`."""

    def line(self) -> str:
        """Return it for a person."""
        parts = [f"{self.new:,} new records"]
        if self.known:
            parts.append(f"{self.known:,} were there already")
        if self.refused:
            parts.append(f"{self.refused:,} are too large")
        return ", ".join(parts)


def check_ids(records: Iterable[Record]) -> int:
    """Check the whole input before any of it is fed; return how many records it has.

    Records of later stages are called PARENT/NUMBER, so no input may be called like a part of
    another.

    Raises:
        DatasetError: an id is empty, too long, or begins with another and a slash.
    """
    seen: set[int] = set()
    parents: dict[int, str] = {}
    number = 0
    for number, record in enumerate(records, 1):
        key = record.id
        try:
            size = len(key.encode())
        except UnicodeEncodeError as error:
            raise DatasetError(f"input {number}: the id is no valid Unicode: {key!r}") from error
        if not 1 <= size <= MAX_ID_BYTES:
            raise DatasetError(
                f"input {number}: an id has 1 to {MAX_ID_BYTES} bytes, this one {size}:"
                f" {key[:80]!r}"
            )
        seen.add(hash(key))
        end = key.find("/")
        while end >= 0:
            parents.setdefault(hash(key[:end]), key)
            end = key.find("/", end + 1)
    for found in seen & parents.keys():
        raise DatasetError(
            f"the input has the id {parents[found]!r} and also its beginning up to a slash:"
            " responses to the one could not be told from the other; rename one"
        )
    return number


async def feed(chain: Chain, records: Iterable[Record]) -> InputCounts:
    """Put the records into the first queue, waiting where it is full, and say that was all.

    Raises:
        QueueUnavailable: the disk is full, or the server does not answer.
    """
    counts = InputCounts()
    first, refused = chain.queues[chain.stages[0]], chain.queues[FEED]
    await refused.begin(FEED)
    batches = _batches(records)
    while batch := await asyncio.to_thread(next, batches, None):
        items: list[Item] = []
        for record, data in batch:
            if len(data) <= MAX_RECORD_BYTES:
                items.append(Item(record.id, data))
                continue
            result = StageResult(key=record.id, refused=(too_large(record, FEED, len(data)),))
            counts.refused += 1
            await refused.put([Item(record.id, encode(result))])
        new = await first.put(items)
        counts.new += new
        counts.known += len(items) - new
    await refused.complete(FEED)
    await consume(refused, _keep, concurrency=1, ttl_s=_LEASE_S)
    await first.complete(FEED)
    return counts


async def _keep(lease: Lease) -> Outcome:
    result = decode_result(lease.payload)
    return outcome(result, result.refused[0].record)


def _batches(records: Iterable[Record]) -> Iterator[list[tuple[Record, bytes]]]:
    batch: list[tuple[Record, bytes]] = []
    size = 0
    for record in records:
        data = encode(record)
        batch.append((record, data))
        size += len(data)
        if len(batch) >= _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
