"""How many requests a server is given at once: as many as it takes without pushing back.

`Pressure` is the policy, a state machine without clock and I/O: additive increase, multiplicative
decrease (Chiu and Jain, 1989), as TCP has it. It starts at the maximum, because an idle GPU is what
costs, shrinks when the server says that it has too much, and grows back while it is answered.
`Gate` is the door that requests pass: first come, first served, those that are tried again first.

When nobody has been answered for as long as `patience_s`, those that wait at the gate are told so
(`GaveUp`) instead of waiting for a turn to fail; whoever comes later tries the server anew.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator

from veristone import ConfigError, RequestRefused

__all__ = ["Again", "BadAnswer", "Gate", "GaveUp", "Pressure"]

_SHRINK = 0.5
_GROW_WINDOWS = 32
"""Round trips from 1 to the maximum while the server never pushes back: steps of 8 at 256."""


class Again(Exception):
    """No answer now; the same request may have one later."""

    def __init__(
        self, message: str, *, overloaded: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.overloaded = overloaded
        """The server has more to do than it can: ask less of it."""
        self.retry_after_s = retry_after_s
        """Seconds that the server asks to be left alone for."""


class BadAnswer(Again):
    """What a server sent is no answer to what it was asked."""


class GaveUp(Exception):
    """The server has answered nobody for too long; the message is what was last heard of it."""


class Pressure:
    """How many requests may be under way. Times are seconds of any one clock.

    `start` returns an epoch, how often the limit had shrunk by then, for the verb that follows.
    """

    def __init__(self, most: int, patience_s: float) -> None:
        self._most = most
        self._patience_s = patience_s
        self._limit = float(most)
        self._epoch = 0
        self._paused_until_s = 0.0
        self._failing_since_s: float | None = None
        self.in_flight = 0

    @property
    def limit(self) -> int:
        """How many may be under way, from 1 to the maximum."""
        return int(self._limit)

    def pause_s(self, now_s: float) -> float:
        """Return for how long the server still asked to be left alone."""
        return max(self._paused_until_s - now_s, 0.0)

    def may_start(self, now_s: float) -> bool:
        """Whether one more request may start."""
        return self.in_flight < self.limit and now_s >= self._paused_until_s

    def hopeless(self, now_s: float) -> bool:
        """Whether nobody was answered, or will be, for the whole patience."""
        since_s = self._failing_since_s
        return since_s is not None and max(now_s, self._paused_until_s) - since_s > self._patience_s

    def start(self) -> int:
        """Count a request in."""
        self.in_flight += 1
        return self._epoch

    def answered(self, epoch: int) -> None:
        """Count a request out that was answered, by whatever the server had to say about it."""
        busy = self.in_flight >= self.limit
        self.in_flight -= 1
        self._failing_since_s = None
        if busy and epoch == self._epoch:
            step = max(self._most / _GROW_WINDOWS, 1.0)
            self._limit = min(self._limit + step / self._limit, float(self._most))

    def pushed_back(self, epoch: int, now_s: float, retry_after_s: float | None) -> None:
        """Count a request out that was too much for the server.

        A burst of refusals shrinks the limit once: those that were under way when it shrank say
        nothing new.
        """
        if epoch == self._epoch:
            self._epoch += 1
            self._limit = max(min(self._limit, float(self.in_flight)) * _SHRINK, 1.0)
        self.failed(now_s)
        pause_s = min(retry_after_s or 0.0, self._patience_s)
        self._paused_until_s = max(self._paused_until_s, now_s + pause_s)

    def failed(self, now_s: float) -> None:
        """Count a request out that came back with no answer."""
        self.in_flight -= 1
        if self._failing_since_s is None:
            self._failing_since_s = now_s

    def abandoned(self) -> None:
        """Count a request out that its caller gave up: that says nothing about the server."""
        self.in_flight -= 1


class Gate:
    """Lets requests through as the policy says. Made and used inside one event loop."""

    def __init__(self, pressure: Pressure) -> None:
        self.pressure = pressure
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._last = ""

    @contextlib.asynccontextmanager
    async def turn(self, *, again: bool = False) -> AsyncGenerator[None]:
        """Wait for a turn and hold it; what the block raises tells how it ended.

        `again` goes before those who have not been tried yet.

        Raises:
            GaveUp: the server has answered nobody for the whole patience, or the gate is closed.
        """
        epoch = await self._enter(again=again)
        try:
            yield
        except Again as trouble:
            now_s = self._loop.time()
            if trouble.overloaded:
                self.pressure.pushed_back(epoch, now_s, trouble.retry_after_s)
            else:
                self.pressure.failed(now_s)
            self._last = str(trouble)
            if self.pressure.hopeless(now_s):
                self._send_away(self._last)
            raise
        except (RequestRefused, ConfigError):
            self.pressure.answered(epoch)
            raise
        except BaseException:
            self.pressure.abandoned()
            raise
        else:
            self.pressure.answered(epoch)
        finally:
            self._admit()

    def close(self) -> None:
        """Send away everybody who waits; turns that are held are still to end."""
        self.closed = True
        self._send_away("the model was closed")
        if self._timer is not None:
            self._timer.cancel()

    async def _enter(self, *, again: bool) -> int:
        if self.closed:
            raise GaveUp("the model was closed")
        now_s = self._loop.time()
        if not self._waiting and self.pressure.may_start(now_s):
            return self.pressure.start()
        if self.pressure.pause_s(now_s) > 0 and self.pressure.hopeless(now_s):
            raise GaveUp(self._last)
        turn: asyncio.Future[int] = self._loop.create_future()
        (self._waiting.appendleft if again else self._waiting.append)(turn)
        self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.done() and not turn.cancelled() and turn.exception() is None:
                self.pressure.abandoned()  # the turn came together with the cancellation
                self._admit()
            raise

    def _send_away(self, why: str) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(GaveUp(why))

    def _admit(self) -> None:
        """Give turns to those who wait, as many as may start."""
        now_s = self._loop.time()
        while self._waiting and self.pressure.may_start(now_s):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self.pressure.start())
        pause_s = self.pressure.pause_s(now_s)
        if self._waiting and pause_s > 0 and self._timer is None and not self.closed:
            self._timer = self._loop.call_later(pause_s, self._pause_is_over)

    def _pause_is_over(self) -> None:
        self._timer = None
        self._admit()
