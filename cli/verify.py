"""`veristone verify`: JSONL of samples in, JSONL of verdicts out."""

import argparse
import asyncio
import contextlib
import os
import stat
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import msgspec

from veristone import ConfigError, Decision, InvalidSample, Rejected, Sample, Verdict
from veristone.cli.options import add_engine_options

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers

__all__ = ["add_parser"]

MAX_LINE = 128 * 1024 * 1024
_BLOCK = 1024 * 1024
_decode = msgspec.json.Decoder(Sample).decode
_encode = msgspec.json.Encoder().encode
_DESCRIPTION = """
Reads one sample per line and writes one verdict per line, in the same order. A line that is no
sample becomes a record {"line": N, "error": ..., "rejected": true} and the run goes on.

Exit status: 0 every line got a pass or a fail; 1 some were undecided or rejected (with --strict
also: some failed); 2 could not start; 130 interrupted.
"""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "verify",
        help="judge a JSONL file of samples",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("samples", metavar="FILE", help="samples, one per line; - for stdin")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="default: stdout")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--resume", action="store_true", help="go on where OUTPUT ends")
    group.add_argument("--overwrite", action="store_true", help="start OUTPUT anew")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a sample failed")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    add_engine_options(parser)
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    from veristone.cli.options import engine_config
    from veristone.cli.progress import Progress
    from veristone.engine import Engine

    config = engine_config(arguments)
    with contextlib.ExitStack() as stack:
        source = _open_input(arguments.samples, stack)
        output = _open_output(arguments, stack)
        done = _records(arguments.output) if arguments.resume else 0
        tally = Tally()
        progress = stack.enter_context(
            Progress("verifying", source, quiet=arguments.quiet, counts=tally.line)
        )
        started = time.monotonic()
        try:
            async with Engine(config) as engine:
                repair = Path(arguments.output) if arguments.resume else None
                log = Log(output, tally, progress.update, repair)
                samples = _read(source, done, arguments.output, log, engine.accept)
                async for verdict in engine.verify_stream(samples):
                    log.verdict(verdict)
                log.finish()
        except asyncio.CancelledError:
            progress.close()
            hint = "" if arguments.output == "-" else "; go on with --resume"
            print(f"veristone: interrupted after {tally.records} verdicts{hint}", file=sys.stderr)
            raise
        progress.close()
        if not arguments.quiet:
            tally.show(time.monotonic() - started, done)
    return tally.status(strict=arguments.strict)


