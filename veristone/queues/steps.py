"""What back ends say of their steps, and how they wait."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from veristone.queues.values import Lease, Token

__all__ = ["AckStep", "Changes", "LeaseStep", "PutStep", "Return", "to_its_end"]


@dataclass(frozen=True, slots=True)
class PutStep:
    """The first `accepted` items are in, `new` of them by this step."""

    accepted: int
    new: int
    mark: int | str
    wake_in_s: float | None


@dataclass(frozen=True, slots=True)
class LeaseStep:
    """What could be leased; if nothing, whether that is the end."""

    leases: list[Lease]
    finished: bool
    mark: int | str
    wake_in_s: float | None


@dataclass(frozen=True, slots=True)
class AckStep:
    """All tokens are acked but the `refused` and, for want of room, the `blocked`."""

    refused: list[Token]
    blocked: list[Token]
    mark: int | str


@dataclass(frozen=True, slots=True)
class Return:
    """One item given back."""

    token: Token
    delay_s: float


class Changes:
    """Tells the waits of one event loop that something happened."""

    def __init__(self) -> None:
        self.mark = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def announce(self) -> None:
        """Something happened: end every wait."""
        self.mark += 1
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, mark: int | str, timeout_s: float) -> None:
        """Return when something happened after `mark`, or after `timeout_s`."""
        if self.mark != mark:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait((waiter,), timeout=timeout_s)
        finally:
            self._waiting.discard(waiter)
            waiter.cancel()


async def to_its_end(future: "asyncio.Future[Any]") -> None:
    """Wait for it however often this wait is cancelled; a step ends soon."""
    while not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((future,))
    if not future.cancelled():
        future.exception()  # seen
