"""The engine over a scripted back end: retries, reruns, streams, one verdict for every sample."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from veristone import (
    BackendUnavailable,
    Call,
    ConfigError,
    Decision,
    FunctionCheck,
    InvalidSample,
    Limits,
    ProtocolViolation,
    Reason,
    Sample,
    SandboxFailure,
    Verifier,
    __version__,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.jobs import Job
from veristone.engine.wire import Retired


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here waits for a daemon to come back."""
    monkeypatch.setattr("veristone.engine.runner._BACKEND_PAUSES_S", (0.01, 0.01))
    monkeypatch.setattr("veristone.engine.pool._RETRY_FIRST_S", 0.01)


def engine_on(backend: FakeBackend, **settings: Any) -> Engine:
    config = EngineConfig.model_validate({"sandboxes": 2} | settings)
    return Engine(config, backend=backend)


def sample(number: int = 0, **fields: Any) -> Sample:
    return Sample(id=str(number), code=f"print({number})", **fields)


async def test_an_engine_is_a_verifier() -> None:
    assert isinstance(Engine(EngineConfig()), Verifier)


async def test_a_verdict_carries_what_was_measured() -> None:
    backend = FakeBackend(
        lambda job: report(exit_code=None, signal=11, stdout="out", stderr="err", peak_kib=2048)
    )
    async with engine_on(backend) as engine:
        verdict = await engine.verify(sample(7))
    assert verdict.id == "7"
    assert (verdict.signal, verdict.exit_code) == ("SIGSEGV", None)
    assert (verdict.stdout.text, verdict.stderr.text) == ("out", "err")
    assert verdict.usage.peak_memory_mib == 2.0
    assert verdict.usage.runs == 1
    assert verdict.isolation is not None
    assert verdict.isolation.backend == "fake"
    assert verdict.attempts == 1
    assert verdict.version == __version__


@pytest.mark.parametrize(
    "error", [StopIteration(), KeyError("x"), ValueError("y"), MemoryError(), OSError(28, "full")]
)
async def test_an_unforeseen_error_is_undecided_for_that_sample_alone(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def script(job: Job) -> Answer:
        if job.files["main.py"] == b"print(1)":
            raise error
        return report()

    async with engine_on(FakeBackend(script)) as engine:
        verdicts = [each async for each in engine.verify_stream(map(sample, range(3)))]
    decisions = [verdict.decision for verdict in verdicts]
    assert decisions == [Decision.PASS, Decision.UNDECIDED, Decision.PASS]
    assert type(error).__name__ in verdicts[1].message
    record = next(record for record in caplog.records if record.exc_info)
    assert "'1'" in record.getMessage()


async def test_a_sample_of_the_wrong_types_ends_no_stream() -> None:
    bad: Any = {"main.py": 5}
    async with engine_on(FakeBackend()) as engine:
        samples = [sample(0), sample(1, files=bad), sample(2)]
        verdicts = [each async for each in engine.verify_stream(samples)]
    assert [v.decision for v in verdicts] == [Decision.PASS, Decision.UNDECIDED, Decision.PASS]


async def test_what_ends_everything_is_no_verdict() -> None:
    async with engine_on(FakeBackend(iter([]), delay_s=1.0)) as engine:
        task = asyncio.ensure_future(engine.verify(sample()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# Faults (invariant 4) -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SandboxFailure, ProtocolViolation, BackendUnavailable])
@pytest.mark.parametrize("faults", [1, 2, 3, 10])
async def test_an_infrastructure_fault_is_never_a_wrong_answer(
    kind: type[Exception], faults: int
) -> None:
    """Invariant 4."""
    script: list[Answer] = [*[kind("broke")] * faults, *[report()] * 4]
    backend = FakeBackend(script)
    async with engine_on(backend) as engine:
        verdict = await engine.verify(sample())
    if faults < 3:
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, faults + 1)
    else:
        assert (verdict.decision, verdict.reason) == (Decision.UNDECIDED, Reason.SANDBOX_ERROR)
        assert verdict.attempts == 3
        assert "broke" in verdict.message
    assert len(backend.jobs) == min(faults + 1, 3)


async def test_each_attempt_is_made_on_a_fresh_sandbox() -> None:
    backend = FakeBackend([SandboxFailure("broke")] * 2 + [report()])
    async with engine_on(backend, sandboxes=1) as engine:
        assert (await engine.verify(sample())).attempts == 3
        assert backend.started == 3


async def test_a_sandbox_that_another_sample_used_up_is_no_attempt() -> None:
    """Else whoever comes behind a few hostile samples would be undecided."""
    backend = FakeBackend([*[Retired("used up")] * 7, report()])
    async with engine_on(backend) as engine:
        verdict = await engine.verify(sample())
    assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1)


async def test_the_number_of_attempts_is_a_setting() -> None:
    backend = FakeBackend(lambda job: SandboxFailure("broke"))
    async with engine_on(backend, attempts=1) as engine:
        verdict = await engine.verify(sample())
    assert (verdict.attempts, len(backend.jobs)) == (1, 1)


async def test_a_back_end_that_is_gone_leaves_samples_undecided_until_it_is_back() -> None:
    backend = FakeBackend()
    async with engine_on(backend) as engine, asyncio.timeout(20):
        assert (await engine.verify(sample())).decision is Decision.PASS
        backend.trouble = BackendUnavailable("docker: no daemon answers")
        for sandbox in list(backend.sandboxes):
            sandbox.die()
        verdicts = [v async for v in engine.verify_stream(map(sample, range(10)))]
        assert {v.decision for v in verdicts} == {Decision.UNDECIDED}
        assert all("no daemon answers" in v.message for v in verdicts)
        backend.trouble = None
        await asyncio.sleep(0.1)
        assert (await engine.verify(sample())).decision is Decision.PASS


async def test_no_sandbox_at_the_start_is_an_error() -> None:
    backend = FakeBackend()
    backend.trouble = BackendUnavailable("nothing here")
    with pytest.raises(BackendUnavailable, match="nothing here"):
        async with engine_on(backend):
            pass
    assert not backend.is_open


async def test_an_engine_that_is_not_open_leaves_a_sample_undecided() -> None:
    verdict = await Engine(EngineConfig()).verify(sample())
    assert verdict.decision is Decision.UNDECIDED
    assert "not open" in verdict.message


async def test_leaving_ends_every_sandbox_and_every_task() -> None:
    backend = FakeBackend(delay_s=0.01)
    before = asyncio.all_tasks()

    async def work() -> None:
        async with engine_on(backend) as engine:
            check = FunctionCheck(entry_point="f", calls=[Call()], reference="def f(): ...")
            pending = asyncio.ensure_future(engine.verify(sample(check=check)))
            await asyncio.sleep(0.005)
            pending.cancel()
            await asyncio.wait((pending,))
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert not backend.sandboxes
    assert not backend.is_open


async def test_a_cancelled_leave_still_ends_every_sandbox() -> None:
    backend = FakeBackend()
    left = asyncio.Event()

    async def work() -> None:
        async with engine_on(backend):
            left.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())
    await left.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    async with asyncio.timeout(5):
        while backend.is_open:
            await asyncio.sleep(0.001)
    assert not backend.sandboxes


