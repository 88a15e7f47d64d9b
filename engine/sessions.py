"""Sandboxes that are lent to one client for several calls.

Promised: a session's sandbox is nobody else's, before, during or after; it is destroyed at the
session's end, which comes with `close`, its time to live, too long a pause, a used-up quota or a
broken sandbox, whichever is first; sessions are started beside the pools of samples, up to
`SessionConfig.most`, and give way to samples where both want a CPU. Calls of one session run one
after the other, in the order they came. Not promised: that anything of a session outlives its
engine.
"""

import asyncio
import contextlib
import math
import os
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from veristone import (
    BackendUnavailable,
    InvalidSample,
    Limits,
    SandboxFailure,
    SessionEnded,
    SessionsFull,
    Usage,
)
from veristone.engine.backends.base import Backend
from veristone.engine.checks.base import aside
from veristone.engine.config import SessionConfig
from veristone.engine.jobs import Job, Large, Report
from veristone.engine.judge.outcome import failure, signal_name
from veristone.engine.languages import find
from veristone.engine.sandbox import Sandbox
from veristone.sample import is_path
from veristone.session import (
    CellError,
    FileEntry,
    RunRequest,
    RunResult,
    SessionOptions,
    SessionState,
)

__all__ = ["Session", "Sessions"]

T = TypeVar("T")
_MIB = 1024 * 1024
_RECORD_BYTES = 8 * _MIB
_RECORD_LINES = 128
_FILES_LIMITS = Limits(cpu_s=10, wall_s=30)
_WAITING = 16
"""Calls of one session that may wait for the one under way."""
_MOST_ERRNO = 133


