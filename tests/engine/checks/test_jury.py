"""What a sample may say of the jury's programs, and which of a conversation's ends decides."""

from typing import Any

import msgspec
import pytest

from veristone import Checker, InteractiveCheck, InvalidSample, Limits, Reason, Sample, StdioCase
from veristone.checks import StdioCheck
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import Job, Report

CASE = StdioCase(input="secret")
KILLED = report(exit_code=None, signal=9)


async def verify(solution: Report, interactor: Report, **fields: Any) -> tuple[Any, list[Job]]:
    check = InteractiveCheck(cases=[CASE], interactor=Checker(code="jury"), **fields)
    backend = FakeBackend(lambda job: interactor if "input.txt" in job.files else solution)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        return await engine.verify(Sample(code="sample", check=check)), backend.jobs


async def test_the_case_is_the_interactors_alone() -> None:
    verdict, jobs = await verify(report(), report())
    assert verdict.reason is Reason.PASSED
    solution, interactor = sorted(jobs, key=lambda job: len(job.files))
    assert b"secret" not in (solution.stdin, solution.payload, *solution.files.values())
    assert interactor.files["input.txt"] == b"secret"
    assert interactor.argv == ("input.txt", "output.txt", "answer.txt")
    assert (solution.live, interactor.live) == (True, True)
    assert solution.limits.wall_s == Limits().wall_s + Limits().cpu_s
    assert interactor.limits.wall_s == solution.limits.wall_s + Limits().wall_s


@pytest.mark.parametrize(
    ("solution", "interactor", "reason"),
    [
        (report(exit_code=1, stderr="E: no"), report(), Reason.RUNTIME_ERROR),
        (report(exit_code=None, signal=9, killed="wall"), KILLED, Reason.WALL_TIMEOUT),
        (report(), report(exit_code=1, stderr="too far"), Reason.WRONG_ANSWER),
        (report(), report(exit_code=3), Reason.SANDBOX_ERROR),
        (report(), report(exit_code=None, signal=11), Reason.SANDBOX_ERROR),
    ],
)
async def test_ends(solution: Report, interactor: Report, reason: Reason) -> None:
    verdict, _ = await verify(solution, interactor)
    assert verdict.reason is reason, verdict.message


async def test_an_interactor_has_a_sandbox_although_there_is_one_for_samples() -> None:
    """Else two samples could wait for one another's."""
    backend = FakeBackend(delay_s=0.01)
    check = InteractiveCheck(cases=[CASE] * 3, interactor=Checker(code="jury"))
    samples = [Sample(code=f"{n}", check=check) for n in range(6)]
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        verdicts = [verdict async for verdict in engine.verify_stream(samples)]
    assert {verdict.reason for verdict in verdicts} == {Reason.PASSED}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"checker": Checker(code="", limits=Limits(cpu_s=0))}, "cpu_s"),
    ({"checker": Checker(code="", limits=Limits(memory_mib=9999))}, "check.checker.limits.memory"),
    ({"checker": Checker(code="", files={"../x": b""})}, "check.checker.files"),
    ({"checker": Checker(code="", files={"a": b"", "a/b": b""})}, "check.checker.files"),
    ({"cases": [StdioCase(points=0)]}, "case 1 must be worth"),
]


@pytest.mark.parametrize(("fields", "said"), REFUSED)
async def test_samples_that_cannot_be_judged(fields: dict[str, Any], said: str) -> None:
    check = msgspec.structs.replace(StdioCheck(cases=[CASE]), **fields)
    async with Engine(EngineConfig(sandboxes=1), backend=FakeBackend()) as engine:
        with pytest.raises(InvalidSample, match=said):
            await engine.verify(Sample(code="x", check=check))
