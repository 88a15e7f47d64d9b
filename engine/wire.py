"""Frames between engine and warden, the engine's side.

`sandbox_images.warden.frames` defines the format; this module turns jobs into frames and frames
into reports. A warden could have been taken over by its sample, so nothing is believed: lengths
are bounded before memory is spent and every field is checked for its type.
"""

import contextlib
from typing import Annotated, Any, Literal

import msgspec

from veristone import InvalidSample, ProtocolViolation, SandboxFailure
from veristone.engine.jobs import LARGE_BYTES, Captured, Job, Large, Measured, Report
from veristone.sample import is_path
from veristone.sandbox_images.warden import frames

__all__ = [
    "Ceilings",
    "Hello",
    "Retired",
    "Said",
    "encode_hearing",
    "encode_job",
    "encode_stop",
    "most_bytes",
    "parse_hello",
    "parse_report",
    "parse_retired",
    "parse_said",
    "read_event",
]

CPU_GRACE = 1.25
"""A program over its CPU limit is let run this much longer, to tell a near miss from a hang."""


_FILE_MIB = 1 << 40
"""Largest `limits.file_mib` that the kernel is told: in bytes it must stay below 2**63."""


class Hello(msgspec.Struct):
    """The first frame of a warden."""

    op: Literal["hello"]
    protocol: int
    python: str
    layers: dict[str, bool]
    places: list[str]
    namespaces: dict[str, int] = {}
    """Inode numbers by kind, as /proc/self/ns shows them in there."""
    memory_limit: int | None = None


class Retired(SandboxFailure):
    """A sandbox that was used up, or gone, before it was sent this job; never an attempt at it."""


class _RetiredHeader(msgspec.Struct):
    op: Literal["retired"]
    why: str


class _ReportHeader(Measured, frozen=True, kw_only=True):
    op: Literal["report"]
    id: int
    token: str
    stdout: tuple[int, int, int]
    stderr: tuple[int, int, int]
    record: tuple[int, int, int]
    fetched: tuple[int, int, int] = (0, 0, 0)


class Said(msgspec.Struct):
    """What a run that talks has said since the frame before; its output is the body."""

    op: Literal["said"]
    took: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Bytes of its input that it has read."""
    last: bool = False
    """It has closed its output."""


_decode_hello = msgspec.json.Decoder(Hello).decode
_decode_said = msgspec.json.Decoder(Said).decode
_decode_retired = msgspec.json.Decoder(_RetiredHeader).decode
_decode_report = msgspec.json.Decoder(_ReportHeader).decode
_decode_event = msgspec.json.Decoder(dict[str, Any]).decode
_decode_raw_event = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# msgspec lets the last two through: text that is not UTF-8, and nesting without end.
_MALFORMED = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Ceilings(msgspec.Struct, frozen=True):
    """What a sandbox holds at most. Whether the kernel counts it there is the warden's to say."""

    processes: int
    disk_mib: int
    memory_mib: int
    memory_cgroup: bool = False
    processes_cgroup: bool = False


def encode_job(job_id: int, job: Job, ceilings: Ceilings) -> list[bytes]:
    """Return the pieces of the frame that runs `job`.

    Raises:
        InvalidSample: a name or an argument is no text, or a name leads out of the work area.
    """
    driver = f"{job.driver} measured" if job.measured else job.driver
    words = [driver, job.entry, str(len(job.files)), *job.files, str(len(job.argv)), *job.argv]
    words += [str(len(job.fetch)), *job.fetch]
    words += [f"{name}={value}" for name, value in job.env.items()]
    if not all(is_path(name.removesuffix("/")) for name in job.fetch):
        raise InvalidSample("files to be sent back must be relative paths inside the work area")
    if any("\0" in word for word in words):
        raise InvalidSample("files, env or args hold a zero byte, which no program can be given")
    try:
        meta = "\0".join(words).encode()
    except UnicodeError as error:
        raise InvalidSample(f"files, env or args hold what is no text: {error}") from error
    parts = [meta, job.stdin, job.payload, *job.files.values()]
    if sum(map(len, parts)) > frames.MAX_BODY:
        raise InvalidSample(f"code, files, input and check are larger than {frames.MAX_BODY} bytes")
    header: dict[str, Any] = {
        "op": "run",
        "id": job_id,
        "limits": _limits(job, ceilings),
        "parts": [len(part) for part in parts],
    }
    if job.live:
        header["live"] = True
    if job.session_cpu_s is not None:
        header["session_cpu_s"] = job.session_cpu_s
    return [frames.encode_head(header, sum(len(part) for part in parts)), *parts]


