"""A back end without sandboxes, for tests: it answers jobs from a script.

    backend = FakeBackend([report(exit_code=1), SandboxFailure("gone"), report()])
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        verdict = await engine.verify(sample)
    assert backend.jobs[0].entry == "main.py"

It runs nothing, so it isolates nothing and is never chosen by a configuration. What the pool and
the engine promise is watched: a sandbox that is given two jobs at one time raises
`AssertionError`, and `most_busy` says how many worked side by side. The engine takes an error that
it does not know for a fault of its own and goes on, so an `AssertionError` of a job, of the script
too, is raised again when the back end is closed.
"""

import asyncio
import inspect
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from veristone import Isolation, SandboxFailure
from veristone.engine.jobs import Captured, Job, Report
from veristone.engine.languages import Language
from veristone.engine.sandbox import Listener, Sandbox

__all__ = ["Answer", "FakeBackend", "FakeSandbox", "Script", "captured", "report"]

Answer = Report | Exception
Script = Callable[[Job], Answer | Awaitable[Answer]]


def captured(text: str | bytes, total: int | None = None) -> Captured:
    """Return a stream that holds `text`; with a larger `total`, one whose middle is missing."""
    data = text.encode() if isinstance(text, str) else text
    return Captured(data, b"", len(data) if total is None else total)


def report(
    *events: dict[str, Any],
    stdout: str | bytes | Captured = "",
    stderr: str | bytes | Captured = "",
    **changes: Any,
) -> Report:
    """Return the report of a run that ended well, with the record's `events` and `changes`."""
    fields: dict[str, Any] = {
        "exit_code": 0,
        "signal": None,
        "killed": None,
        "oom": False,
        "process_limit": False,
        "disk_full": False,
        "cpu_s": 0.01,
        "wall_s": 0.01,
        "starved_s": 0.0,
        "peak_kib": 1024,
        "inside_s": 0.011,
        "stdout": stdout if isinstance(stdout, Captured) else captured(stdout),
        "stderr": stderr if isinstance(stderr, Captured) else captured(stderr),
        "events": events,
    }
    return Report(**(fields | changes))


class FakeSandbox(Sandbox):
    """Answers jobs; dies when it is told to, or when it was destroyed."""

    def __init__(self, name: str, backend: "FakeBackend") -> None:
        # Nothing of the real one's set-up: there is no connection.
        self.name = name
        self.isolation = Isolation(backend="fake", missing=("everything",))
        self.python = ""
        self.runs = 0
        self.busy = False
        self.destroyed = False
        self._backend = backend
        self._dead = False

    @property
    def alive(self) -> bool:
        """False after `die` and after `destroy`."""
        return not self._dead and not self.destroyed

    def die(self) -> None:
        """Be gone, as a container that somebody killed."""
        self._dead = True

    async def run(self, job: Job, listener: Listener | None = None) -> Report:
        """See `Sandbox.run`; the script decides, and what talks says nothing before its end."""
        if self.busy:
            raise self._backend.noted(AssertionError(f"{self.name} was given two jobs at one time"))
        if not self.alive:
            raise SandboxFailure(f"{self.name} went away")
        self.busy = True
        self.runs += 1
        try:
            return await self._backend.answer(job)
        finally:
            self.busy = False

    def tell(self, data: bytes = b"", room: int = 0, *, last: bool = False) -> None:
        """See `Sandbox.tell`; nobody hears it."""

    def stop(self) -> None:
        """See `Sandbox.stop`; the script decides when a job ends."""

    async def destroy(self) -> None:
        """See `Sandbox.destroy`."""
        self.destroyed = True
        self._backend.sandboxes.discard(self)


class FakeBackend:
    """Starts `FakeSandbox`es and answers every job that they get.

    Args:
        script: what to answer. A callable is asked for each job and may be a coroutine function;
            of anything else each element is used once, in order. An `Exception` is raised in
            place of an answer. Without a script every run ends well.
        starts: exceptions that the first starts raise, one each; None is a start that works.
        delay_s: how long a job takes, and how long a start takes.
    """

    name = "fake"

    def __init__(
        self,
        script: Script | Iterable[Answer] | None = None,
        *,
        starts: Iterable[Exception | None] = (),
        delay_s: float = 0.0,
    ) -> None:
        self._script: Script = _script(script)
        self._starts = iter(starts)
        self._delay_s = delay_s
        self._numbers = itertools.count(1)
        self._working = 0
        self.most_busy = 0
        self.jobs: list[Job] = []
        self.started = 0
        self.sandboxes: set[FakeSandbox] = set()
        """Those that were started and not destroyed."""
        self.is_open = False
        self.preambles: Path | None = None
        self.made: list[tuple[str, ...]] = []
        """Commands of ours that `make` was asked for."""
        self._broken: AssertionError | None = None
        self.trouble: Exception | None = None
        """While set, every start raises it: the daemon is gone."""

    async def open(self) -> None:
        """See `Backend.open`."""
        self.is_open = True

    async def close(self) -> None:
        """See `Backend.close`. Raises the first `AssertionError` that a job ended with."""
        self.is_open = False
        broken, self._broken = self._broken, None
        if broken is not None:
            raise broken

    async def start(self, language: Language, *, background: bool = False) -> FakeSandbox:
        """See `Backend.start`."""
        await asyncio.sleep(self._delay_s)
        error = self.trouble or next(self._starts, None)
        if error is not None:
            raise error
        sandbox = FakeSandbox(f"fake-{language.name}-{next(self._numbers)}", self)
        self.started += 1
        self.sandboxes.add(sandbox)
        return sandbox

    async def make(self, language: Language, command: Sequence[str], folder: Path) -> None:
        """See `Backend.make`: it makes a file that says what was asked for."""
        await asyncio.sleep(self._delay_s)
        if self.trouble is not None:
            raise self.trouble
        self.made.append(tuple(command))
        (folder / "made").write_text(language.name)

    async def answer(self, job: Job) -> Report:
        """Return what the script says to `job`, or raise it."""
        self.jobs.append(job)
        self._working += 1
        self.most_busy = max(self.most_busy, self._working)
        try:
            await asyncio.sleep(self._delay_s)
            answer = self._script(job)
            if inspect.isawaitable(answer):
                answer = await answer
        except AssertionError as error:
            raise self.noted(error) from None
        finally:
            self._working -= 1
        if isinstance(answer, Exception):
            raise answer
        if job.driver == "whole" and answer.exit_code == 0:
            # It ended well: the warden would have seen it come to its end.
            return msgspec.structs.replace(answer, events=(*answer.events, {"ended": True}))
        return answer

    def noted(self, error: AssertionError) -> AssertionError:
        """Return `error`, which will be raised again by `close`."""
        self._broken = self._broken or error
        return error


def _script(script: Script | Iterable[Answer] | None) -> Script:
    if script is None:
        return lambda job: report()
    if callable(script):
        return script
    answers = iter(script)

    def following(job: Job) -> Answer:
        try:
            return next(answers)
        except StopIteration:
            raise AssertionError("the script of the fake back end has no answer left") from None

    return following
