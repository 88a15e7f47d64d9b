"""The engine: samples in, verdicts out.

    async with Engine() as engine:
        verdict = await engine.verify(sample)
        async for verdict in engine.verify_stream(samples):
            ...

Promised: one verdict for every sample; a fault of ours is `undecided` after `attempts` fresh
sandboxes, never a failure of the sample; memory is bounded however long a stream is. Not
promised: a verdict for a sample whose task was cancelled.
"""

import asyncio
import collections
import contextlib
import hashlib
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self

from veristone import (
    BackendUnavailable,
    InvalidSample,
    Isolation,
    Output,
    Reason,
    Sample,
    SandboxFailure,
    Usage,
    Verdict,
    VeristoneError,
    __version__,
)
from veristone.engine.backends import choose
from veristone.engine.backends.base import Backend
from veristone.engine.checks import judge
from veristone.engine.config import EngineConfig
from veristone.engine.jobs import Job, Large, Report
from veristone.engine.judge.outcome import Judgement, signal_name
from veristone.engine.languages import find
from veristone.engine.pool import Pool
from veristone.engine.stream import stream_map
from veristone.engine.usage import EngineUsage

__all__ = ["Engine"]

_REFERENCES = 1024
_TIMEOUTS = (Reason.CPU_TIMEOUT, Reason.WALL_TIMEOUT)
_STARVED = 0.1
"""Share of its wall time that a program may stand ready without a CPU before it is run again."""
_BACKEND_PAUSES_S = (0.5, 1.5)