def encode_hearing(data: bytes, room: int = 0, *, last: bool = False) -> list[bytes]:
    """Return the pieces of the frame that gives a run that talks input, and room for its output."""
    return [frames.encode_head({"op": "hear", "room": room, "last": last}, len(data)), data]


def encode_stop() -> list[bytes]:
    """Return the pieces of the frame that ends a run that talks."""
    return [frames.encode_head({"op": "stop"}, 0)]


def _limits(job: Job, ceilings: Ceilings) -> dict[str, Any]:
    limits = job.limits
    mib = 1024 * 1024
    watched = not ceilings.memory_cgroup
    # A language's own runtime may ask for more than is left of the sandbox.
    memory_mib = min(limits.memory_mib, ceilings.memory_mib)
    # Thread stacks are reserved, not used, and must not count as memory: a new program takes
    # their size from RLIMIT_STACK (`warden.child.prepare`). The warden's watch is the finer one.
    stacks = 64 * limits.processes
    # Tests that run in a process of their own are no process of the sample's.
    processes = limits.processes + (job.driver == "split")
    return {
        "cpu_s": limits.cpu_s,
        "cpu_kill_s": limits.cpu_s * CPU_GRACE + 0.1,
        "call_cpu_s": job.call_cpu_s,
        "wall_s": limits.wall_s,
        "memory_bytes": memory_mib * mib,
        "data_bytes": (memory_mib + stacks + 256) * mib if watched else None,
        "processes": processes,
        # At the ceiling the cgroup refuses, and counts that it did; below it the kernel's
        # per-user limit does. The warden is one process of its user where they share it.
        "nproc": None
        if ceilings.processes_cgroup and limits.processes == ceilings.processes
        else processes,
        "output_bytes": limits.output_bytes,
        "file_bytes": min(limits.file_mib, _FILE_MIB) * mib,
        "driven": job.driver in ("calls", "asserts", "split"),
        "disk_bytes": limits.disk_mib * mib if limits.disk_mib < ceilings.disk_mib else 0,
        "keep": [job.keep_head, job.keep_tail],
        "record_bytes": _held(job.record_bytes, ceilings),
        "fetch_bytes": _fetch_bytes(job, ceilings),
    }


