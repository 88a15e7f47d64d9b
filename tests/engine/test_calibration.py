"""What a CPU second is worth: measured at the start, applied to limits, recorded."""

from typing import Any

import pytest

from veristone import (
    BackendUnavailable,
    Call,
    Checker,
    FunctionCheck,
    Limits,
    Reason,
    Sample,
    SandboxFailure,
    StdioCase,
    StdioCheck,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.calibration import REFERENCE_S, scaled
from veristone.engine.calibration_work import work
from veristone.engine.jobs import Job

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLE = Sample(code="x", limits=Limits(cpu_s=4.0, wall_s=8.0))


async def judged(times: list[float], **settings: Any) -> tuple[Any, Job]:
    """Return the verdict of an engine in whose sandboxes the work took so long, and its job."""
    left = iter(times)

    def script(job: Job) -> Any:
        return report(cpu_s=next(left)) if b"def work" in job.files["main.py"] else report()

    backend = FakeBackend(script)
    async with Engine(EngineConfig(sandboxes=1, **settings), backend=backend) as engine:
        return await engine.verify(SAMPLE), backend.jobs[-1]


async def test_limits_are_longer_where_the_host_is_slower() -> None:
    times = [3.0, 2.0, 4.0, 5.0, 6.0]
    verdict, job = await judged([REFERENCE_S * each for each in times], calibrate=True)
    assert (job.limits.cpu_s, job.limits.wall_s) == (8.0, 16.0)
    assert verdict.provenance.cpu_factor == 2.0
    assert verdict.provenance.sample == SAMPLE.digest()


async def test_nothing_is_measured_unasked() -> None:
    verdict, job = await judged([])
    assert job.limits.cpu_s == 4.0
    assert verdict.provenance.cpu_factor == 1.0


async def test_no_measurement_makes_a_limit_absurd() -> None:
    _, job = await judged([1e6] * 5, calibrate=True)
    assert job.limits.cpu_s == 40.0


async def test_an_engine_whose_work_is_not_done_does_not_open() -> None:
    backend = FakeBackend(lambda job: report(exit_code=1))
    with pytest.raises((SandboxFailure, BackendUnavailable), match="calibration"):
        async with Engine(EngineConfig(sandboxes=1, calibrate=True), backend=backend):
            pass


async def test_every_limit_of_time_is_scaled() -> None:
    checker = Checker(code="", limits=Limits(cpu_s=1.0))
    stdio = scaled(Sample(code="", check=StdioCheck(cases=[StdioCase()], checker=checker)), 3)
    assert isinstance(stdio.check, StdioCheck)
    assert stdio.check.checker is not None
    assert stdio.check.checker.limits.cpu_s == 3.0
    calls = FunctionCheck(entry_point="f", calls=[Call()], call_cpu_s=2.0, min_call_cpu_s=1.0)
    check = scaled(Sample(code="", check=calls), 3).check
    assert isinstance(check, FunctionCheck)
    assert (check.call_cpu_s, check.min_call_cpu_s) == (6.0, 3.0)


async def test_the_work_is_always_the_same() -> None:
    assert work() == 843570


@pytest.mark.bubblewrap
async def test_a_host_is_measured() -> None:
    config = EngineConfig(backend="bubblewrap", sandboxes=1, calibrate=True)
    async with Engine(config) as engine:
        verdict = await engine.verify(Sample(code="print(1)"))
    assert verdict.reason is Reason.PASSED
    assert verdict.provenance is not None
    assert 0.1 < verdict.provenance.cpu_factor < 10
