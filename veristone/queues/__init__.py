"""Queues of samples between programs that start, stop and multiply on their own.

`base` says what is promised. `RedisQueue` lives in `veristone.queues.redis`; its client library is
imported when such a queue is opened.
"""

from veristone.queues.base import SampleQueue
from veristone.queues.consume import Consumed, GiveUp, consume
from veristone.queues.errors import (
    InvalidItem,
    LeaseLost,
    QueueClosed,
    QueueError,
    QueueTimeout,
    QueueUnavailable,
)
from veristone.queues.policy import Policy
from veristone.queues.redis import RedisQueue
from veristone.queues.sqlite import SQLiteQueue
from veristone.queues.values import DeadLetter, Item, Lease, Outcome, Stats, Token

__all__ = [
    "Consumed",
    "DeadLetter",
    "GiveUp",
    "InvalidItem",
    "Item",
    "Lease",
    "LeaseLost",
    "Outcome",
    "Policy",
    "QueueClosed",
    "QueueError",
    "QueueTimeout",
    "QueueUnavailable",
    "RedisQueue",
    "SQLiteQueue",
    "SampleQueue",
    "Stats",
    "Token",
    "consume",
]