class Engine:
    """A `Verifier` in this process: an asyncio core over a pool of sandboxes per language."""

    def __init__(self, config: EngineConfig | None = None, backend: Backend | None = None) -> None:
        """Make an engine; `backend` replaces the one that the configuration names."""
        self.config = config or EngineConfig()
        self._given = backend
        self._backend: Backend | None = None
        self._pools: dict[str, asyncio.Task[Pool]] = {}
        self._references: collections.OrderedDict[
            bytes, asyncio.Task[tuple[dict[str, Any], ...]]
        ] = collections.OrderedDict()

    async def __aenter__(self) -> Self:
        """Open the back end and warm up the Python sandboxes.

        Raises:
            BackendUnavailable: there is no way to isolate samples here.
        """
        self._backend = self._given or await choose(self.config)
        try:
            if self._given is not None:
                await self._backend.open()
            await self._pool("python")
        except BaseException:
            await self._shut()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Destroy every sandbox; also after an error, also when cancelled."""
        await asyncio.shield(asyncio.ensure_future(self._shut()))

    async def _shut(self) -> None:
        references = list(self._references.values())
        self._references.clear()
        for task in references:
            task.cancel()
        await asyncio.gather(*references, return_exceptions=True)
        tasks, self._pools = list(self._pools.values()), {}
        for task in tasks:
            if not task.done():
                task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(pool.close() for pool in done if isinstance(pool, Pool)))
        if self._backend is not None:
            await self._backend.close()
            self._backend = None

    @property
    def backend(self) -> str:
        """Name of the back end in use."""
        return self._backend.name if self._backend is not None else ""

    async def isolation(self, language: str = "python") -> Isolation | None:
        """Return the walls around the sandboxes of a language, as they were tried."""
        return (await self._pool(find(language).name)).isolation

    def usage(self) -> EngineUsage:
        """Return how busy the sandboxes of all languages have been since they were opened."""
        pools = [
            task.result()
            for task in self._pools.values()
            if task.done() and not task.cancelled() and task.exception() is None
        ]
        readings = [pool.meter.read() for pool in pools]
        return EngineUsage(
            busy_s=sum(reading.busy_s for reading in readings),
            open_s=sum(reading.open_s for reading in readings),
        )

    async def _pool(self, language: str) -> Pool:
        if self._backend is None:
            raise BackendUnavailable("the engine is not open: use `async with Engine()`")
        task = self._pools.get(language)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.ensure_future(self._open_pool(self._backend, language))
            self._pools[language] = task
        return await asyncio.shield(task)

    async def _open_pool(self, backend: Backend, language: str) -> Pool:
        pool = Pool(backend, find(language), self.config.sandboxes)
        try:
            await pool.open()
        except BaseException:
            await pool.close()
            raise
        return pool

    def accept(self, sample: Sample) -> None:
        """Raise `InvalidSample` where this engine cannot judge the sample as it is."""
        sample.validate()
        find(sample.language)
        too_large = sample.limits.exceeding(self.config.ceiling)
        if too_large is not None:
            raise InvalidSample(
                f"limits.{too_large} is {getattr(sample.limits, too_large)}, this engine allows"
                f" {getattr(self.config.ceiling, too_large)} (setting max_{too_large})"
            )
        size = sum(len(content) for content in sample.files.values()) + len(sample.code)
        if size > sample.limits.disk_mib * 1024 * 1024 // 2:
            raise InvalidSample("code and files together are larger than half of limits.disk_mib")

    async def verify(self, sample: Sample) -> Verdict:
        """Judge one sample. See `veristone.Verifier`."""
        self.accept(sample)
        runner = _SampleRunner(self)
        try:
            judgement = await judge(sample, runner)
            if judgement.reason in _TIMEOUTS and runner.doubtful:
                # The machine may have been slow, not the program: once more, with nothing beside.
                runner.alone = True
                judgement = await judge(sample, runner)
        except InvalidSample:
            raise
        except VeristoneError as error:
            judgement = Judgement(reason=Reason.SANDBOX_ERROR, message=str(error))
        return _verdict(sample, judgement, runner)

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        """Judge samples as they come. See `veristone.Verifier`.

        A sample that cannot be judged as it is gets an `undecided` verdict that says why: one
        bad record must not end a stream of a million.
        """
        # One sample per sandbox is judged while the next stands ready beside it.
        workers = 2 * self.config.sandboxes
        async with contextlib.aclosing(
            stream_map(
                self._verify_any,
                samples,
                workers=workers,
                window=self.config.window,
                ordered=ordered,
            )
        ) as verdicts:
            async for verdict in verdicts:
                yield verdict

    async def _verify_any(self, sample: Sample) -> Verdict:
        try:
            return await self.verify(sample)
        except InvalidSample as error:
            judgement = Judgement(reason=Reason.SANDBOX_ERROR, message=f"not accepted: {error}")
            return _verdict(sample, judgement, _SampleRunner(self))

    async def run_job(self, job: Job, runner: "_SampleRunner") -> Report:
        """Run a job, on fresh sandboxes where one breaks; see `checks.Runner.run`."""
        error: VeristoneError = SandboxFailure("no attempt was made")
        for attempt in range(self.config.attempts):
            if attempt:
                runner.attempts += 1
            try:
                pool = await self._pool(job.language)
                return await self._run_once(pool, job, runner)
            except BackendUnavailable as broken:
                error = broken
                if attempt < self.config.attempts - 1:
                    await asyncio.sleep(_BACKEND_PAUSES_S[min(attempt, 1)])
            except SandboxFailure as broken:
                error = broken
        raise error

    async def _run_once(self, pool: Pool, job: Job, runner: "_SampleRunner") -> Report:
        asked = time.monotonic()
        async with pool.lease(alone=runner.alone) as sandbox:
            runner.queued_s += time.monotonic() - asked
            report = await sandbox.run(job)
            runner.note(job, report, sandbox.isolation)
        # Who waits for this sandbox goes first; judging can wait, an idle sandbox is a loss.
        await asyncio.sleep(0)
        return report

    async def recall(self, job: Job) -> tuple[dict[str, Any], ...]:
        """Run a trusted job once and remember its record; see `checks.Runner.reference`."""
        key = hashlib.blake2b(job.payload, digest_size=16)
        key.update(b"\0".join(job.files.values()))
        name = key.digest()
        task = self._references.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.ensure_future(self._reference(job))
            self._references[name] = task
            while len(self._references) > _REFERENCES:
                self._references.popitem(last=False)
        self._references.move_to_end(name)
        return await asyncio.shield(task)

    async def _reference(self, job: Job) -> tuple[dict[str, Any], ...]:
        report = await self.run_job(job, _SampleRunner(self))
        # Trusted, so built however long: once here, and not by every sample that asks.
        return tuple(
            {key: item.build() if isinstance(item, Large) else item for key, item in event.items()}
            for event in report.events
        )


def _doubtful(job: Job, report: Report) -> bool:
    """True for a time-out that a busy machine may have caused: ours, or what else runs there."""
    ended = report.killed is None and report.signal is None
    near_miss = ended and report.cpu_s > job.limits.cpu_s
    starved = report.killed == "wall" and report.starved_s > _STARVED * job.limits.wall_s
    return near_miss or starved


class _SampleRunner:
    """The jobs of one sample, added up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.attempts = 1
        self.alone = False
        """Run beside nothing else: set for the second look at a doubtful time-out."""
        self.doubtful = False
        self.queued_s = 0.0
        self.isolation: Isolation | None = None
        self._cpu_s = self._wall_s = self._inside_s = 0.0
        self._peak_kib = self._runs = 0

    async def run(self, job: Job) -> Report:
        """See `checks.Runner.run`."""
        return await self._engine.run_job(job, self)

    async def reference(self, job: Job) -> tuple[dict[str, Any], ...]:
        """See `checks.Runner.reference`."""
        return await self._engine.recall(job)

    def note(self, job: Job, report: Report, isolation: Isolation | None) -> None:
        """Add a run."""
        self.doubtful = self.doubtful or _doubtful(job, report)
        self._cpu_s += report.cpu_s
        self._wall_s += report.wall_s
        self._inside_s += report.inside_s
        self._peak_kib = max(self._peak_kib, report.peak_kib)
        self._runs += 1
        self.isolation = isolation

    def usage(self) -> Usage:
        """Return the sums."""
        return Usage(
            cpu_s=round(self._cpu_s, 6),
            wall_s=round(self._wall_s, 6),
            peak_memory_mib=round(self._peak_kib / 1024, 2),
            runs=self._runs,
            inside_s=round(self._inside_s, 6),
            queued_s=round(self.queued_s, 6),
        )


def _verdict(sample: Sample, judgement: Judgement, runner: _SampleRunner) -> Verdict:
    last = judgement.last
    return Verdict(
        id=sample.id,
        decision=judgement.reason.decision,
        reason=judgement.reason,
        message=judgement.message,
        judged="shared" if judgement.shared else "split",
        passed=sum(test.passed for test in judgement.tests),
        total=len(judgement.tests),
        tests=judgement.tests,
        exit_code=last.exit_code if last else None,
        signal=signal_name(last.signal) if last and last.signal is not None else None,
        stdout=last.stdout.excerpt() if last else Output(),
        stderr=last.stderr.excerpt() if last else Output(),
        usage=runner.usage(),
        isolation=runner.isolation,
        attempts=runner.attempts,
        version=__version__,
    )
