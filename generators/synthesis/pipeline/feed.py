"""The input goes into the first queue.

A queue takes a key once for ever, so feeding a file again adds what is new in it and nothing else.
"""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from veristone import DatasetError
from veristone.generators.synthesis.pipeline.chain import FEED, Chain
from veristone.generators.synthesis.records import Record, encode
from veristone.queues import Item

__all__ = ["Fed", "check_ids", "feed"]

_BATCH = 200
_MAX_ID_BYTES = 400
"""Every stage may add a few characters; a queue's keys have 512 bytes."""


class Fed(NamedTuple):
    """What became of the input."""

    new: int
    known: int
    """Records that were there already."""


def check_ids(records: Iterable[Record]) -> int:
    """Check the whole input before any of it is fed; return how many records it has.

    Records of later stages are called PARENT/NUMBER, so no input may be called like a part of
    another.

    Raises:
        DatasetError: an id is empty, too long, or begins with another and a slash.
    """
    ids: set[str] = set()
    number = 0
    for number, record in enumerate(records, 1):
        size = len(record.id.encode())
        if not 1 <= size <= _MAX_ID_BYTES:
            raise DatasetError(
                f"input {number}: an id has 1 to {_MAX_ID_BYTES} bytes, this one {size}:"
                f" {record.id[:80]!r}"
            )
        ids.add(record.id)
    for key in ids:
        head, slash, _ = key.rpartition("/")
        while slash:
            if head in ids:
                raise DatasetError(
                    f"the input has the id {key!r} and also its beginning {head!r}: responses to"
                    " the one could not be told from the other; rename one"
                )
            head, slash, _ = head.rpartition("/")
    return number


async def feed(chain: Chain, records: Iterable[Record]) -> Fed:
    """Put the records into the first queue, waiting where it is full, and say that was all.

    Raises:
        QueueUnavailable: the disk is full, or the server does not answer.
    """
    first = chain.queues[chain.stages[0]]
    given = new = 0
    left = iter(records)
    while batch := await asyncio.to_thread(lambda: list(islice(left, _BATCH))):
        new += await first.put([Item(record.id, encode(record)) for record in batch])
        given += len(batch)
    await first.complete(FEED)
    return Fed(new, given - new)