class Tally:
    """What came out so far."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()
        self.records = 0
        self.rejected = 0
        self.last: Verdict | None = None

    def add(self, record: Verdict | Rejected) -> None:
        """Count a record."""
        self.records += 1
        if isinstance(record, Rejected):
            self.rejected += 1
            return
        self.last = record
        self.reasons[str(record.reason)] += 1
        self.decisions[str(record.decision)] += 1

    def line(self) -> str:
        """Return the counts as the progress bar shows them."""
        parts = [f"{self.decisions[name]} {name}" for name in ("pass", "fail", "undecided")]
        return " · ".join([*parts, f"{self.rejected} rejected"] if self.rejected else parts)

    def status(self, *, strict: bool) -> int:
        """Return the exit status."""
        trouble = self.rejected or self.decisions[Decision.UNDECIDED]
        return 1 if trouble or (strict and self.decisions[Decision.FAIL]) else 0

    def show(self, seconds: float, skipped: int) -> None:
        """Print the summary."""
        from veristone.cli.tables import isolation_line, print_summary

        notes = [f"{self.records / seconds:.0f} samples/s" if self.records else "no samples"]
        if skipped:
            notes.append(f"{skipped} were judged before and left as they are")
        if self.rejected:
            notes.append(f"{self.rejected} lines were rejected: see their records")
        if self.last is not None and self.last.isolation is not None:
            notes.append(isolation_line(self.last.isolation))
        print_summary(self.reasons, seconds, notes)


class Log:
    """Writes records in input order, each as one whole line in one write."""

    def __init__(
        self,
        output: IO[bytes],
        tally: Tally,
        changed: Callable[[], None],
        repair: Path | None = None,
    ) -> None:
        self._fd = output.fileno()
        # Before the first write and not earlier: by then it is known that the output belongs to
        # the input.
        self._repair = repair
        self._tally = tally
        self._changed = changed
        # What was read and is not written yet: rejected lines wait for the samples before them.
        self._plan: deque[Rejected | Literal["sample"]] = deque()

    def expect(self) -> None:
        """Note that a sample was handed to the engine."""
        self._plan.append("sample")

    def reject(self, record: Rejected) -> None:
        """Note a line that is no sample."""
        self._plan.append(record)
        self._flush()

    def verdict(self, verdict: Verdict) -> None:
        """Write a verdict, which belongs to the first sample in the plan."""
        self._flush()
        self._plan.popleft()
        self._write(verdict)
        self._flush()

    def finish(self) -> None:
        """Write what is left."""
        self._flush()

    def _flush(self) -> None:
        while self._plan and isinstance(record := self._plan[0], Rejected):
            self._plan.popleft()
            self._write(record)

    def _write(self, record: Verdict | Rejected) -> None:
        if self._repair is not None:
            _drop_half_line(self._repair)
            self._repair = None
        data = memoryview(_encode(record) + b"\n")
        while data:
            data = data[os.write(self._fd, data) :]
        self._tally.add(record)
        self._changed()


async def _read(
    source: IO[bytes],
    done: int,
    output: str,
    log: Log,
    accept: Callable[[Sample], None],
) -> AsyncIterator[Sample]:
    """Yield the samples behind the first `done` records; reject what is no sample."""
    last_id = _last_id(output) if done else None
    records = 0
    number = 0
    async for line in _lines(source):
        number += 1
        if not line.strip():
            continue
        records += 1
        if records < done:
            continue
        try:
            if len(line) > MAX_LINE:
                raise InvalidSample(f"the line is longer than {MAX_LINE} bytes")
            sample = _decode(line)
            accept(sample)
        except (msgspec.MsgspecError, InvalidSample, UnicodeDecodeError) as error:
            if records > done:
                log.reject(Rejected(line=number, error=str(error)))
            continue
        if records == done:
            if last_id is not None and sample.id != last_id:
                raise ConfigError(
                    f"{output} does not belong to this input: its last record is {last_id!r},"
                    f" line {number} of the input is {sample.id!r}; nothing was written"
                )
            continue
        log.expect()
        yield sample
    if records < done:
        raise ConfigError(f"{output} has more records ({done}) than the input ({records})")


async def _lines(source: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield lines; of one that is too long only the start, so that memory stays bounded.

    A pipe or a terminal is waited for in the event loop: verdicts come out and Ctrl-C works while
    nothing comes in.
    """
    fd = source.fileno()
    waits = stat.S_IFMT(os.fstat(fd).st_mode) in (stat.S_IFIFO, stat.S_IFSOCK) or os.isatty(fd)
    line = bytearray()
    while True:
        if waits:
            await _readable(fd)
        block = os.read(fd, _BLOCK)
        if not block:
            break
        *ends, rest = block.split(b"\n")
        for end in ends:
            line += end[: MAX_LINE + 1 - len(line)]
            yield bytes(line)
            line.clear()
        line += rest[: MAX_LINE + 1 - len(line)]
    if line:
        yield bytes(line)


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


def _open_input(name: str, stack: contextlib.ExitStack) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(name, "rb"))
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from error


def _open_output(arguments: argparse.Namespace, stack: contextlib.ExitStack) -> IO[bytes]:
    name: str = arguments.output
    if name == "-":
        if arguments.resume:
            raise ConfigError("--resume needs --output FILE: stdout cannot be read back")
        return sys.stdout.buffer
    path = Path(name)
    if not arguments.resume and not arguments.overwrite:
        with contextlib.suppress(OSError):
            if path.stat().st_size:
                raise ConfigError(f"{name} exists: use --resume to go on or --overwrite")
    try:
        return stack.enter_context(open(path, "wb" if arguments.overwrite else "ab"))
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from error


def _drop_half_line(path: Path) -> None:
    """Cut off a last line that a killed process did not finish."""
    with open(path, "rb+") as file:
        end = file.seek(0, os.SEEK_END)
        position = end
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            found = file.read(position - start).rfind(b"\n")
            if found >= 0:
                position = start + found + 1
                break
            position = start
        if position != end:
            file.truncate(position)


def _records(name: str) -> int:
    """Return how many whole records the output has."""
    with contextlib.suppress(FileNotFoundError), open(name, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return 0


def _last_id(name: str) -> str | None:
    """Return the id of the last record, or None where that record is a rejected line."""
    with open(name, "rb") as file:
        last = b""
        for line in file:
            last = line if line.endswith(b"\n") else last
    try:
        return msgspec.json.decode(last, type=Verdict).id
    except msgspec.MsgspecError:
        return None
