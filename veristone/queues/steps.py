"""What back ends say of their steps."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from veristone.queues.values import Token

__all__ = ["AckStep", "PutStep", "Return", "to_its_end"]

T = TypeVar("T")


class PutStep(NamedTuple):
    """The first `accepted` items are in, `new` of them by this step."""

    accepted: int
    new: int


class AckStep(NamedTuple):
    """All tokens are acked but the `refused` and, for want of room, the `blocked`."""

    refused: list[Token]
    blocked: list[Token]


class Return(NamedTuple):
    """One item given back."""

    token: Token
    delay_s: float


async def to_its_end(step: Awaitable[T], undo: Callable[[T], Awaitable[Any]] | None = None) -> T:
    """Run a step to its end, which comes soon, however often the caller is cancelled meanwhile.

    What a cancelled caller will never see is then taken back with `undo`.
    """
    running = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await _settled(running)
        if undo is not None and not running.cancelled() and running.exception() is None:
            await _settled(asyncio.ensure_future(undo(running.result())))
        raise


async def _settled(future: "asyncio.Future[Any]") -> None:
    while not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((future,))
    if not future.cancelled():
        future.exception()  # seen
