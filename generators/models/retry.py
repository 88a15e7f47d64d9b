"""One question to a server, asked until it is answered: a turn at the gate for every try, delays
between tries, an end to patience."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from veristone import ModelUnavailable
from veristone.generators.models.pressure import Again, BadAnswer, Gate, GaveUp

__all__ = ["ask", "delay_s"]

_FIRST_S = 0.5
_MOST_S = 30.0
_BAD_ANSWERS = 3
"""Tries that may bring something else than an answer. A proxy's page passes; another protocol
does not."""

T = TypeVar("T")


def delay_s(
    patience_s: float,
    failures: int,
    failing_s: float,
    jitter: float,
    retry_after_s: float | None = None,
) -> float | None:
    """Return how long to wait before the next try, None if there shall be none. Pure.

    Half of each exponential delay is fixed and half is drawn, so that requests which failed
    together do not come back together. `failures` is how many tries have failed, from 1;
    `failing_s` the time since the first of them did; `jitter` a number from 0 to 1. What the server
    asks for (`retry_after_s`) replaces the exponential delay and is never cut short.
    """
    if retry_after_s is None:
        wait_s = min(_FIRST_S * 2.0 ** min(failures - 1, 32), _MOST_S) * (1 + jitter) / 2
    else:
        wait_s = retry_after_s + _FIRST_S * (1 + jitter) / 2
    return wait_s if failing_s + wait_s <= patience_s else None


async def ask(
    once: Callable[[], Awaitable[T]],
    gate: Gate,
    what: str,
    patience_s: float,
    jitter: Callable[[], float],
) -> T:
    """Return what `once` does, tried again where it raises `Again`; what else it raises is passed
    on.

    Raises:
        ModelUnavailable: patience is at its end; the message says what was asked and has the last
            trouble.
    """
    time = asyncio.get_running_loop().time
    failures = bad = 0
    since_s: float | None = None
    while True:
        wait_s: float | None = None
        try:
            async with gate.turn(again=failures > 0):
                return await once()
        except GaveUp as error:
            trouble: Exception = error
        except Again as error:
            trouble = error
            failures += 1
            bad += isinstance(error, BadAnswer)
            since_s = time() if since_s is None else since_s
            if bad < _BAD_ANSWERS and not gate.closed:
                failing_s = time() - since_s
                wait_s = delay_s(patience_s, failures, failing_s, jitter(), error.retry_after_s)
        if wait_s is None:
            tries = f" in {failures} tries" if failures else ""
            raise ModelUnavailable(f"no answer to {what}{tries}: {trouble}") from trouble
        await asyncio.sleep(wait_s)
