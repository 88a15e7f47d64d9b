"""One question to a server, asked until it is answered: a turn at the gate for every try, delays
between tries, an end to patience."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from veristone import ConfigError, ModelUnavailable, RequestRefused
from veristone.generators.models.backoff import Backoff
from veristone.generators.models.pressure import Gate, GaveUp
from veristone.generators.models.wire.answers import BadAnswer
from veristone.generators.models.wire.faults import Again

__all__ = ["Asker"]

_BAD_ANSWERS = 3
"""Tries that may bring something else than an answer. A proxy's page passes; another protocol
does not."""

T = TypeVar("T")


class Asker:
    """Asks one server, through one gate."""

    def __init__(self, server: str, gate: Gate, jitter: Callable[[], float]) -> None:
        """Take the server's address for messages, and what draws from 0 to 1 for delays."""
        self._server = server
        self._gate = gate
        self._jitter = jitter
        self._time = asyncio.get_running_loop().time

    async def ask(self, once: Callable[[], Awaitable[T]], what: str, patience_s: float) -> T:
        """Return what `once` does, tried again where it raises `Again` or `BadAnswer`.

        `patience_s` counts from the first failure to the last try. What else `once` raises is an
        answer, and is passed on.

        Raises:
            ModelUnavailable: patience is at its end; the message has the last trouble.
        """
        backoff = Backoff(patience_s)
        failures = bad = 0
        since_s: float | None = None
        while True:
            try:
                async with self._turn(again=failures > 0):
                    return await once()
            except GaveUp as error:
                raise self._unavailable(what, failures, error) from error
            except (Again, BadAnswer) as error:
                trouble = error
            failures += 1
            bad += isinstance(trouble, BadAnswer)
            now_s = self._time()
            since_s = now_s if since_s is None else since_s
            asked_s = trouble.retry_after_s if isinstance(trouble, Again) else None
            delay_s = backoff.delay_s(failures, now_s - since_s, self._jitter(), asked_s)
            if delay_s is None or bad >= _BAD_ANSWERS or self._gate.closed:
                raise self._unavailable(what, failures, trouble) from trouble
            await asyncio.sleep(delay_s)

    @contextlib.asynccontextmanager
    async def _turn(self, *, again: bool) -> AsyncGenerator[None]:
        """Hold a turn at the gate, and tell it how the turn ended."""
        gate = self._gate
        ticket = await gate.enter(again=again)
        try:
            yield
        except Again as trouble:
            if trouble.overloaded:
                gate.pushed_back(ticket, str(trouble), trouble.retry_after_s)
            else:
                gate.failed(str(trouble))
            raise
        except BadAnswer as trouble:
            gate.failed(str(trouble))
            raise
        except (RequestRefused, ConfigError):
            gate.answered(ticket)
            raise
        except BaseException:
            gate.abandoned()
            raise
        gate.answered(ticket)

    def _unavailable(self, what: str, tries: int, error: Exception) -> ModelUnavailable:
        after = f" in {tries} tries" if tries else ""
        return ModelUnavailable(f"{self._server}: no answer to {what}{after}: {error}")