class Session:
    """One client's sandbox. Made by `Sessions.open`; methods may be called side by side."""

    def __init__(
        self,
        sandbox: Sandbox,
        options: SessionOptions,
        config: SessionConfig,
        ceiling: Limits,
    ) -> None:
        self.id = secrets.token_urlsafe(24)
        self.language = options.language
        self.ended: str | None = None
        """Why the session is over; None while it is not."""
        self._sandbox = sandbox
        self._options = options
        self._config = config
        self._ceiling = ceiling
        self._turn = asyncio.Lock()
        self._under_way = self._calls = self._cells = self._bytes = 0
        self._cpu_s = 0.0
        self._idle_s = min(options.idle_s or math.inf, config.idle_s)
        self._ends = time.monotonic() + min(options.ttl_s or math.inf, config.ttl_s)
        self._idle_until = time.monotonic() + self._idle_s
        self._tasks: set[asyncio.Task[Report]] = set()
        self._clock = asyncio.ensure_future(self._expire())
        self._closed = asyncio.Event()

    async def run(self, call: RunRequest | str) -> RunResult:
        """Run a cell (text is one) or a command.

        A caller that is cancelled leaves the call running, up to its limits.

        Raises:
            InvalidSample: this is no call, or asks for more than this engine allows.
            SessionEnded: the session is over, or ended during the call.
            SessionsFull: too many calls of this session wait already.
        """
        request = RunRequest(cell=call) if isinstance(call, str) else call
        request.check()
        limits = _allowed(request.limits or self._options.limits, self._ceiling)
        job = self._job_of(request, limits)
        report = await self._call(job)
        result = await aside(_length(report), _result, request, report, limits)
        if job.driver == "cell":
            result.number = self._cells
        return result

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write files; folders above them are made.

        Raises:
            InvalidSample: a name leads out of the work folder.
            OSError: one cannot be written: `IsADirectoryError`, `PermissionError`, a full disk.
            SessionEnded: the session is over.
        """
        for name in files:
            _check_path(name)
        await self._handle_files(next(iter(files), ""), files=files)

    async def read(self, name: str) -> bytes:
        """Return what is in a plain file; no symbolic link is followed.

        Raises:
            InvalidSample: the name leads out of the work folder.
            OSError: `FileNotFoundError`, `IsADirectoryError`, `PermissionError`; too large.
            SessionEnded: the session is over.
        """
        _check_path(name)
        report = await self._handle_files(name, fetch=(name,))
        if not report.fetched_all:
            raise OSError(27, "is too large to be sent", name)
        if name not in report.fetched:
            raise OSError(40, "lies behind a symbolic link", name)
        return report.fetched[name]

    async def files(self, folder: str = "") -> list[FileEntry]:
        """Return what lies below a folder, some thousand entries at most.

        Raises:
            InvalidSample: the name leads out of the work folder.
            OSError: there is no such folder.
            SessionEnded: the session is over.
        """
        if folder:
            _check_path(folder)
        report = await self._handle_files(folder, argv=(folder or ".",))
        entries = [_read(event, list[tuple[str, int, bool]]) for event in report.events]
        found = next((each for each in entries if each is not None), [])
        return [FileEntry(path=path, size=size, folder=is_dir) for path, size, is_dir in found]

    @property
    def unused_s(self) -> float:
        """Seconds since its last call ended; 0 while one is under way."""
        return 0.0 if self._under_way else time.monotonic() - (self._idle_until - self._idle_s)

    def state(self) -> SessionState:
        """Return what the session has used, and how long it still has."""
        return SessionState(
            id=self.id,
            language=self._options.language,
            calls=self._calls,
            cpu_s=round(self._cpu_s, 6),
            moved_bytes=self._bytes,
            ends_in_s=round(max(0.0, self._ends - time.monotonic()), 3),
        )

    async def forget(self) -> None:
        """End the kept interpreter and all else that runs; files stay.

        Raises:
            SessionEnded: the session is over.
        """
        await self.run(RunRequest(command=["sh", "-c", "kill -9 -1"]))

    async def close(self, why: str = "it was closed") -> None:
        """End the session and destroy its sandbox. May be called twice."""
        if self.ended is None:
            self.ended = why
            if asyncio.current_task() is not self._clock:
                self._clock.cancel()
            await self._sandbox.destroy()
            self._closed.set()
        await self._closed.wait()

    async def _expire(self) -> None:
        """End the session when its time is over."""
        while True:
            left_s = self._until() - time.monotonic()
            if left_s <= 0:
                break
            await asyncio.sleep(left_s)
        lived = self._ends <= time.monotonic()
        await self.close("its time to live was over" if lived else "it was not used for too long")

    def _until(self) -> float:
        if self._under_way:
            return min(self._ends, time.monotonic() + self._idle_s)
        return min(self._ends, self._idle_until)

    def _job_of(self, request: RunRequest, limits: Limits) -> Job:
        language = find(self._options.language)
        given: dict[str, Any] = {
            "language": language.name,
            "entry": "main.py",
            "files": {},
            "limits": limits,
            "env": request.env,
            "keep_head": request.show_bytes,
            "keep_tail": request.show_bytes // 2,
            "session_cpu_s": self._config.cpu_s,
        }
        if request.command is None:
            if not language.zygote:
                raise InvalidSample(f"cells are Python, and this is a session of {language.name}")
            cell = (request.cell or "").encode("utf-8", "surrogatepass")
            room = {"record_bytes": _RECORD_BYTES, "record_lines": _RECORD_LINES}
            return Job(driver="cell", payload=cell, **room, **given)
        command = request.command
        argv = ("sh", "-c", command) if isinstance(command, str) else tuple(command)
        return Job(
            driver="exec",
            argv=argv,
            stdin=request.stdin.encode("utf-8", "surrogatepass"),
            payload=request.cwd.encode("utf-8", "surrogatepass"),
            **given,
        )

    async def _handle_files(
        self,
        name: str,
        files: Mapping[str, bytes] | None = None,
        fetch: tuple[str, ...] = (),
        argv: tuple[str, ...] = (),
    ) -> Report:
        job = Job(
            language=self._options.language,
            driver="files",
            entry="",
            files=files or {},
            limits=_FILES_LIMITS,
            argv=argv,
            fetch=fetch,
            fetch_bytes=self._ceiling.disk_mib * _MIB + 64 * 1024,
            record_bytes=2 * _MIB,
            session_cpu_s=self._config.cpu_s,
        )
        report = await self._call(job)
        refusal = _refusal(report)
        if refusal is not None:
            raise OSError(refusal.number, refusal.message, name)
        if report.exit_code != 0:
            raise OSError(5, "the sandbox could not do it", name)
        return report

    async def _call(self, job: Job) -> Report:
        if self._under_way > _WAITING:
            raise SessionsFull(f"{_WAITING} calls of this session wait already")
        self._under_way += 1
        task = asyncio.ensure_future(self._in_turn(job))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Report]) -> None:
        self._tasks.discard(task)
        self._under_way -= 1
        self._idle_until = time.monotonic() + self._idle_s
        if not task.cancelled():
            task.exception()  # whoever called may have left

    async def _in_turn(self, job: Job) -> Report:
        async with self._turn:
            await self._spend(job)
            try:
                report = await self._sandbox.run(job)
            except SandboxFailure as error:
                await self.close(f"its sandbox broke: {error}")
                raise SessionEnded(f"the session is over: {self.ended}") from error
            if job.driver == "cell":
                self._cells = 1 if report.fresh else self._cells + 1
            self._cpu_s += report.cpu_s
            self._bytes += _length(report)
            return report

    async def _spend(self, job: Job) -> None:
        """Count a call; end the session where it has no more of something."""
        self._calls += 1
        self._bytes += len(job.stdin) + len(job.payload) + sum(map(len, job.files.values()))
        used_up = {
            "calls": self._calls > self._config.calls,
            "bytes": self._bytes > self._config.mib * _MIB,
            "CPU time": self._cpu_s > self._config.cpu_s,
        }
        for what, over in used_up.items():
            if over:
                await self.close(f"it has used up its {what}")
        if self.ended is not None:
            raise SessionEnded(f"the session is over: {self.ended}")


class Sessions:
    """The sessions of one engine."""

    def __init__(self, config: SessionConfig, ceiling: Limits) -> None:
        self._config = config
        self._ceiling = ceiling
        self._backend: Backend | None = None
        self._live: set[Session] = set()
        self._starting = 0

    def use(self, backend: Backend) -> None:
        """Take sandboxes from this back end from now on."""
        self._backend = backend

    @property
    def count(self) -> int:
        """Sessions that there are, those that start included."""
        self._live = {session for session in self._live if session.ended is None}
        return len(self._live) + self._starting

    async def open(self, options: SessionOptions) -> Session:
        """Start a session.

        Raises:
            InvalidSample: the options are none, or ask for more than this engine allows.
            SessionsFull: there are as many sessions as there may be.
            BackendUnavailable: no sandbox can be had.
        """
        if self._backend is None:
            raise BackendUnavailable("the engine is not open: use `async with Engine()`")
        language = find(options.language)
        _allowed(options.limits, self._ceiling)
        for name in ("ttl_s", "idle_s"):
            given = getattr(options, name)
            if given is not None and not given > 0:
                raise InvalidSample(f"{name} must be greater than 0, got {given}")
        if self.count >= self._config.most:
            raise SessionsFull(f"{self._config.most} sessions are open already")
        self._starting += 1
        try:
            sandbox = await self._backend.start(language, background=True)
        except SandboxFailure as error:
            raise BackendUnavailable(f"no sandbox for a session: {error}") from error
        finally:
            self._starting -= 1
        session = Session(sandbox, options, self._config, self._ceiling)
        self._live.add(session)
        return session

    async def close(self) -> None:
        """End every session."""
        self._backend = None
        live, self._live = self._live, set()
        ending = (session.close("the engine was closed") for session in live)
        await asyncio.gather(*ending, return_exceptions=True)


def _allowed(limits: Limits, ceiling: Limits) -> Limits:
    limits.check()
    if (name := limits.exceeding(ceiling)) is not None:
        raise InvalidSample(f"limits.{name}: this engine allows {getattr(ceiling, name)}")
    return limits


def _check_path(name: str) -> None:
    if not is_path(name):
        raise InvalidSample(f"{name[:80]!r} is no relative path inside the work folder")


def _length(report: Report) -> int:
    """Return how many bytes of a report came from the sandbox's programs."""
    streams = sum(len(each.head) + len(each.tail) for each in (report.stdout, report.stderr))
    values = [event.get("value") for event in report.events]
    texts = sum(len(value.text) for value in values if isinstance(value, Large))
    return streams + texts + sum(map(len, report.fetched.values()))


