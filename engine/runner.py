"""What runs jobs: the pools of all languages, references that are remembered, one sample's jobs.

Arrows: `Pools` knows the back end; `SampleRunner` and `References` know the pools; the engine knows
all three and none of them knows the engine.
"""

import asyncio
import collections
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Generic, TypeVar

import msgspec

from veristone import (
    BackendUnavailable,
    Isolation,
    Limits,
    SandboxFailure,
    Usage,
    VeristoneError,
)
from veristone.engine.backends.base import Backend, ToolchainMissing
from veristone.engine.config import EngineConfig
from veristone.engine.conversation import Conversation, Judged, converse
from veristone.engine.host import HostMemory
from veristone.engine.jobs import Job, Report
from veristone.engine.kept import KeptRecords, name_of
from veristone.engine.languages import Language, find, serving
from veristone.engine.made_of import sandboxes_of
from veristone.engine.pool import Pool
from veristone.engine.preambles import Preambles
from veristone.engine.sandbox import Sandbox
from veristone.engine.usage import EngineUsage, PoolState
from veristone.engine.wire import Retired

__all__ = ["Pools", "References", "SampleRunner"]

T = TypeVar("T")
_log = logging.getLogger(__name__)
_REFERENCES = 1024
_COMPILED = 32
"""Of a few MiB each, as a rule."""
_STARVED = 0.1
"""Share of its wall time that a program may stand ready without a CPU before it is run again."""
_BACKEND_PAUSES_S = (0.5, 1.5)
_USED_UP = 100
"""Sandboxes in a row that may be found used up; each was so by another sample."""


class Pools:
    """One pool of sandboxes per language, opened when it is first asked for."""

    def __init__(self, config: EngineConfig) -> None:
        self.attempts = config.attempts
        self.ceiling = config.ceiling
        self.memory = HostMemory()
        self.preambles = Preambles()
        self._backend: Backend | None = None
        self._sandboxes = config.sandboxes
        self._opened: dict[str, asyncio.Task[Pool]] = {}
        self._lacking: set[str] = set()

    @property
    def backend(self) -> str:
        """Name of the back end in use."""
        return self._backend.name if self._backend is not None else ""

    def open(self, backend: Backend) -> None:
        """Take sandboxes from this back end from now on."""
        self._backend = backend
        self.preambles.open(backend)

    async def get(self, language: str) -> Pool:
        """Return the open pool of a language.

        Raises:
            BackendUnavailable: it cannot be opened here; asked again, it is tried again.
        """
        return await self._get(find(language))

    async def of(self, job: Job, *, partner: bool = False) -> Pool:
        """Return the pool that a job is run in: its language's, or one that serves it better.

        Partners in conversations have pools of their own, so that whoever waits for one, with a
        sandbox in hand, waits for nobody who waits as well.

        Raises:
            BackendUnavailable: it cannot be opened here.
        """
        for serves, other in serving(job.language):
            if other.name not in self._lacking and serves.wants((*job.files.values(), job.payload)):
                try:
                    return await self._get(other, partner=partner)
                except ToolchainMissing as error:
                    self._lacking.add(other.name)
                    _log.info("%s is run without it: %s", job.language, error)
        return await self._get(find(job.language), partner=partner)

    async def _get(self, language: Language, *, partner: bool = False) -> Pool:
        if self._backend is None:
            raise BackendUnavailable("the engine is not open: use `async with Engine()`")
        name = " ".join((language.name, *language.preload, *(("(partner)",) if partner else ())))
        task = self._opened.get(name)
        if task is None or _failed(task):
            task = asyncio.ensure_future(self._open(self._backend, language))
            self._opened[name] = task
        return await asyncio.shield(task)

    async def _open(self, backend: Backend, language: Language) -> Pool:
        pool = Pool(backend, language, self._sandboxes)
        try:
            await pool.open()
        except BaseException:
            await pool.close()
            raise
        return pool

    async def close(self) -> None:
        """Destroy every sandbox."""
        self._backend = None
        await self.preambles.close()
        tasks, self._opened = list(self._opened.values()), {}
        for task in tasks:
            if not task.done():
                task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(pool.close() for pool in done if isinstance(pool, Pool)))

    def usage(self) -> EngineUsage:
        """Return how busy the sandboxes of all languages have been since they were opened."""
        readings = [pool.meter.read() for pool in self._open_pools()]
        return EngineUsage(
            busy_s=sum(reading.busy_s for reading in readings),
            open_s=sum(reading.open_s for reading in readings),
        )

    def states(self) -> list[PoolState]:
        """Return how the sandboxes of each language are at this moment."""
        return [pool.state() for pool in self._open_pools()]

    def _open_pools(self) -> list[Pool]:
        tasks = self._opened.values()
        return [task.result() for task in tasks if task.done() and not _failed(task)]


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _digest(job: Job) -> bytes:
    """Return a name for a job: equal for what runs equally."""
    words = (job.language, job.argv, *job.env.items(), *job.files, job.limits, job.call_cpu_s)
    return name_of(job.payload, *job.files.values(), repr(words).encode())