# Running again alone --------------------------------------------------------------------------

SLOW = Limits(cpu_s=1.0, wall_s=2.0)
NEAR_MISS = report(cpu_s=1.1)
STARVED = report(exit_code=None, signal=9, killed="wall", cpu_s=0.2, starved_s=1.0)
HANG = report(exit_code=None, signal=9, killed="cpu", cpu_s=1.5)
SLEEPER = report(exit_code=None, signal=9, killed="wall", cpu_s=0.0, starved_s=0.01)


@pytest.mark.parametrize(
    ("first", "second", "reason", "runs"),
    [
        (report(), None, Reason.PASSED, 1),
        (NEAR_MISS, report(cpu_s=0.9), Reason.PASSED, 2),
        (NEAR_MISS, NEAR_MISS, Reason.CPU_TIMEOUT, 2),
        (NEAR_MISS, report(exit_code=1), Reason.RUNTIME_ERROR, 2),
        (STARVED, report(cpu_s=0.9), Reason.PASSED, 2),
        (STARVED, STARVED, Reason.WALL_TIMEOUT, 2),
        (HANG, None, Reason.CPU_TIMEOUT, 1),
        (SLEEPER, None, Reason.WALL_TIMEOUT, 1),
        (report(exit_code=1), None, Reason.RUNTIME_ERROR, 1),
    ],
    ids=[
        *("quick", "near miss", "near miss twice", "near miss, then wrong"),
        *("starved", "starved twice", "endless", "sleeper", "wrong"),
    ],
)
async def test_a_time_out_that_a_busy_host_may_have_caused_is_run_again_alone(
    first: Answer, second: Answer | None, reason: Reason, runs: int
) -> None:
    """Invariant 6."""
    script = [first] if second is None else [first, second]
    backend = FakeBackend(script)
    async with engine_on(backend) as engine:
        verdict = await engine.verify(sample(limits=SLOW))
    assert verdict.reason is reason
    assert verdict.usage.runs == runs
    assert verdict.attempts == 1


async def test_the_second_run_has_the_host_to_itself() -> None:
    busy: Counter[str] = Counter()
    beside: list[int] = []

    async def script(job: Job) -> Answer:
        code = job.files["main.py"]
        again = busy[str(code)] > 0
        busy[str(code)] += 1
        busy["now"] += 1
        await asyncio.sleep(0.01)
        if b"slow" in code and again:
            beside.append(busy["now"])
        busy["now"] -= 1
        return NEAR_MISS if b"slow" in code else report()

    backend = FakeBackend(script)
    samples = [
        Sample(id=str(n), code=f"{'slow' if n % 7 == 0 else 'fast'} {n}", limits=SLOW)
        for n in range(21)
    ]
    async with engine_on(backend, sandboxes=4) as engine, asyncio.timeout(20):
        verdicts = [v async for v in engine.verify_stream(samples)]
    assert beside == [1, 1, 1]
    assert Counter(v.reason for v in verdicts) == {Reason.PASSED: 18, Reason.CPU_TIMEOUT: 3}


