"""Errors of sample queues.

VeristoneError
├── ConfigError             the file, the server or a setting is wrong (`veristone.ConfigError`)
└── QueueError
    ├── InvalidItem         a key or payload that no queue takes (also a ValueError)
    ├── LeaseLost           a token that holds nothing any more: somebody else has the item
    ├── QueueTimeout        the caller's deadline passed (also a TimeoutError)
    ├── QueueClosed         the queue was closed here, or every producer had said it was done
    └── QueueUnavailable    the disk is full, the file is locked, the server does not answer
"""

from collections.abc import Sequence

from veristone import VeristoneError
from veristone.queues.values import Token

__all__ = [
    "InvalidItem",
    "LeaseLost",
    "QueueClosed",
    "QueueError",
    "QueueTimeout",
    "QueueUnavailable",
]


class QueueError(VeristoneError, RuntimeError):
    """Root of the errors of sample queues."""


class InvalidItem(QueueError, ValueError):
    """A key or a payload breaks a bound; the message says which. Nothing of the call was put."""


class LeaseLost(QueueError):
    """Some tokens were refused; the other tokens of the same call took effect.

    `tokens` are the refused ones. What was done under them may be done again by somebody else.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tuple(tokens)
        first = self.tokens[0]
        super().__init__(
            f"{len(self.tokens)} lease(s) lost, the first of item {first.key!r}, "
            f"attempt {first.attempt}: it expired and the item went on without it"
        )


class QueueTimeout(QueueError, TimeoutError):
    """A wait reached its deadline.

    `accepted`: how many items of a `put`, from its beginning, are in the queue; 0 for a `lease`.
    """

    def __init__(self, message: str, accepted: int = 0) -> None:
        self.accepted = accepted
        super().__init__(message)


class QueueClosed(QueueError):
    """The queue is closed, or complete, and takes this call no more."""


class QueueUnavailable(QueueError):
    """The file or the server fails at present; what was put stays put. Try again later."""
