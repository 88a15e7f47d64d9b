"""What every check needs: a way to run jobs, and bounds for what comes back."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from veristone import Limits, Sample
from veristone.engine.conversation import Conversation, Judged
from veristone.engine.jobs import KEEP_BYTES, Driver, Job, Report
from veristone.engine.languages import Language, find

_MIB = 1024 * 1024
_LONG = 256 * 1024
_EVENT_BYTES = 8 * 1024
"""Of an event that holds no value: 500 characters of a message, twelve bytes each at most."""
_MOST_RECORD = 256 * _MIB
SOLUTION = "solution.py"
"""The file of a sample whose functions are called."""
T = TypeVar("T")

__all__ = ["SOLUTION", "Room", "Runner", "aside", "keep_for", "python_job"]


class Room(NamedTuple):
    """How much a driver may record: more is no honest record."""

    bytes: int
    lines: int

    @classmethod
    def of(cls, events: int, values_bytes: int = 0) -> "Room":
        """Return the room for a number of events, and for the values in them together.

        In whole MiB: the number stands in the warden's memory, and is nobody's hint.
        """
        wanted = events * _EVENT_BYTES + values_bytes
        return cls(min(_MOST_RECORD, (1 + wanted // _MIB) * _MIB), events + 8)


async def aside(length: int, function: Callable[..., T], *given: Any) -> T:
    """Call a function, in a thread where its input is long: the event loop is everybody's."""
    if length <= _LONG:
        return function(*given)
    return await asyncio.to_thread(function, *given)


class Runner(Protocol):
    """Runs the jobs of one sample: retries, adds up usage, remembers references."""

    async def run(self, job: Job) -> Report:
        """Run a job on a spotless sandbox, on another one where a sandbox breaks.

        Raises:
            SandboxFailure: it broke every time.
            BackendUnavailable: no sandbox can be had.
        """
        ...

    async def converse(self, solution: Job, interactor: Job, content: Judged) -> Conversation:
        """Have two programs talk, each in a spotless sandbox of its own; both jobs are `live`.

        An interactor that ended and is `content` lets the program come to its own end.

        Raises:
            SandboxFailure: a sandbox broke every time.
            BackendUnavailable: no sandbox can be had.
        """
        ...

    def preamble(self, language: Language, code: str) -> AbstractContextManager[tuple[str, ...]]:
        """Lend the words with which a compiler need not read anew what this program begins with."""
        ...

    async def compiled(self, job: Job) -> Report:
        """Return the report on a compiler's run over a program of the jury's.

        It is run once however many samples bring that program along.

        Raises:
            SandboxFailure: a sandbox broke every time.
            BackendUnavailable: no sandbox can be had.
        """
        ...

    async def reference(self, job: Job) -> tuple[dict[str, Any], ...]:
        """Return the record of a trusted job, run once however many samples ask for it.

        It runs under the engine's ceiling, whatever limits the job has besides those of time, and
        is remembered where it holds a value for each of its calls.
        """
        ...


def keep_for(expected: str | None, limits: Limits) -> int:
    """Return how many bytes of output must come back to be compared with `expected`.

    Twice the expected length leaves room for white space that a comparator ignores; an output
    that is longer still cannot be right.
    """
    if expected is None:
        return KEEP_BYTES
    wanted = 2 * len(expected.encode("utf-8", "surrogatepass")) + 65536
    # In whole MiB: the number stands in the warden's memory, and is nobody's hint.
    return min(limits.output_bytes, -(-wanted // _MIB) * _MIB)


def python_job(
    code: str,
    driver: Driver,
    payload: bytes,
    limits: Limits,
    room: Room,
    sample: Sample | None = None,
) -> Job:
    """Return the job of a driver that lives in the Python warden."""
    named = find(sample.language) if sample else None
    return Job(
        language=named.name if named is not None and named.zygote else "python",
        driver=driver,
        entry=SOLUTION,
        files={
            **(sample.files if sample else {}),
            SOLUTION: code.encode("utf-8", "surrogatepass"),
        },
        limits=limits,
        env=sample.env if sample else {},
        payload=payload,
        record_bytes=room.bytes,
        record_lines=room.lines,
    )
