"""The input goes into the first queue, from where an earlier feed left off.

A queue takes a key once for ever, so feeding a file again adds what is new in it and nothing else.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from veristone import DatasetError
from veristone.generators.synthesis.pipeline.folder import FEED, RunFolder
from veristone.generators.synthesis.pipeline.store import ResultStore
from veristone.generators.synthesis.pipeline.wire import (
    MAX_ID_BYTES,
    MAX_RECORD_BYTES,
    count,
    encode,
    too_large,
)
from veristone.generators.synthesis.records import Record, StageResult
from veristone.queues import Item, SampleQueue

__all__ = ["Fed", "check_ids", "feed", "put_back", "reopen"]

_BATCH, _BATCH_BYTES = 200, 4 * 1024 * 1024


@dataclass(slots=True)
class Fed:
    """What became of the input."""

    new: int = 0
    known: int = 0
    refused: int = 0
    """Too large for a queue; in the store, under the stage `feed`."""

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


async def reopen(folder: RunFolder, behind: str = FEED) -> None:
    """Let the queues of all stages behind a producer take records again."""
    producers = (FEED, *folder.stages)
    for producer, stage in zip(producers, folder.stages, strict=False):
        if producers.index(producer) >= producers.index(behind):
            async with folder.queue(stage) as queue:
                await queue.begin(producer)


async def put_back(folder: RunFolder) -> dict[str, int]:
    """Have every dead letter delivered again; return how many there were at each stage."""
    back: dict[str, int] = {}
    for stage in folder.stages:
        async with folder.queue(stage) as queue:
            if not (await queue.stats()).dead:
                continue
            # First, so that what comes of them finds the queues behind open.
            await reopen(folder, behind=stage)
            back[stage] = 0
            while letters := await queue.dead_letters(_BATCH):
                back[stage] += await queue.put_back([letter.key for letter in letters])
    return back


async def feed(queue: SampleQueue, store: ResultStore, records: Iterable[Record]) -> Fed:
    """Put the records into the first queue, waiting where it is full, and say that was all.

    Raises:
        QueueUnavailable: the disk is full, or the server does not answer.
    """
    fed = Fed()
    batches = _batches(records)
    while batch := await asyncio.to_thread(next, batches, None):
        items: list[Item] = []
        for record, data in batch:
            if len(data) <= MAX_RECORD_BYTES:
                items.append(Item(record.id, data))
            else:
                fed.refused += 1
                await _refuse(store, record, len(data))
        new = await queue.put(items)
        fed.new += new
        fed.known += len(items) - new
    await queue.complete(FEED)
    return fed


async def _refuse(store: ResultStore, record: Record, size: int) -> None:
    result = StageResult(key=record.id, refused=(too_large(record, FEED, size),))
    await store.keep(FEED, record.id, encode(result), count(result, record))


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
