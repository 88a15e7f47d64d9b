"""What the engine asks of a sandbox, and what comes back. Values inside the engine only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from veristone import Limits, Output

__all__ = ["Captured", "Driver", "Job", "Large", "Measured", "Report"]

Driver = Literal["main", "whole", "exec", "calls", "asserts", "split", "cell", "files"]

LARGE_BYTES = 4 * 1024
"""Length from which on a value of a record stays text: see `Large`."""
KEEP_BYTES = 32 * 1024
EXCERPT_BYTES = 16 * 1024
FETCH_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of one program in a spotless sandbox."""

    language: str
    driver: Driver
    entry: str
    files: Mapping[str, bytes]
    limits: Limits
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""
    payload: bytes = b""
    """What the driver needs besides the files: calls or test code."""
    keep_head: int = KEEP_BYTES
    keep_tail: int = KEEP_BYTES
    """Bytes of stdout and of stderr that come back from the start and from the end."""
    call_cpu_s: float | None = None
    """CPU seconds that may pass between two lines of the record."""
    record_bytes: int = 16 * 1024
    record_lines: int = 8
    """Room for what a driver records, as much as the check can need: more is no honest record."""
    fetch: tuple[str, ...] = ()
    """Files to be sent back when the run is over; `NAME/` stands for all that is below a folder."""
    fetch_bytes: int = FETCH_BYTES
    """Bytes that these may have together, with their names."""
    compiles: bool = False
    """It is a compiler's run. Sandboxes that did one last are likely to be ready for another."""
    live: bool = False
    """It talks with another program while it runs: `stdin` is nothing, and of its output the report
    holds no more than `keep_head` bytes (`engine.conversation`)."""
    measured: bool = False
    """Of test code: count its asserts, and the lines of the solution that it runs."""
    session_cpu_s: float | None = None
    """Of a call of a session: CPU seconds that all its calls may take; None: this is no session."""


@dataclass(frozen=True, slots=True)
class Captured:
    """One stream as the warden kept it."""

    head: bytes
    tail: bytes
    total: int

    @property
    def complete(self) -> bool:
        """True where not one byte is missing."""
        return len(self.head) + len(self.tail) == self.total

    def whole(self) -> bytes:
        """All bytes of a complete stream."""
        return self.head + self.tail

    def excerpt(self, most: int = EXCERPT_BYTES) -> Output:
        """The stream as a verdict shows it: `most` bytes of it, half of them from its end."""
        data = self.head + self.tail
        if self.complete and len(data) <= most:
            return Output(head=_text(data), total_bytes=self.total)
        half = most // 2
        head, tail = data[:half], data[max(half, len(data) - half) :]
        return Output(head=_text(head), tail=_text(tail), total_bytes=self.total)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Large:
    """A value of a record that is too long to be built unasked: its JSON text.

    A hostile text can be twenty times as large in memory and take seconds to build. Whoever needs
    the value knows how long it may be.
    """

    text: bytes

    def build(self) -> Any:
        """Return the value in its JSON form; None where the text is no JSON."""
        try:
            return msgspec.json.decode(self.text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None


# What is no number of bytes or seconds of a run is no report: sums of these must stay numbers.
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e7)]
_Kib = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=255)]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the warden measured of a run, as it stands in the header of its report."""

    exit_code: _Number | None = msgspec.field(name="exit")
    signal: _Number | None
    killed: Literal["cpu", "call", "wall", "output", "memory", "disk", "processes"] | None
    oom: bool
    process_limit: bool
    disk_full: bool
    cpu_s: _Seconds
    wall_s: _Seconds
    starved_s: _Seconds
    """Seconds that living processes stood ready and got no CPU, where wall time ran out."""
    peak_kib: _Kib
    inside_s: _Seconds
    """Seconds from the job's arrival at the warden to its report."""
    fresh: bool = False
    """Of a cell: its interpreter was started for it, and knows nothing of any cell before."""
    lost: bool = False
    """Of a call of a session: the interpreter that was kept is gone, and what it knew."""


class Report(Measured, frozen=True, kw_only=True):
    """A run, measured, with what came out of it. Everything that a sample wrote is hostile."""

    stdout: Captured
    stderr: Captured
    events: tuple[dict[str, Any], ...] = ()
    """The driver's record, line by line; a long ``value`` in it is a `Large`."""
    intact: bool = True
    """False where the record holds something that the driver did not write."""
    fetched: dict[str, bytes] = {}
    """Of the files that the job asked for, the plain ones that were there, by their names."""
    fetched_all: bool = True
    """False where there was more than the job had room for."""
