"""The seam between programs that make samples and programs that use them up.

How delivery works
------------------
`put` stores items; `lease` lends them for `ttl_s` seconds; the holder `extend`s the lease while it
works and ends it with `ack` (done for good) or `nack` (give it back). A holder that dies says
nothing: its leases expire and the items come again. So an item is

    fresh ──── lease ───> leased ── ack ──────────────> done
    (put)                 │    ^
                          │    └─ lease ─ returned (due at once, or after a delay) <─┐
                          └─ nack, expiry ──┘                                        │
                                            └─ after `max_attempts` ─> dead ─ put_back

What is promised
----------------
- *At least once.* Every item that `put` returned for is delivered until it is acked or dead.
  A holder that is slower than its lease shares the item with its successor, so handlers write
  their results under the item's key, once.
- *Put once.* A key that was ever put is never put again, whatever became of the item: waiting,
  leased, dead or done. Keys are kept as long as the queue is (payloads go with the ack), so a
  producer that starts anew puts everything again and only the new counts. To put a key again,
  use a new queue.
- *Order.* First deliveries come in the order of the puts. Returned items that are due go before
  them, the longest due first; they cannot starve the rest, because attempts are counted.
  With several consumers, order of delivery is not order of completion.
- *Fencing.* A token is good until its item is leased to somebody else, nacked, or put back. An
  ack that comes late, after expiry, still counts if nobody else got the item in between, even
  out of the dead letters, and a late extend takes the item back; otherwise `LeaseLost` names the
  tokens. At most one ack of an item ever succeeds.
- *Attempts.* Each delivery counts when it is made. After `max_attempts` failures (nack or expiry)
  the item is a dead letter with its reasons; it can be listed and put back.
- *Bounded.* Never more than `capacity` items are ready, leased and delayed (`put_back` alone may
  go beyond, by what it puts back): `put` waits. Nothing is dropped. Dead letters and the keys of
  done items do not count.
- *The end.* When all `producers` have said `complete` and every item is done or dead, `lease`
  returns no items, at once and to everybody.
- *Cancellation.* A cancelled `put` may have put some of its items; putting them again is harmless.
  A cancelled `lease` holds nothing, and what it had been given is given back with its attempt
  uncounted. A cancelled ack, nack or extend has either happened or not.

What is not
-----------
Exactly-once handling (no queue can), priority, and a time for anything: a due item is delivered
when somebody asks. Clocks: leases are measured on wall clocks because they outlive processes. A
clock set forward ends leases early (the item is delivered twice, and fencing lets one ack win);
one set back makes them last longer by as much. Memory and SQLite read the host's clock, of which
there is one; Redis reads its server's, so the skew between hosts does not matter.
A queue object belongs to the event loop it was opened in and does not survive a fork.
"""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Protocol, Self

from veristone.queues.policy import Policy
from veristone.queues.values import DeadLetter, Item, Lease, Stats, Token

__all__ = ["SampleQueue"]


class SampleQueue(Protocol):
    """A queue of samples. Implementations: `MemoryQueue`, `SQLiteQueue`, `RedisQueue`.

    Every verb raises `QueueClosed` after `close`, `QueueUnavailable` when the storage fails, and
    `ConfigError` when the storage turns out to be damaged.
    """

    @property
    def policy(self) -> Policy:
        """The rules of this queue, known once it is open.

        Raises:
            QueueClosed: it was not opened yet.
        """
        ...

    async def open(self) -> None:
        """Make the queue, or join the one that is there.

        Raises:
            ConfigError: what is there is no queue of this version, is damaged, or has another
                policy; or something that this back end needs is missing.
            QueueUnavailable: it cannot be reached at present.
        """
        ...

    async def close(self) -> None:
        """End the waits of this object and let go of the storage. May be called again.

        Leases stay as they are and expire; a memory queue is gone with everything in it.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    async def put(self, items: Iterable[Item], *, timeout_s: float | None = None) -> int:
        """Store the items whose keys are new, in order; wait while the queue is full.

        Returns how many were new. Not atomic: a put that ends early has put its first items.

        Raises:
            InvalidItem: a key or payload breaks a bound; nothing was put.
            QueueTimeout: there was not room for all within `timeout_s`; `accepted` are in.
            QueueClosed: every producer has said `complete`; `begin` first.
        """
        ...

    async def lease(self, n: int, ttl_s: float, *, timeout_s: float | None = None) -> list[Lease]:
        """Borrow 1 to `n` items for `ttl_s` seconds; wait until there is one.

        Returns as soon as it has something, and an empty list only when the queue is finished.

        Raises:
            QueueTimeout: nothing came within `timeout_s`.
        """
        ...

    async def extend(self, *tokens: Token, ttl_s: float) -> None:
        """Let the leases end `ttl_s` seconds from now.

        Raises:
            LeaseLost: some tokens hold nothing any more; the others were extended.
        """
        ...

    async def ack(self, *tokens: Token) -> None:
        """Mark the items done for good and forget their payloads.

        Raises:
            LeaseLost: some tokens hold nothing any more; the others were acked.
        """
        ...

    async def nack(
        self,
        *tokens: Token,
        reason: str,
        delay_s: float | None = None,
        counts: bool = True,
    ) -> None:
        """Give the items back, to be delivered again after `delay_s` (`Policy` says, if None).

        With ``counts=False`` the attempt did not happen: no reason is kept and there is no delay
        unless asked for. That is for a consumer which stops before it began with the item.

        Raises:
            LeaseLost: some leases are over already; the other items were given back.
        """
        ...

    async def begin(self, producer: str) -> None:
        """Take back an earlier `complete` of this producer, before a further run puts more.

        Do it before the consumers of that run start, or they find the queue finished.
        """
        ...

    async def complete(self, producer: str) -> None:
        """Say that this producer will put nothing more. Saying it again changes nothing."""
        ...

    async def stats(self) -> Stats:
        """Count the items by state."""
        ...

    async def dead_letters(self, limit: int = 100, after: str = "") -> list[DeadLetter]:
        """Up to `limit` dead letters in the order of their keys (by code point), after `after`."""
        ...

    async def put_back(self, keys: Sequence[str]) -> int:
        """Deliver dead letters again, from attempt 1, with their reasons kept.

        Returns how many of the keys were dead letters; the others are left alone.
        """
        ...