class _Refusal(NamedTuple):
    number: int
    message: str


def _refusal(report: Report) -> _Refusal | None:
    """Return why something could not be done in the sandbox, as its record says."""
    for event in report.events:
        with contextlib.suppress(msgspec.ValidationError):
            number, said = msgspec.convert(event.get("refused"), tuple[int, str])
            known = 0 < number <= _MOST_ERRNO
            return _Refusal(number if known else 5, os.strerror(number) if known else said[:200])
    return None


def _read(event: Mapping[str, Any], kind: type[T]) -> T | None:
    """Return the value of an event, where it is one of this kind."""
    value = event.get("value")
    try:
        if isinstance(value, Large):
            return msgspec.json.decode(value.text, type=kind)
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _result(request: RunRequest, report: Report, limits: Limits) -> RunResult:
    stopped = report.killed is not None or report.oom or report.signal is not None
    broken = failure(report, limits) if stopped else None
    result = RunResult(
        stdout=report.stdout.excerpt(request.show_bytes),
        stderr=report.stderr.excerpt(request.show_bytes),
        broke=broken[0] if broken else None,
        message=broken[1] if broken else "",
        signal=signal_name(report.signal) if report.signal is not None else None,
        fresh=report.fresh,
        state_lost=report.lost,
        usage=Usage(
            cpu_s=report.cpu_s,
            wall_s=report.wall_s,
            peak_memory_mib=round(report.peak_kib / 1024, 2),
            runs=1,
            inside_s=report.inside_s,
        ),
    )
    if request.command is not None or report.lost:
        result.exit_code = report.exit_code
    if request.cell is not None:
        _add_cell(result, report)
    elif (refusal := _refusal(report)) is not None:
        result.message = f"cannot be started: {refusal.message}"
    return result


def _add_cell(result: RunResult, report: Report) -> None:
    for event in report.events:
        kind = event.get("cell")
        value = _read(event, dict[str, str])
        if value is None:
            continue
        if kind == "result":
            result.result = value
        elif kind == "shown":
            result.shown.append(value)
        elif kind == "error":
            names = ("name", "value", "traceback")
            result.error = CellError(**{name: value.get(name, "") for name in names})
