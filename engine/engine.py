"""The engine: samples in, verdicts out.

    async with Engine() as engine:
        verdict = await engine.verify(sample)
        async for verdict in engine.verify_stream(samples):
            ...
        async with engine.session() as session:
            result = await session.run("1 + 1")

Promised: one verdict for every sample; a fault of ours is `undecided` after `attempts` fresh
sandboxes, never a failure of the sample; an error that nobody foresaw is `undecided` for that
sample alone, with its traceback in the log; memory is bounded however long a stream is. Not
promised: a verdict for a sample whose task was cancelled.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Self

import msgspec

from veristone import (
    AssertsCheck,
    BackendUnavailable,
    FunctionCheck,
    InteractiveCheck,
    InvalidSample,
    Isolation,
    Output,
    ProgramCheck,
    Provenance,
    Reason,
    Sample,
    StdioCheck,
    TestResult,
    Verdict,
    VeristoneError,
    __version__,
)
from veristone.engine.backends import choose
from veristone.engine.backends.base import Backend
from veristone.engine.calibration import measure, scaled
from veristone.engine.checks import check_names, judge
from veristone.engine.checks.function import reference_seconds
from veristone.engine.config import EngineConfig
from veristone.engine.jobs import Job
from veristone.engine.judge.outcome import Judgement, signal_name
from veristone.engine.languages import add, find
from veristone.engine.runner import Pools, References, SampleRunner
from veristone.engine.sessions import Session, Sessions
from veristone.engine.usage import EngineUsage, PoolState
from veristone.engine.verdict_cache import VerdictCache
from veristone.session import SessionOptions
from veristone.stream import stream_map

__all__ = ["Engine"]

_log = logging.getLogger(__name__)

_MESSAGE = 1000
"""Characters of a verdict's message."""
_SHORT_NAME = 16
_TESTS_SAY = 64 * 1024
"""Characters of the names and messages of all its tests together."""


