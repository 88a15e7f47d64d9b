"""What goes into a sample queue and what comes out of it: plain frozen values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["DeadLetter", "Item", "Lease", "Outcome", "Stats", "Token"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something to put: `key` is its identity (1 to 512 bytes of UTF-8), `payload` its content."""

    key: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an item: kept with its ack, in one transaction, or not at all."""

    result: bytes | None = None
    """Kept under the item's key, for `results`; None keeps nothing."""
    puts: Mapping[str, Sequence[Item]] = field(default_factory=dict[str, Sequence[Item]])
    """Items for queues of the same store, by the queue's name; keys that were put before do
    nothing, as in every put."""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Added to the queue's `counts`."""


@dataclass(frozen=True, slots=True)
class Token:
    """Proof of one lease, good at the queue that gave it.

    `fence` is drawn anew at every lease, so the token of an earlier holder is told from that of
    the present one (a fencing token in the sense of Kleppmann, "How to do distributed locking").
    """

    key: str
    attempt: int
    fence: int


@dataclass(frozen=True, slots=True)
class Lease:
    """An item, lent until `expires_at` (seconds of the queue's clock) unless it is extended."""

    token: Token
    payload: bytes
    expires_at: float

    @property
    def key(self) -> str:
        """The item's key."""
        return self.token.key

    @property
    def attempt(self) -> int:
        """1 at the first delivery; one more each time the item came back."""
        return self.token.attempt


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An item that failed for good: its attempts, and why each of the last ones failed."""

    key: str
    payload: bytes
    attempts: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """How many items are in which state at one moment; their sum is what was ever put.

    `finished`: every producer is done and nothing is ready, leased or delayed.
    """

    ready: int
    leased: int
    delayed: int
    dead: int
    done: int
    finished: bool

    @property
    def open(self) -> int:
        """Items that still have to be worked on; this is what the capacity bounds."""
        return self.ready + self.leased + self.delayed