def _held(wanted: int, ceilings: Ceilings) -> int:
    # The warden holds it twice while it reports, within the sandbox's own memory.
    return min(wanted, ceilings.memory_mib * 1024 * 1024 // 4)


def _fetch_bytes(job: Job, ceilings: Ceilings) -> int:
    return _held(job.fetch_bytes, ceilings) if job.fetch else 0


def most_bytes(job: Job, ceilings: Ceilings) -> int:
    """Return how long the body of a report on `job` can be."""
    streams = 2 * (job.keep_head + max(1, job.keep_tail))
    return streams + _held(job.record_bytes, ceilings) + 1 + _fetch_bytes(job, ceilings) + 1


def parse_hello(header: bytes) -> Hello:
    """Read a warden's first frame or raise `ProtocolViolation`."""
    try:
        hello = _decode_hello(header)
    except _MALFORMED as error:
        raise ProtocolViolation(f"no greeting from the warden: {error}") from error
    if hello.protocol != frames.PROTOCOL:
        raise ProtocolViolation(
            f"the warden speaks protocol {hello.protocol}, this engine {frames.PROTOCOL}:"
            " build its image anew with `veristone images build`"
        )
    return hello


def parse_retired(header: bytes) -> Retired | None:
    """Return what a warden says that runs no further job; None for any other frame."""
    with contextlib.suppress(*_MALFORMED):
        return Retired(f"the sandbox is used up: {_decode_retired(header).why[:200]}")
    return None


def parse_said(header: bytes) -> Said | None:
    """Return what a run that talks has said; None for any other frame."""
    with contextlib.suppress(*_MALFORMED):
        return _decode_said(header)
    return None


def parse_report(header: bytes, body: bytes, job_id: int, lines: int) -> Report:
    """Read the report on job `job_id`, whose record has `lines` lines at most.

    Raises:
        Retired: the job was not started.
        ProtocolViolation: this is no report on that job.
        SandboxFailure: the sandbox could not start the sample; nothing is known about it.
    """
    try:
        head = _decode_report(header)
    except _MALFORMED as error:
        raise parse_retired(header) or ProtocolViolation(
            f"no report from the warden: {error}"
        ) from error
    streams = (head.stdout, head.stderr, head.record, head.fetched)
    lengths = [length for stream in streams for length in stream[:2]]
    whole = all(sum(stream[:2]) <= stream[2] for stream in streams)
    if head.id != job_id or min(lengths) < 0 or sum(lengths) != len(body) or not whole:
        raise ProtocolViolation("a report does not fit its job")
    pieces: list[bytes] = []
    start = 0
    for length in lengths:
        pieces.append(body[start : start + length])
        start += length
    events, intact = _parse_record(pieces[4], head.token, lines)
    # A record that is cut short belongs to a run that was killed for its length.
    intact = intact and (head.record[0] == head.record[2] or head.killed == "output")
    _raise_fault(events)
    if head.exit_code == 254 and not events and head.stderr[2] == 0 and intact:
        raise SandboxFailure("the sandbox could not start the sample")
    return Report(
        **{name: getattr(head, name) for name in Measured.__struct_fields__},
        stdout=Captured(pieces[0], pieces[1], head.stdout[2]),
        stderr=Captured(pieces[2], pieces[3], head.stderr[2]),
        events=tuple(events),
        intact=intact,
        fetched=_parse_fetched(pieces[6]),
        fetched_all=head.fetched[0] == head.fetched[2],
    )


def _parse_fetched(data: bytes) -> dict[str, bytes]:
    """Return the files of a stream that `veristone.sandbox_images.warden.fetch` describes.

    What follows the last whole file is what there was no room for. Names are the sample's: one
    that is no path of a file in a work area is left out.
    """
    files: dict[str, bytes] = {}
    start = 0
    while start + frames.FILE_HEAD.size <= len(data):
        name_length, size = frames.FILE_HEAD.unpack_from(data, start)
        start += frames.FILE_HEAD.size
        name = data[start : start + name_length].decode("utf-8", "replace")
        start += name_length
        if start + size > len(data):
            break
        if is_path(name) and "\ufffd" not in name:
            files[name] = data[start : start + size]
        start += size
    return files


def _raise_fault(events: list[dict[str, Any]]) -> None:
    """Raise `SandboxFailure` where the record says that the sample could not be started.

    Only before the sample's first instruction is a fault ours to tell: what stands behind the line
    `begun` may be the sample's own. (A program that is not driven has no record to write to.)
    """
    for event in events:
        if "begun" in event:
            return
        if "fault" in event:
            fault = event["fault"]
            said = fault[:300] if isinstance(fault, str) else "?"
            raise SandboxFailure(f"the sandbox could not start the sample: {said}")


def read_event(text: bytes) -> dict[str, Any]:
    """Read a line of a record; a long ``value`` in it becomes a `Large`.

    Raises:
        msgspec.MsgspecError, UnicodeError, RecursionError: it is none.
    """
    if len(text) <= LARGE_BYTES:
        return _decode_event(text)
    event: dict[str, Any] = {}
    for key, raw in _decode_raw_event(text).items():
        if key == "value":
            event[key] = Large(bytes(raw))
        elif len(raw) > LARGE_BYTES:
            raise msgspec.ValidationError(f"{key} is too long")
        else:
            event[key] = msgspec.json.decode(raw)
    return event


def _parse_record(data: bytes, token: str, most: int) -> tuple[list[dict[str, Any]], bool]:
    """Return the driver's events, and whether there was nothing else in the record.

    Of more than `most` lines none is read: they are no record, whoever wrote them.
    """
    if data.count(b"\n") > most:
        return [], False
    prefix = token.encode() + b" "
    events: list[dict[str, Any]] = []
    intact = True
    lines = data.split(b"\n")
    # A run that was killed may leave half a line at the end.
    for line in lines[:-1]:
        if not line.startswith(prefix):
            intact = False
            continue
        try:
            events.append(read_event(line[len(prefix) :]))
        except _MALFORMED:
            intact = False
    last = lines[-1]
    if last and not (last.startswith(prefix) or prefix.startswith(last)):
        intact = False
    return events, intact