class Engine:
    """A `Verifier` in this process: an asyncio core over a pool of sandboxes per language."""

    def __init__(self, config: EngineConfig | None = None, backend: Backend | None = None) -> None:
        """Make an engine; `backend` replaces the one that the configuration names.

        Raises:
            ConfigError: a folder of the configuration holds no language.
        """
        self.config = config or EngineConfig()
        for folder in self.config.languages:
            add(folder)
        self._given = backend
        self._backend: Backend | None = None
        self._pools = Pools(self.config)
        self._references = References(self._pools, self.config)
        self._verdicts: VerdictCache | None = None
        self._cpu_factor = 1.0
        self.sessions = Sessions(self.config.sessions, self.config.ceiling)

    async def __aenter__(self) -> Self:
        """Open the back end and warm up the Python sandboxes.

        Raises:
            BackendUnavailable: there is no way to isolate samples here.
        """
        try:
            self._backend = self._given or await choose(self.config)
        except OSError as error:  # a full disk, a folder for temporary files that is closed
            raise BackendUnavailable(f"no sandbox can be made ready: {error}") from error
        try:
            if self._given is not None:
                await self._backend.open()
            self._pools.open(self._backend)
            self.sessions.use(self._backend)
            if self.config.cache is not None:
                self._verdicts = VerdictCache(self.config.cache, self.config, self._backend.name)
            await self._pools.get("python")
            if self.config.calibrate:
                self._cpu_factor = await measure(SampleRunner(self._pools, self._references).run)
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
        backend, self._backend = self._backend, None
        await self.sessions.close()
        await self._references.close()
        if self._verdicts is not None:
            self._verdicts.close()
        await self._pools.close()
        if backend is not None:
            await backend.close()

    @property
    def backend(self) -> str:
        """Name of the back end in use."""
        return self._backend.name if self._backend is not None else ""

    async def isolation(self, language: str = "python") -> Isolation | None:
        """Return the walls around the sandboxes of a language, as they were tried."""
        return (await self._pools.get(find(language).name)).isolation

    async def version(self, language: str) -> str:
        """Return what a language's toolchain calls itself in its sandbox; nothing if it does not.

        Raises:
            BackendUnavailable: there is no sandbox of this language here.
        """
        known = find(language)
        job = Job(
            language=known.name,
            driver="exec",
            entry=known.entry,
            files={},
            limits=self.config.ceiling,
            argv=tuple(known.version),
        )
        report = await SampleRunner(self._pools, self._references).run(job)
        said = report.stdout.excerpt().text or report.stderr.excerpt().text
        return said.strip().partition("\n")[0]

    def usage(self) -> EngineUsage:
        """Return how busy the sandboxes of all languages have been since they were opened."""
        return self._pools.usage()

    def pools(self) -> list[PoolState]:
        """Return how the sandboxes of each language that was asked for are at this moment."""
        return self._pools.states()

    def accept(self, sample: Sample) -> None:
        """Raise `InvalidSample` where this engine cannot judge the sample as it is."""
        sample.validate()
        check_names(sample)
        jury = {f"check.{name}.limits": each.limits for name, each in sample.jury().items()}
        for field, limits in {"limits": sample.limits, **jury}.items():
            too_large = limits.exceeding(self.config.ceiling)
            if too_large is not None:
                raise InvalidSample(
                    f"{field}.{too_large} is {getattr(limits, too_large)}, this engine allows"
                    f" {getattr(self.config.ceiling, too_large)} (setting max_{too_large})"
                )
        size = sum(len(content) for content in sample.files.values()) + len(sample.code)
        if size > sample.limits.disk_mib * 1024 * 1024 // 2:
            raise InvalidSample("code and files together are larger than half of limits.disk_mib")

    @contextlib.asynccontextmanager
    async def session(self, options: SessionOptions | None = None) -> AsyncGenerator[Session]:
        """Lend a sandbox for several calls; it is destroyed at the end.

        Raises:
            InvalidSample: the options ask for more than this engine allows.
            SessionsFull: there are as many sessions as there may be.
            BackendUnavailable: no sandbox can be had.
        """
        session = await self.sessions.open(options or SessionOptions())
        try:
            yield session
        finally:
            await asyncio.shield(asyncio.ensure_future(session.close()))

    async def verify(self, sample: Sample) -> Verdict:
        """Judge one sample. See `veristone.Verifier`."""
        return await self._verify(sample, self._verdicts)

    async def verify_anew(self, sample: Sample) -> Verdict:
        """Judge one sample, also where a verdict of it is kept; raises as `verify` does."""
        return await self._verify(sample, None)

    async def prepare(self, sample: Sample) -> float:
        """Have the reference of a sample's check worked out, so that it stands ready.

        Returns:
            The CPU seconds that it takes; 0 where there is none or it fails: the verdict says so.
        """
        check = sample.check
        if not isinstance(check, FunctionCheck) or check.reference is None:
            return 0.0
        runner = SampleRunner(self._pools, self._references)
        timed = scaled(sample, self._cpu_factor)
        try:
            return await reference_seconds(timed, check, runner)
        except Exception:
            # Whatever it is, the verdict on a sample will tell it.
            return 0.0

    async def _verify(self, sample: Sample, kept: VerdictCache | None) -> Verdict:
        runner = SampleRunner(self._pools, self._references)

        async def judged() -> Verdict:
            timed = scaled(self._measured(sample), self._cpu_factor)
            verdict = _verdict(sample, await self._judged(timed, runner), runner)
            if verdict.provenance is not None and self._cpu_factor != 1:
                known = msgspec.structs.replace(verdict.provenance, cpu_factor=self._cpu_factor)
                verdict = msgspec.structs.replace(verdict, provenance=known)
            return verdict

        try:
            self.accept(sample)
            return await (judged() if kept is None else kept.verdict(sample, judged))
        except InvalidSample:
            raise
        except VeristoneError as error:
            why = str(error)
        except Exception as error:
            # A fault of the engine's own. It must not end a run of a million samples.
            _log.exception("sample %.200r: an unforeseen error", sample.id)
            why = f"an unforeseen error, see the log: {type(error).__name__}: {error}"
        return _verdict(sample, Judgement(reason=Reason.SANDBOX_ERROR, message=why), runner)

    async def _judged(self, sample: Sample, runner: SampleRunner) -> Judgement:
        judgement = await judge(sample, runner)
        if judgement.reason.is_timeout and runner.doubtful:
            # The machine may have been slow, not the program: once more, with nothing beside.
            runner.alone = True
            judgement = await judge(sample, runner)
        for number in range(1, self.config.reruns + 1):
            if judgement.reason is Reason.PASSED:
                judgement = _both(judgement, await judge(_once_more(sample, number), runner))
        return judgement

    def _measured(self, sample: Sample) -> Sample:
        """Return the sample with the strength of its tests asked for, where the settings say so."""
        check = sample.check
        if not isinstance(check, AssertsCheck) or self.config.strength is None or check.strength:
            return sample
        check = msgspec.structs.replace(check, strength=self.config.strength)
        return msgspec.structs.replace(sample, check=check)

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
            why = f"not accepted: {error}"[:_MESSAGE]
            return Verdict.undecided(sample.id, Reason.SANDBOX_ERROR, why)


