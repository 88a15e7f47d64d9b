"""A file of samples in, a file of verdicts out: `veristone verify` as a library call.

Promised: one record for every line that is not empty, in the order of the input, each written whole
in one piece; a line that is no sample becomes a `Rejected` and the run goes on; killed at any
moment, a run that is resumed ends with the same records as one that was not; an output that does
not belong to the input, or that another run writes to, is left as it is; memory does not grow with
the file. Not promised: that a verdict that was under way when the run was killed is not computed
again.
"""

import asyncio
import codecs
import contextlib
import logging
import os
import stat
import sys
from collections import Counter, deque
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, Protocol

import msgspec

from veristone import (
    ConfigError,
    Decision,
    InvalidSample,
    Isolation,
    Reason,
    Rejected,
    Sample,
    Verdict,
)
from veristone.engine.config import EngineConfig
from veristone.engine.engine import Engine
from veristone.engine.reading import read_sample
from veristone.files import PACKED, drop_half_line, lock

__all__ = ["Judge", "Tally", "other_form", "verify_file"]

_log = logging.getLogger(__name__)
MAX_LINE = 128 * 1024 * 1024
_BLOCK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_ZSTD = b"\x28\xb5\x2f\xfd"
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Tally:
    """What a run has read and written so far."""

    reasons: Counter[Reason] = field(default_factory=Counter[Reason])
    rejected: int = 0
    skipped: int = 0
    """Records that were there before and were left as they are."""
    isolation: Isolation | None = None
    """Of the last verdict."""
    cpu_s: float = 0.0
    """CPU seconds of all runs of all samples."""
    strength_runs: int = 0
    strength_cpu_s: float = 0.0
    """Of them, what it took to say how strong suites are."""
    read_bytes: int = 0
    total_bytes: int | None = None
    """Of the input; None where that is a pipe."""

    @property
    def records(self) -> int:
        """How many were written."""
        return self.reasons.total() + self.rejected

    def decided(self, decision: Decision) -> int:
        """Return how many verdicts have this decision."""
        return sum(n for reason, n in self.reasons.items() if reason.decision == decision)


class Judge(Protocol):
    """What judges a file: an open engine, or who shares one with others."""

    def accept(self, sample: Sample) -> None:
        """See `Engine.accept`."""
        ...

    def verify_stream(self, samples: AsyncIterable[Sample]) -> AsyncIterator[Verdict]:
        """See `veristone.Verifier`; in order."""
        ...


async def verify_file(
    samples: Path | None,
    output: Path | None,
    config: EngineConfig | None = None,
    *,
    mode: Literal["new", "resume", "overwrite"] = "new",
    on_record: Callable[[Tally], None] = lambda tally: None,
    judge: Judge | None = None,
) -> Tally:
    """Judge the samples of a file and write their verdicts to another.

    Args:
        samples: JSON Lines; None: standard input.
        output: JSON Lines; None: standard output.
        config: of the engine.
        mode: `new` refuses an output that holds something, `resume` goes on where it ends,
            `overwrite` starts it anew.
        on_record: called after every record with the counts so far, always the same object.
        judge: judges, in place of an engine of the run's own.

    Raises:
        ConfigError: a file cannot be opened, is of another kind, or the output is that of another
            input or in use by another run; the disk is full.
        BrokenPipeError: whoever reads the output has gone away.
        BackendUnavailable: there is no way to isolate samples here.
    """
    if mode == "resume" and output is None:
        raise ConfigError("--resume needs --output FILE: stdout cannot be read back")
    tally = Tally()
    with contextlib.ExitStack() as stack:
        source = _open_input(samples, stack, tally)
        sink = _open_output(output, mode, stack, source)
        done = _records(output) if mode == "resume" and output is not None else 0
        writer = _Writer(sink, tally, on_record, output if mode == "resume" else None)
        engine_of = Engine(config) if judge is None else contextlib.nullcontext(judge)
        async with engine_of as engine:
            reader = _Reader(source, tally, done, output, writer, engine.accept)
            async for verdict in engine.verify_stream(reader.samples()):
                writer.verdict(verdict)
            writer.flush()
    return tally


