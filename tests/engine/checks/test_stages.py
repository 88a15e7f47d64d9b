"""Calls in stages that end with their first failure, and limits that follow a reference."""

from typing import Any

import pytest

from veristone import Call, FunctionCheck, InvalidSample, Limits, Reason, Sample, Verdict
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.jobs import Job

WRONG, RIGHT = -1, 1


def answered(*values: Any, **changes: Any) -> Answer:
    calls: list[dict[str, Any]] = [{"call": i, "value": v} for i, v in enumerate(values)]
    return report(*calls, {"done": len(values)}, **changes)


async def verify(stages: list[int], *answers: Answer) -> tuple[Verdict, list[Job]]:
    backend = FakeBackend(answers)
    calls = [Call(args=[n], expected=RIGHT) for n in range(sum(stages))]
    check = FunctionCheck(entry_point="f", calls=calls, stages=stages)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        return await engine.verify(Sample(code="x", check=check)), backend.jobs


async def test_every_stage_is_a_run_of_its_own() -> None:
    verdict, jobs = await verify([1, 2], answered(RIGHT), answered(RIGHT, RIGHT))
    assert (verdict.reason, verdict.passed, verdict.total) == (Reason.PASSED, 3, 3)
    assert [test.name for test in verdict.tests] == ["0", "1", "2"]
    assert len(jobs) == 2


async def test_the_first_calls_of_a_long_stage_come_first() -> None:
    verdict, jobs = await verify([40], answered(*[RIGHT] * 16), answered(*[RIGHT] * 24))
    assert (verdict.reason, verdict.passed, len(jobs)) == (Reason.PASSED, 40, 2)


async def test_a_failure_ends_its_stage_alone() -> None:
    first = answered(*[RIGHT] * 3, WRONG, *[RIGHT] * 12)
    verdict, jobs = await verify([40, 2], first, answered(RIGHT, RIGHT))
    assert len(jobs) == 2
    assert (verdict.reason, verdict.passed, verdict.total) == (Reason.WRONG_ANSWER, 17, 42)
    assert [test.message for test in verdict.tests[16:40]] == ["not run"] * 24
    assert all(test.passed for test in verdict.tests[40:])


async def test_the_first_failure_is_what_is_said() -> None:
    verdict, _ = await verify(
        [1, 1], answered(WRONG), report({"call": 0, "raised": ["E", "no"]}, {"done": 1})
    )
    assert verdict.reason is Reason.WRONG_ANSWER
    assert verdict.tests[1].reason is Reason.RUNTIME_ERROR


async def test_what_meddled_with_its_record_is_that_before_all() -> None:
    verdict, _ = await verify([1, 1], answered(WRONG), answered(RIGHT, intact=False))
    assert verdict.reason is Reason.TAMPERED


async def test_a_stage_that_failed_behind_its_calls_has_a_test_that_did_not_pass() -> None:
    verdict, _ = await verify([1, 1], report({"call": 0, "value": RIGHT}), answered(RIGHT))
    assert verdict.reason is Reason.EARLY_EXIT
    assert [test.passed for test in verdict.tests] == [False, True]


async def test_stages_must_hold_every_call() -> None:
    check = FunctionCheck(entry_point="f", calls=[Call(expected=1)], stages=[2])
    async with Engine(EngineConfig(sandboxes=1), backend=FakeBackend()) as engine:
        with pytest.raises(InvalidSample, match="stages"):
            await engine.verify(Sample(code="x", check=check))


@pytest.mark.parametrize(
    ("taken_s", "fields", "call_s", "run_s"),
    [
        (0.01, {}, 4.0, 10.0),
        (2.0, {}, 8.0, 16.0),
        (0.01, {"min_call_cpu_s": 1.0}, 1.0, 10.0),
        (2.0, {"time_factor": 10.0}, 20.0, 40.0),
        (2.0, {"call_cpu_s": 3.0}, 3.0, 16.0),
    ],
)
async def test_limits_follow_the_reference(
    taken_s: float, fields: dict[str, Any], call_s: float, run_s: float
) -> None:
    events: list[dict[str, Any]] = [{"call": n, "value": 1, "cpu": taken_s} for n in range(2)]
    backend = FakeBackend([report(*events, {"done": 2}), answered(1, 1)])
    given: dict[str, Any] = {"entry_point": "f", "calls": [Call(), Call()], "reference": "r"}
    check = FunctionCheck(**given, **fields)
    limits = Limits(cpu_s=10.0, wall_s=30.0)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        verdict = await engine.verify(Sample(code="x", check=check, limits=limits))
    assert verdict.reason is Reason.PASSED
    job = backend.jobs[1]
    assert job.call_cpu_s == call_s
    assert job.limits.cpu_s == run_s
    assert job.limits.wall_s == 3 * run_s
