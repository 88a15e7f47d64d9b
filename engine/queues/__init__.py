"""Queues of samples between programs that start, stop and multiply on their own.

`base` says what is promised. `RedisQueue` lives in `engine.queues.redis`; its client library is
imported when such a queue is opened.
"""

from engine.queues.base import SampleQueue
from engine.queues.consume import Consumed, consume
from engine.queues.errors import (
    InvalidItem,
    LeaseLost,
    QueueClosed,
    QueueError,
    QueueTimeout,
    QueueUnavailable,
)
from engine.queues.memory import MemoryQueue
from engine.queues.policy import Policy
from engine.queues.redis import RedisQueue
from engine.queues.sqlite import SQLiteQueue
from engine.queues.values import DeadLetter, Item, Lease, Stats, Token

__all__ = [
    "Consumed",
    "DeadLetter",
    "InvalidItem",
    "Item",
    "Lease",
    "LeaseLost",
    "MemoryQueue",
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