class _Writer:
    """Writes records in input order, each as one whole line in one write."""

    def __init__(
        self,
        output: IO[bytes],
        tally: Tally,
        changed: Callable[[Tally], None],
        repair: Path | None,
    ) -> None:
        self._fd = output.fileno()
        self._name = output.name
        self._tally = tally
        self._changed = changed
        # Before the first write and not earlier: by then it is known that the output belongs to
        # the input.
        self._repair = repair
        # What was read and is not written yet: rejected lines wait for the samples before them.
        self._waiting: deque[Rejected | None] = deque()

    def expect(self) -> None:
        """Note that a sample was handed to the engine."""
        self._waiting.append(None)

    def reject(self, record: Rejected) -> None:
        """Note a line that is no sample."""
        self._waiting.append(record)
        self.flush()

    def verdict(self, verdict: Verdict) -> None:
        """Write a verdict, which belongs to the first sample that waits."""
        self.flush()
        self._waiting.popleft()
        self._tally.reasons[verdict.reason] += 1
        self._tally.isolation = verdict.isolation or self._tally.isolation
        self._tally.cpu_s += verdict.usage.cpu_s
        if verdict.strength is not None:
            self._tally.strength_runs += verdict.strength.runs
            self._tally.strength_cpu_s += verdict.strength.cpu_s
        self._write(verdict)
        self.flush()

    def flush(self) -> None:
        """Write the rejected lines that wait for nothing."""
        while self._waiting and (record := self._waiting[0]) is not None:
            self._waiting.popleft()
            self._tally.rejected += 1
            self._write(record)

    def _write(self, record: Verdict | Rejected) -> None:
        if self._repair is not None:
            drop_half_line(self._repair)
            self._repair = None
        data = memoryview(_encode(record) + b"\n")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is there stays, and half a line at its end is no harm: see `drop_half_line`.
            raise ConfigError(f"{self._name}: cannot be written: {error.strerror}") from error
        self._changed(self._tally)


def other_form(start: bytes) -> str:
    """Return what a file is, by its first lines, if it is not JSON Lines, and what makes it so."""
    first, _, second = start.removeprefix(_BOM).lstrip().partition(b"\n")
    if first.startswith(b"["):
        return "a JSON array: jq -c '.[]'"
    if first.rstrip() == b"{" and second[:1] in (b" ", b"\t", b'"'):  # else the line was torn
        return "a sample on several lines: jq -c ."
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16: iconv -f UTF-16 -t UTF-8"
    if start.startswith(_ZSTD):
        return "compressed: zstdcat"
    return "compressed: zcat, bzcat or xzcat" if start.startswith(PACKED) else ""