def _once_more(sample: Sample, number: int) -> Sample:
    """Return the sample for another run: a Python program gets another hash seed."""
    check = sample.check
    if isinstance(check, AssertsCheck):
        check = msgspec.structs.replace(check, strength=None)
    env = sample.env
    if (
        isinstance(check, ProgramCheck | StdioCheck | InteractiveCheck)
        and find(sample.language).zygote
    ):
        env = {"PYTHONHASHSEED": str(number), **env}
    return msgspec.structs.replace(sample, check=check, env=env)


def _both(first: Judgement, again: Judgement) -> Judgement:
    """Return what a pass and a further run say together."""
    if again.reason is Reason.PASSED:
        return first
    return replace(again, reason=Reason.FLAKY, message=f"passed, and then did not: {again.message}")


def _verdict(sample: Sample, judgement: Judgement, runner: SampleRunner) -> Verdict:
    last, tests = judgement.last, _bounded(judgement.tests)
    return Verdict(
        id=sample.id,
        decision=judgement.reason.decision,
        reason=judgement.reason,
        message=judgement.message[:_MESSAGE],
        judged="shared" if judgement.shared else "split",
        shared_because=judgement.shared_because,
        claims=judgement.claims,
        strength=judgement.strength,
        completion=judgement.completion,
        passed=sum(test.passed for test in tests),
        total=len(tests),
        score=judgement.score,
        tests=tests,
        exit_code=last.exit_code if last else None,
        signal=signal_name(last.signal) if last and last.signal is not None else None,
        stdout=last.stdout.excerpt(judgement.show_bytes) if last else Output(),
        stderr=last.stderr.excerpt(judgement.show_bytes) if last else Output(),
        files=judgement.files,
        usage=runner.usage(),
        isolation=runner.isolation,
        provenance=_provenance(sample, runner),
        attempts=runner.attempts,
        version=__version__,
    )


def _provenance(sample: Sample, runner: SampleRunner) -> Provenance:
    language = find(sample.language)
    return Provenance(
        sample=sample.digest(),
        image=_image(language.name),
        python=runner.python if language.zygote else "",
    )


@functools.cache
def _image(language: str) -> str:
    """Return what an image of a language would be called; to read its files takes a while."""
    return find(language).image()


def _bounded(tests: list[TestResult]) -> list[TestResult]:
    """Return the tests; those that come when enough was said say nothing but their reason."""
    room = _TESTS_SAY
    bounded: list[TestResult] = []
    for test in tests:
        room -= len(test.message) + len(test.name)
        bounded.append(
            test
            if room >= 0
            else msgspec.structs.replace(test, message="", name=test.name[:_SHORT_NAME])
        )
    return bounded
