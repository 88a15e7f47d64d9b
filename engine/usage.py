"""How busy sandboxes are.

A sandbox is busy from the moment it is lent to a job until the job gives it back: the wire, the
warden, the program, the clean-up. What the engine does without a sandbox (planning, judging) and
the waiting of samples are not in it, and neither is the time that a destroyed sandbox's successor
takes to start.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["EngineUsage", "Meter", "PoolState"]


@dataclass(frozen=True, slots=True)
class EngineUsage:
    """Sandbox-seconds: two sandboxes at work for three seconds are six."""

    busy_s: float
    open_s: float
    """Sandboxes times the seconds since their pool was made."""

    def share_since(self, earlier: "EngineUsage") -> float:
        """Return the share of the sandboxes' time between two readings that they were busy."""
        passed = self.open_s - earlier.open_s
        return (self.busy_s - earlier.busy_s) / passed if passed > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PoolState:
    """The sandboxes of one language at one moment."""

    language: str
    sandboxes: int
    busy: int
    replaced: int
    """Sandboxes that broke, or could not be shown clean, since the pool was opened."""

    def __add__(self, other: "PoolState") -> "PoolState":
        return PoolState(
            self.language,
            self.sandboxes + other.sandboxes,
            self.busy + other.busy,
            self.replaced + other.replaced,
        )


class Meter:
    """Adds up the time of `size` sandboxes."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._opened = self._changed = clock()
        self._working = 0
        self._busy_s = 0.0

    def begin(self) -> None:
        """A sandbox was lent."""
        self._settle()
        self._working += 1

    def end(self) -> None:
        """A sandbox was given back."""
        self._settle()
        self._working -= 1

    def read(self) -> EngineUsage:
        """Return the sums up to this moment."""
        self._settle()
        return EngineUsage(self._busy_s, self._size * (self._changed - self._opened))

    def _settle(self) -> None:
        now = self._clock()
        self._busy_s += self._working * (now - self._changed)
        self._changed = now