async def test_a_sandbox_that_breaks_in_the_second_run_is_a_retry() -> None:
    backend = FakeBackend([NEAR_MISS, SandboxFailure("broke"), report(cpu_s=0.5)])
    async with engine_on(backend) as engine:
        verdict = await engine.verify(sample(limits=SLOW))
    assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 2)


# Streams ------------------------------------------------------------------------------------


def by_number(job: Job) -> Answer:
    number = int(job.files["main.py"][6:-1])
    return report(exit_code=number % 2)


@pytest.mark.parametrize("ordered", [True, False])
async def test_one_verdict_for_every_sample(ordered: bool) -> None:
    flaky = itertools.count()

    async def script(job: Job) -> Answer:
        await asyncio.sleep(next(flaky) % 3 / 1000)
        return SandboxFailure("broke") if next(flaky) % 11 == 0 else by_number(job)

    async with engine_on(FakeBackend(script), sandboxes=3) as engine:
        verdicts = [v async for v in engine.verify_stream(map(sample, range(100)), ordered=ordered)]
    ids = [int(v.id) for v in verdicts]
    assert sorted(ids) == list(range(100))
    assert not ordered or ids == list(range(100))
    for verdict in verdicts:
        if verdict.decision is not Decision.UNDECIDED:
            assert (verdict.decision is Decision.PASS) == (int(verdict.id) % 2 == 0)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"limits": Limits(cpu_s=0)}, "limits.cpu_s"),
        ({"limits": Limits(memory_mib=10**6)}, "memory_mib"),
        ({"language": "cobol"}, "cobol"),
        ({"files": {"../x": b""}}, "files"),
        ({"files": {"/etc/passwd": b""}}, "files"),
        ({"env": {"A=B": "x"}}, "env"),
        ({"files": {"x": bytes(60 * 2**20)}}, "disk_mib"),
        ({"check": FunctionCheck(entry_point="f", calls=[Call(args=[1])])}, "expected"),
        ({"check": FunctionCheck(entry_point="f", calls=[Call(expected={"$set": 1})])}, "value"),
    ],
)
async def test_a_bad_sample_in_a_stream_is_undecided_and_the_stream_goes_on(
    bad: dict[str, Any], said: str
) -> None:
    backend = FakeBackend(lambda job: report({"call": 0, "value": 1}, {"done": 1}))
    samples = [sample(0), sample(1, **bad), sample(2)]
    async with engine_on(backend) as engine:
        verdicts = [v async for v in engine.verify_stream(samples)]
        decisions = [v.decision for v in verdicts]
        assert decisions == [Decision.PASS, Decision.UNDECIDED, Decision.PASS]
        assert said in verdicts[1].message
        with pytest.raises(InvalidSample):
            await engine.verify(samples[1])


async def test_an_asynchronous_source_and_an_early_end() -> None:
    closed = asyncio.Event()

    async def source() -> AsyncIterator[Sample]:
        try:
            for number in itertools.count():
                await asyncio.sleep(0)
                yield sample(number)
        finally:
            closed.set()

    backend = FakeBackend(by_number)
    async with engine_on(backend) as engine:
        before = asyncio.all_tasks()
        stream = engine.verify_stream(source())
        seen: list[str] = []
        async for verdict in stream:
            seen.append(verdict.id)
            if len(seen) == 50:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        assert closed.is_set()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        # The engine is as good as new.
        async with asyncio.timeout(5):
            assert (await engine.verify(sample(2))).decision is Decision.PASS
    assert seen == [str(number) for number in range(50)]


async def test_a_source_that_raises_ends_the_stream_with_its_error() -> None:
    def source() -> Iterator[Sample]:
        yield sample(0)
        raise ConfigError("torn file")

    async with engine_on(FakeBackend()) as engine:
        with pytest.raises(ConfigError, match="torn file"):
            async for _ in engine.verify_stream(source()):
                pass
        assert (await engine.verify(sample())).decision is Decision.PASS


async def test_a_stream_reads_no_more_than_its_window_ahead() -> None:
    taken = 0

    def source() -> Iterator[Sample]:
        nonlocal taken
        for taken in itertools.count(1):
            yield sample(taken)

    async with engine_on(FakeBackend(), window=16) as engine:
        stream = engine.verify_stream(source())
        seen = 0
        async for _ in stream:
            seen += 1
            await asyncio.sleep(0.002)
            assert taken <= seen + 16
            if seen == 40:
                break
        await stream.aclose()  # type: ignore[attr-defined]


async def test_two_streams_at_once() -> None:
    async with engine_on(FakeBackend(by_number, delay_s=0.001)) as engine:

        async def ids(start: int) -> list[int]:
            numbers = range(start, start + 50)
            return [int(v.id) async for v in engine.verify_stream(map(sample, numbers))]

        first, second = await asyncio.gather(ids(0), ids(1000))
    assert first == list(range(50))
    assert second == list(range(1000, 1050))
