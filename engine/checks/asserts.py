"""`asserts`: test code that calls the solution, with proof that it ran to its end.

Judged `split` where it can be: the tests in a process that the solution cannot reach. `shared`
where the text of the tests needs the solution beside it (`engine.judge.sharing`), and then a
solution that knows the driver could lie to it from inside. What is asked of the record, in this
order: nothing in it but the driver's own lines; an end; at least one test; every test passed.
"""

from dataclasses import replace
from typing import Any, TypeGuard

import msgspec

from veristone import AssertsCheck, InvalidSample, Limits, Reason, Sample, TestResult
from veristone.engine.checks.base import Room, Runner, python_job
from veristone.engine.checks.strength import reach_of, strength_of
from veristone.engine.jobs import Job, Report
from veristone.engine.judge.outcome import Judgement, failure, read_error, signal_failure
from veristone.engine.judge.sharing import reason_to_share
from veristone.engine.languages import find
from veristone.generators.code.stubs import enough

__all__ = ["check_asserts", "require_python"]

_RECORD_BYTES = 16 * 1024 * 1024
_EXTRA_LINES = 10_000
"""Of the record, beyond one for each line of the tests: test cases may be inherited."""


async def check_asserts(sample: Sample, check: AssertsCheck, runner: Runner) -> Judgement:
    """Run the tests and judge by the record."""
    require_python(sample, "asserts")
    why_shared = reason_to_share(check.tests)

    async def run(
        code: str, limits: Limits = sample.limits, *, measured: bool = False
    ) -> tuple[Report, list[TestResult], Reason, str]:
        job = _job(sample, check, code, limits, shared=why_shared is not None)
        report = await runner.run(replace(job, measured=measured))
        lines = check.tests.splitlines()
        tests = [
            _result(event, lines)
            for event in report.events
            if "test" in event and "skip" not in event
        ]
        return report, tests, *_judge(report, sample.limits, tests)

    further: list[Report] = []

    async def passes(code: str) -> bool:
        again, tests, reason, _ = await run(code, short)
        further.append(again)
        # A suite whose asserts were swallowed or never reached holds whatever the stub returns.
        nothing = reason is Reason.NO_TESTS and all(test.passed for test in tests)
        return reason is Reason.PASSED or (nothing and bool(tests))

    report, tests, reason, message = await run(sample.code)
    short = enough(sample.limits, report.cpu_s)
    strength = None
    if check.strength is not None and reason is Reason.PASSED:
        strength = await strength_of(sample.code, check.tests, check.strength, passes)
    if strength is not None:
        looked_at, _, same, _ = await run(sample.code, short, measured=True)
        further.append(looked_at)
        strength = msgspec.structs.replace(
            reach_of(strength, looked_at.events if same is reason else ()),
            runs=len(further),
            cpu_s=round(sum(each.cpu_s for each in further), 6),
        )
    return Judgement(
        reason=reason,
        message=message,
        tests=tests,
        shared=why_shared is not None,
        shared_because=why_shared or "",
        claims=_claims(report) if reason is Reason.PASSED else 0,
        strength=strength,
        last=report,
    )


def _job(sample: Sample, check: AssertsCheck, code: str, limits: Limits, *, shared: bool) -> Job:
    return python_job(
        code,
        "asserts" if shared else "split",
        check.tests.encode("utf-8", "surrogatepass"),
        limits,
        Room(_RECORD_BYTES, _EXTRA_LINES + check.tests.count("\n") + check.tests.count(";")),
        sample,
    )


def _claims(report: Report) -> int:
    """Return how many comparisons of a suite the solution's own objects answered."""
    found = [event["claims"] for event in report.events if type(event.get("claims")) is int]
    return found[-1] if found else 0


def require_python(sample: Sample, kind: str) -> None:
    """Raise `InvalidSample` for a language that has no driver for this kind of check."""
    if not find(sample.language).zygote:
        raise InvalidSample(f"check: {kind!r} is for Python; use program or stdio")


