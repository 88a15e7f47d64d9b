"""When a request that got no answer is tried again. Pure: no clock, no dice, no waiting."""

from dataclasses import dataclass

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays with jitter, until patience is at its end.

    Half of each delay is fixed and half is drawn, so that requests which failed together do not
    come back together, and none comes back at once.
    """

    patience_s: float
    """From the first failure to the last try."""
    first_s: float = 0.5
    most_s: float = 30.0

    def delay_s(
        self, failures: int, failing_s: float, jitter: float, retry_after_s: float | None = None
    ) -> float | None:
        """Return how long to wait before the next try, None if there shall be none.

        `failures` is how many tries have failed, from 1; `failing_s` the time since the first of
        them did; `jitter` a number from 0 to 1. What the server asks for (`retry_after_s`) replaces
        the exponential delay and is never cut short.
        """
        if retry_after_s is None:
            step_s = min(self.first_s * 2.0 ** min(failures - 1, 32), self.most_s)
            wait_s = step_s * (1 + jitter) / 2
        else:
            wait_s = retry_after_s + self.first_s * (1 + jitter) / 2
        return wait_s if failing_s + wait_s <= self.patience_s else None