def _has_made(report: Report) -> bool:
    """True where a compiler has left something."""
    return report.exit_code == 0 and report.killed is None and bool(report.fetched)


def _complete(record: tuple[dict[str, Any], ...]) -> bool:
    """True where a record has an end and a value, or its digest, for each of its calls."""
    answers = [event for event in record if "call" in event]
    known = all("value" in each or "digest" in each for each in answers)
    return known and any("done" in event for event in record)


class SampleRunner:
    """Runs the jobs of one sample and adds up what they used; a `checks.Runner`."""

    def __init__(self, pools: Pools, references: "References") -> None:
        self._pools = pools
        self._references = references
        self.attempts = 1
        self.alone = False
        """Run beside nothing else: set for the second look at a doubtful time-out."""
        self.doubtful = False
        self.isolation: Isolation | None = None
        self.python = ""
        self._cpu_s = self._wall_s = self._inside_s = self._queued_s = 0.0
        self._peak_kib = self._runs = 0

    async def run(self, job: Job) -> Report:
        """Run a job, on fresh sandboxes where one breaks; see `checks.Runner.run`."""

        async def once() -> Report:
            report = await _where_it_starts(lambda: self._run_once(job))
            if _may_be_the_hosts(job, report):
                # The kernel tells nobody who sent it. A kill from outside does not come
                # twice; what comes again is the program's own.
                report = await _where_it_starts(lambda: self._run_once(job))
            return report

        return await self._attempted(once)

    async def converse(self, solution: Job, interactor: Job, content: Judged) -> Conversation:
        """Have two programs talk; see `checks.Runner.converse`."""

        async def once() -> Conversation:
            talk = await _where_it_starts(
                lambda: self._converse_once(solution, interactor, content)
            )
            ended = (
                (interactor, talk.interactor)
                if talk.interactor_first
                else (solution, talk.solution)
            )
            if _may_be_the_hosts(*ended):
                talk = await _where_it_starts(
                    lambda: self._converse_once(solution, interactor, content)
                )
            return talk

        return await self._attempted(once)

    async def _attempted(self, once: Callable[[], Awaitable[T]]) -> T:
        """Do what needs sandboxes, again where one breaks.

        Raises:
            SandboxFailure: it broke every time.
            BackendUnavailable: no sandbox can be had.
        """
        error: VeristoneError = SandboxFailure("no attempt was made")
        for attempt in range(self._pools.attempts):
            if attempt:
                self.attempts += 1
            try:
                return await once()
            except ToolchainMissing:
                raise
            except BackendUnavailable as broken:
                error = broken
                if attempt < self._pools.attempts - 1:
                    await asyncio.sleep(_BACKEND_PAUSES_S[min(attempt, 1)])
            except SandboxFailure as broken:
                error = broken
            _log.info("attempt %d of %d: %s", attempt + 1, self._pools.attempts, error)
        raise error

    async def _run_once(self, job: Job) -> Report:
        pool = await self._pools.of(job)
        asked = time.monotonic()
        async with pool.lease(alone=self.alone, compiles=job.compiles) as sandbox:
            self._queued_s += time.monotonic() - asked
            started = time.monotonic()
            report = await sandbox.run(job)
            self._add(job, report, sandbox)
            if _may_be_the_hosts(job, report) and self._pools.memory.killed_since(started):
                # Beside nothing else: then it was no other sample that ran out of memory.
                self.alone = True
                raise SandboxFailure("the program was killed when the host ran out of memory")
        if not pool.idle:
            # Who waits for this sandbox goes first; judging can wait, an idle sandbox is a loss.
            await asyncio.sleep(0)
        return report

    async def _converse_once(self, solution: Job, interactor: Job, content: Judged) -> Conversation:
        pool = await self._pools.of(solution)
        partners = await self._pools.of(interactor, partner=True)
        asked = time.monotonic()
        async with pool.lease(alone=self.alone) as ours, partners.lease() as theirs:
            self._queued_s += time.monotonic() - asked
            talk = await converse((ours, solution), (theirs, interactor), content)
            self._add(interactor, talk.interactor, theirs)
            self._add(solution, talk.solution, ours)
        return talk

    def preamble(self, language: Language, code: str) -> AbstractContextManager[tuple[str, ...]]:
        """See `checks.Runner.preamble`."""
        return self._pools.preambles.lent(language, code)

    async def reference(self, job: Job) -> tuple[dict[str, Any], ...]:
        """See `checks.Runner.reference`."""
        return await self._references.record(job)

    async def compiled(self, job: Job) -> Report:
        """See `checks.Runner.compiled`."""
        return await self._references.compiled(job)

    def _add(self, job: Job, report: Report, sandbox: Sandbox) -> None:
        self.doubtful = self.doubtful or _doubtful(job, report)
        self._cpu_s += report.cpu_s
        self._wall_s += report.wall_s
        self._inside_s += report.inside_s
        self._peak_kib = max(self._peak_kib, report.peak_kib)
        self._runs += 1
        self.isolation, self.python = sandbox.isolation, sandbox.python

    def usage(self) -> Usage:
        """Return the sums."""
        return Usage(
            cpu_s=round(self._cpu_s, 6),
            wall_s=round(self._wall_s, 6),
            peak_memory_mib=round(self._peak_kib / 1024, 2),
            runs=self._runs,
            inside_s=round(self._inside_s, 6),
            queued_s=round(self._queued_s, 6),
        )


