"""What passes between the event loop and the thread that runs a model."""

import asyncio
import collections
import threading
import time
from dataclasses import dataclass, field

from veristone.generation import Generation, GenerationRequest

__all__ = ["Inbox", "Job"]


@dataclass(eq=False, slots=True)
class Job:
    """A request and whoever waits for its answer. Everything but `answer` is for the thread."""

    request: GenerationRequest
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Generation]
    withdrawn: bool = False
    """Set by the event loop, read by the thread: nobody waits any more."""

    def succeed(self, generation: Generation) -> None:
        """Hand the answer over."""
        self._call(generation)

    def fail(self, error: Exception) -> None:
        """Let whoever waits see the error."""
        self._call(error)

    def _call(self, outcome: Generation | Exception) -> None:
        try:
            self.loop.call_soon_threadsafe(self._settle, outcome)
        except RuntimeError:
            # The loop is closed, and with it went whoever waited.
            self.withdrawn = True

    def _settle(self, outcome: Generation | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


@dataclass(eq=False, slots=True)
class Inbox:
    """Jobs that wait for the thread, oldest first.

    Not bounded itself: each job stands for a caller that waits, and callers bound themselves.
    """

    _jobs: collections.deque[Job] = field(default_factory=collections.deque[Job])
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called; the thread ends what it does and answers nothing more."""
        return self._closed

    def put(self, job: Job) -> bool:
        """Add a job; False when the inbox is closed."""
        with self._changed:
            if self._closed:
                return False
            self._jobs.append(job)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Wake the thread for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when there is a job or the inbox is closed; an idle thread has nothing to miss."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)

    def gather(self, sequences: int, seconds: float) -> None:
        """Return when that many sequences wait, when the inbox is closed, or after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or sum(job.request.n for job in self._jobs) >= sequences,
                timeout=max(0.0, deadline - time.monotonic()),
            )

    def take(self, most: int) -> list[Job]:
        """Return up to `most` jobs without waiting; withdrawn ones are dropped on the way."""
        taken: list[Job] = []
        with self._changed:
            while self._jobs and len(taken) < most:
                job = self._jobs.popleft()
                if not job.withdrawn:
                    taken.append(job)
        return taken
