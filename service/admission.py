"""Who may wait for a sandbox, and for how long.

A trainer's request has a deadline, and an answer after it is no answer. So a sample that cannot be
judged before its deadline is refused at once, while its sender can still ask somebody else: when
too many wait already, when the queue in front of it is longer than its deadline by what samples
took lately, or when the deadline comes while it waits or runs. When its turn comes with too little
time left it is not begun: to stop it in the middle would cost a sandbox. Refused is not judged:
nothing is said about the sample.

A verifier whose verdicts proved wrong is put in quarantine: from then on nothing is let through to
it, and of what it says about samples under way nothing is passed on.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from veristone import Sample, Verdict, Verifier, VeristoneError

__all__ = ["Admission", "Load", "NoVerdict", "Overloaded"]

_MEMORY = 0.05
"""Weight of the latest sample in the mean of how long samples take."""
_WAY, _MOST_WAY_S = 0.05, 1.0
"""Share of a deadline, and seconds of it at most, that are left for the way here and back."""

_QUARANTINE_S = 60.0
"""When to ask again: by then somebody may have started the service anew."""

_LATER = "/later"
"""Whose samples those are that can wait; no tenant is called so."""


class NoVerdict(VeristoneError, RuntimeError):
    """Nothing can be said about the sample, and that is no fault of its. Ask again.

    Attributes:
        retry_after_s: when it is worth to ask again, in whole seconds from now.
        code: what kind of trouble it is, for programs.
    """

    code = "sandbox_error"

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class Overloaded(NoVerdict):
    """The sample was not judged, because others are before it. Ask again later, or elsewhere."""

    code = "overloaded"


@dataclass(frozen=True, slots=True)
class Load:
    """What is under way."""

    running: int
    waiting: int
    slots: int
    typical_s: float
    """Mean time of a sample in its slot, the latest ones counting most."""

    def __add__(self, other: "Load") -> "Load":
        slots = self.slots + other.slots
        typical_s = (self.typical_s * self.slots + other.typical_s * other.slots) / slots
        return Load(self.running + other.running, self.waiting + other.waiting, slots, typical_s)


class Admission:
    """Lets samples through to a verifier, a bounded number at a time, first come, first served.

    Args:
        verifier: judges.
        slots: samples handed to it at one time.
        most_waiting: samples under way at one time, those that wait included.
    """

    def __init__(self, verifier: Verifier, slots: int, most_waiting: int) -> None:
        self._verifier = verifier
        self._slots = slots
        self._most_waiting = most_waiting
        self._free = asyncio.Semaphore(slots)
        self._later = asyncio.Semaphore(max(1, slots // 2))
        self._running = 0
        self._entered: Counter[str] = Counter()
        self._typical_s = 0.0
        self._quarantine: NoVerdict | None = None

    def load(self) -> Load:
        """Return what is under way at this moment."""
        entered = self._entered.total()
        return Load(self._running, entered - self._running, self._slots, self._typical_s)

    @property
    def quarantined(self) -> str | None:
        """Why nothing is judged any more; None while all is well."""
        return None if self._quarantine is None else str(self._quarantine)

    def quarantine(self, why: str) -> None:
        """Judge nothing any more, and say so to everybody, samples under way included."""
        self._quarantine = self._quarantine or NoVerdict(f"in quarantine: {why}", _QUARANTINE_S)

    async def verify(
        self,
        sample: Sample,
        deadline_s: float,
        tenant: str = "",
        most_waiting: int | None = None,
        wanted: Callable[[], Awaitable[bool]] | None = None,
    ) -> Verdict:
        """Judge a sample, or refuse it in time.

        Args:
            sample: what to judge.
            deadline_s: seconds from now in which there must be an answer.
            tenant: whose sample it is.
            most_waiting: how many samples of this tenant may be under way at one time.
            wanted: asked when its turn comes: whether anybody still waits for the verdict.

        Raises:
            Overloaded: it could not be judged before the deadline.
            NoVerdict: the verifier is in quarantine.
            InvalidSample: it cannot be judged as it is.
        """
        deadline_s -= min(_WAY * deadline_s, _MOST_WAY_S)
        if (refusal := self.refusal(deadline_s, tenant, most_waiting)) is not None:
            raise refusal
        end = time.monotonic() + deadline_s
        waits = self._free.locked()
        self._entered[tenant] += 1
        try:
            async with asyncio.timeout(deadline_s):
                async with self._free:
                    if waits and self._typical_s > end - time.monotonic():
                        raise TimeoutError
                    if wanted is not None and not await wanted():
                        raise Overloaded("whoever sent it has left", 0)
                    return await self._run(sample)
        except TimeoutError:
            raise Overloaded(f"not judged within {deadline_s:g} s", self._wait_s()) from None
        finally:
            self._entered[tenant] -= 1

    async def verify_later(self, sample: Sample) -> Verdict:
        """Judge a sample that can wait, for as long as it takes.

        All such samples together take half of the slots at most and stand in line with requests:
        neither keeps the other out.

        Raises:
            NoVerdict: the verifier is in quarantine.
            InvalidSample: it cannot be judged as it is.
        """
        async with self._later:
            self._entered[_LATER] += 1
            try:
                async with self._free:
                    return await self._run(sample)
            finally:
                self._entered[_LATER] -= 1

    def refusal(
        self, deadline_s: float, tenant: str = "", most_waiting: int | None = None
    ) -> NoVerdict | None:
        """Return why a sample that came now would be refused; None: it may come in.

        Arguments are those of `verify`.
        """
        if self._quarantine is not None:
            return self._quarantine
        if self._entered.total() >= self._most_waiting:
            return Overloaded(f"{self._most_waiting} samples are under way already", self._wait_s())
        if most_waiting is not None and self._entered[tenant] >= most_waiting:
            return Overloaded(
                f"{most_waiting} samples of {tenant} are under way already", self._typical_s
            )
        wait_s = self._wait_s()
        # Where nobody waits every sample is tried: the mean must not shut out what would mend it.
        if wait_s and wait_s + self._typical_s > deadline_s:
            return Overloaded(
                f"the queue is {wait_s:.1f} s long, the deadline {deadline_s:.3g} s away", wait_s
            )
        return None

    def _wait_s(self) -> float:
        """Return how long a sample that came now would wait, by what samples took lately."""
        ahead = self._entered.total() - self._slots
        return max(0, ahead) * self._typical_s / self._slots

    async def _run(self, sample: Sample) -> Verdict:
        self._running += 1
        started = time.monotonic()
        try:
            verdict = await self._verifier.verify(sample)
        finally:
            self._running -= 1
        if self._quarantine is not None:
            raise self._quarantine
        took = time.monotonic() - started
        weight = _MEMORY if self._typical_s else 1.0
        self._typical_s += weight * (took - self._typical_s)
        return verdict