def _result(event: dict[str, Any], lines: list[str]) -> TestResult:
    where = event["test"]
    name = f"line {where}" if _is_line(where, lines) else where[:200] if type(where) is str else "?"
    if "exit" in event:
        return TestResult(
            passed=False, name=name, reason=Reason.EARLY_EXIT, message="called sys.exit"
        )
    if "raised" not in event:
        return TestResult(passed=True, name=name)
    kind, message = read_error(event["raised"])
    if kind == "AssertionError":
        if _is_line(where, lines) and not message:
            message = lines[where - 1].strip()
        return TestResult(
            passed=False, name=name, reason=Reason.ASSERTION_FAILED, message=message[:300]
        )
    return TestResult(
        passed=False, name=name, reason=Reason.RUNTIME_ERROR, message=f"{kind}: {message}"[:300]
    )


def _is_line(where: Any, lines: list[str]) -> TypeGuard[int]:
    return type(where) is int and 0 < where <= len(lines)


def _judge(report: Report, limits: Limits, tests: list[TestResult]) -> tuple[Reason, str]:
    if not report.intact:
        return Reason.TAMPERED, "wrote to the record of its own tests"
    end = next((event for event in report.events if "done" in event), None)
    if end is None:
        return _unfinished(report, limits, tests)
    broken = failure(report, limits)
    if broken is not None:
        return broken
    first = next((test for test in tests if not test.passed), None)
    if first is not None:
        return first.reason or Reason.RUNTIME_ERROR, f"{first.name}: {first.message}"
    stage = next((event for event in report.events if "stage" in event), None)
    if stage is not None:
        return _stage_failed(stage)
    if end["done"] != len(tests):
        return Reason.TAMPERED, "the record of the tests does not add up"
    if not tests and end.get("skipped"):
        return Reason.NO_TESTS, "every test was skipped, or was expected to fail"
    if not tests or (end.get("asserts") and not end.get("hits")):
        return Reason.NO_TESTS, "the test code tests nothing"
    return Reason.PASSED, ""


def _stage_failed(event: dict[str, Any]) -> tuple[Reason, str]:
    line = event["stage"]
    where = f"line {line if type(line) is int and line < 1 << 32 else '?'} of the tests"
    if "exit" in event:
        return Reason.EARLY_EXIT, f"{where}: called sys.exit"
    kind, message = read_error(event.get("raised"))
    return Reason.RUNTIME_ERROR, f"{where}: {kind}: {message}"[:300]


def _left(event: dict[str, Any]) -> tuple[Reason, str]:
    number = event.get("signal")
    if type(number) is int:
        known = signal_failure(number)
        return known[0], f"{known[1]} before the tests were done"
    return Reason.EARLY_EXIT, f"ended with exit code {event['left']} before the tests did"


def _unfinished(report: Report, limits: Limits, tests: list[TestResult]) -> tuple[Reason, str]:
    for event in report.events:
        if "compile" in event:
            return Reason.COMPILE_ERROR, ": ".join(read_error(event["compile"]))[:300]
        if "tests" in event:
            message = ": ".join(read_error(event["tests"]))[:300]
            return Reason.COMPILE_ERROR, f"the test code does not compile: {message}"
        if "raised" in event and "test" not in event and "stage" not in event:
            return Reason.RUNTIME_ERROR, ": ".join(read_error(event["raised"]))[:300]
        if event.get("exit") == "module":
            return Reason.EARLY_EXIT, "called sys.exit before the tests"
    broken = failure(report, limits)
    if broken is not None:
        return broken
    for event in report.events:
        if "broken" in event:
            return Reason.TAMPERED, f"gave the tests what is no value: {event['broken']}"[:300]
        if "left" in event:
            return _left(event)
    return Reason.EARLY_EXIT, f"ended with exit code {report.exit_code} before the tests did"