class _Reader:
    """Reads samples behind the records that are there, and rejects what is no sample."""

    def __init__(
        self,
        source: IO[bytes],
        tally: Tally,
        done: int,
        output: Path | None,
        writer: _Writer,
        accept: Callable[[Sample], None],
    ) -> None:
        self._source = source
        self._tally = tally
        self._done = done
        self._output = output
        self._writer = writer
        self._accept = accept

    async def samples(self) -> AsyncIterator[Sample]:
        """Yield the samples behind the first `done` records."""
        records = 0
        number = 0
        async for line in self._lines():
            number += 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if not line.strip():
                continue
            records += 1
            if records < self._done:
                continue
            try:
                sample = self._sample(line)
            except Exception as error:
                if not isinstance(error, InvalidSample):
                    # A fault of ours, and still no reason to end a run.
                    _log.exception("line %d: an unforeseen error", number)
                if records > self._done:
                    self._writer.reject(Rejected(line=number, error=_told(error)))
                continue
            if records == self._done:
                self._belongs(sample, number)
                continue
            self._writer.expect()
            yield sample
        if records < self._done:
            raise ConfigError(
                f"{self._output} has more records ({self._done}) than the input ({records})"
            )
        self._tally.skipped = self._done

    def _sample(self, line: bytes) -> Sample:
        if len(line) > MAX_LINE:
            raise InvalidSample(f"the line is longer than {MAX_LINE} bytes")
        sample = read_sample(line)
        self._accept(sample)
        return sample

    def _belongs(self, sample: Sample, number: int) -> None:
        assert self._output is not None
        last = _last_id(self._output)
        if last is not None and sample.id != last:
            raise ConfigError(
                f"{self._output} does not belong to this input: its last record is {last!r},"
                f" line {number} of the input is {sample.id!r}; nothing was written"
            )

    async def _lines(self) -> AsyncIterator[bytes]:
        """Yield lines; of one that is too long only the start, so that memory stays bounded.

        A pipe or a terminal is waited for in the event loop: verdicts come out and Ctrl-C works
        while nothing comes in.
        """
        fd = self._source.fileno()
        kind = stat.S_IFMT(os.fstat(fd).st_mode)
        waits = kind in (stat.S_IFIFO, stat.S_IFSOCK) or os.isatty(fd)
        line = bytearray()
        while True:
            if waits:
                await _readable(fd)
            block = os.read(fd, _BLOCK)
            if not block:
                break
            if not self._tally.read_bytes and (form := other_form(block)):
                name = self._source.name
                raise ConfigError(
                    f"{name}: one sample a line is expected, and this is {form} {name}"
                    " > samples.jsonl"
                )
            self._tally.read_bytes += len(block)
            *ends, rest = block.split(b"\n")
            for end in ends:
                line += end[: MAX_LINE + 1 - len(line)]
                yield bytes(line)
                line.clear()
            line += rest[: MAX_LINE + 1 - len(line)]
        if line:
            yield bytes(line)


_ERROR = 1000
"""Characters of the error of a line."""


def _told(error: Exception) -> str:
    known = isinstance(error, InvalidSample)
    return (str(error) if known else f"{type(error).__name__}: {error}")[:_ERROR]


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


def _open_input(path: Path | None, stack: contextlib.ExitStack, tally: Tally) -> IO[bytes]:
    if path is None:
        return _standard(sys.stdin, "input")
    try:
        file = stack.enter_context(path.open("rb"))
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder; a file of samples is expected") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    info = os.fstat(file.fileno())
    tally.total_bytes = info.st_size if stat.S_ISREG(info.st_mode) else None
    return file


def _open_output(
    path: Path | None, mode: str, stack: contextlib.ExitStack, source: IO[bytes]
) -> IO[bytes]:
    if path is None:
        return _standard(sys.stdout, "output")
    try:
        file = stack.enter_context(path.open("ab"))
        info = os.fstat(file.fileno())
        if stat.S_ISREG(info.st_mode):  # a pipe or /dev/null has room for many
            if os.path.samestat(info, os.fstat(source.fileno())):
                raise ConfigError(f"{path} holds the samples: name another file for the verdicts")
            lock(file, f"{path}: another run writes to it")
        if mode == "overwrite" and info.st_size:
            file.truncate(0)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    if mode == "new" and info.st_size:
        raise ConfigError(f"{path} exists: use --resume to go on or --overwrite")
    return file


def _standard(stream: Any, name: str) -> IO[bytes]:
    if stream is None:  # what Python makes of a descriptor that is closed
        raise ConfigError(f"standard {name} is closed")
    return stream.buffer


def _records(path: Path) -> int:
    """Return how many whole records the output has."""
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return 0


def _last_id(path: Path) -> str | None:
    """Return the id of the last whole record, or None where that record is a rejected line."""
    with open(path, "rb") as file:
        last = b""
        for line in file:
            last = line if line.endswith(b"\n") else last
    try:
        return msgspec.json.decode(last, type=Verdict).id
    except msgspec.MsgspecError:
        return None