async def _where_it_starts(once: Callable[[], Awaitable[T]]) -> T:
    """Run something once. A sandbox that another sample used up is no attempt at this one."""
    for _ in range(_USED_UP):
        with contextlib.suppress(Retired):
            return await once()
    return await once()


def _may_be_the_hosts(job: Job, report: Report) -> bool:
    """True for a SIGKILL of which the warden knows nothing, below the program's own limit."""
    unknown = report.signal == signal.SIGKILL and report.killed is None and not report.oom
    return unknown and report.peak_kib < job.limits.memory_mib * 1024


def _doubtful(job: Job, report: Report) -> bool:
    """True for a time-out that a busy machine may have caused: ours, or what else runs there."""
    ended = report.killed is None and report.signal is None
    near_miss = ended and report.cpu_s > job.limits.cpu_s
    starved = report.killed == "wall" and report.starved_s > _STARVED * job.limits.wall_s
    return near_miss or starved


class _Once(Generic[T]):
    """What is worked out once, however many ask for it, and remembered while it is asked for.

    What does not last is told to those who wait for it at that moment; whoever asks later has it
    tried again.
    """

    def __init__(self, most: int, lasts: Callable[[T], bool]) -> None:
        self._most = most
        self._lasts = lasts
        self._known: collections.OrderedDict[bytes, asyncio.Task[T]] = collections.OrderedDict()

    async def get(self, name: bytes, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what is known by a name, or have it made."""
        task = self._known.get(name)
        if task is None or _failed(task) or (task.done() and not self._lasts(task.result())):
            task = asyncio.ensure_future(make())
            self._known[name] = task
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop what is under way."""
        tasks = list(self._known.values())
        self._known.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class References:
    """The outcomes of trusted jobs, each run once however many samples ask for it.

    What is remembered belongs to no sample: a reference runs under the engine's ceiling, and only
    a record that is complete is kept; of compilers, what one has made of a program of the jury's.
    """

    def __init__(self, pools: Pools, config: EngineConfig) -> None:
        self._pools = pools
        self._config = config
        self._kept = KeptRecords(config.references) if config.references is not None else None
        self._records = _Once[tuple[dict[str, Any], ...]](_REFERENCES, _complete)
        self._compiled = _Once[Report](_COMPILED, _has_made)

    async def record(self, job: Job) -> tuple[dict[str, Any], ...]:
        """Return the record of a job; the last 1,024 are remembered."""
        job = replace(job, limits=self._limits(job.limits))
        name = _digest(job)
        return await self._records.get(name, lambda: self._kept_or_run(job, name))

    async def compiled(self, job: Job) -> Report:
        """Return the report on a compiler's run; the last 32 that made something are remembered."""
        return await self._compiled.get(
            _digest(job), lambda: SampleRunner(self._pools, self).run(job)
        )

    def _limits(self, asked: Limits) -> Limits:
        """Return the engine's ceiling, with the time that was asked for."""
        return msgspec.structs.replace(self._pools.ceiling, cpu_s=asked.cpu_s, wall_s=asked.wall_s)

    async def _kept_or_run(self, job: Job, name: bytes) -> tuple[dict[str, Any], ...]:
        if self._kept is None:
            return await self._run(job)
        sandboxes = sandboxes_of(job.language, self._config, self._pools.backend)
        place = name_of(name, sandboxes)
        record = await self._kept.get(place)
        if record is None:
            record = await self._run(job)
            if _complete(record):
                await self._kept.put(place, record)
        return record

    async def _run(self, job: Job) -> tuple[dict[str, Any], ...]:
        return (await SampleRunner(self._pools, self).run(job)).events

    async def close(self) -> None:
        """Stop what is under way."""
        await self._records.close()
        await self._compiled.close()
        if self._kept is not None:
            self._kept.close()
