"""`function`: calls with given arguments, judged on the values that came back.

Judged `split`: the sandbox sees arguments only. Expected values are in the check or come from a
reference solution that ran in a sandbox of its own; they are compared here.
"""

from dataclasses import replace
from typing import Any

import msgspec

from veristone import (
    FunctionCheck,
    InvalidSample,
    Limits,
    Reason,
    Sample,
    SandboxFailure,
    TestResult,
)
from veristone.engine.checks.asserts import read_error, require_python
from veristone.engine.checks.base import Runner, python_job
from veristone.engine.jobs import LARGE_BYTES, Large, Report
from veristone.engine.judge.outcome import Judgement, failure
from veristone.engine.judge.render import show
from veristone.engine.judge.values import accepted, explain

__all__ = ["check_function"]

_encode = msgspec.json.Encoder().encode
_Failure = tuple[Reason, str]
_NOT_REACHED = "not reached"
_MOST_LONGER = 24
"""How many times longer than the expected value's text an equal one may be: 0 and 1.1e-16."""


async def check_function(sample: Sample, check: FunctionCheck, runner: Runner) -> Judgement:
    """Make the calls, compare what came back, call by call."""
    require_python(sample, "function")
    if not check.calls:
        return Judgement(reason=Reason.NO_TESTS, message="the check has no calls")
    payload = _payload(check)
    expected, slowest_s = await _expected(sample, check, payload, runner)
    job = python_job(sample.code, "calls", payload, sample.limits, sample)
    report = await runner.run(replace(job, call_cpu_s=check.call_cpu_s or slowest_s))
    answers = {
        event["call"]: event for event in report.events if isinstance(event.get("call"), int)
    }
    failures: list[_Failure | None] = [
        _judge_call(answers.get(index), want, check) for index, want in enumerate(expected)
    ]
    if report.killed == "call":
        stuck = next((index for index in range(len(failures)) if index not in answers), None)
        if stuck is not None:  # None: it answered every call and was stuck after them
            late = f"call {stuck} used more CPU time than a call may"
            failures[stuck] = Reason.CPU_TIMEOUT, late
    if check.validator is not None:
        await _validate(check, answers, expected, failures, runner)
    whole = _judge_run(report, sample.limits, len(check.calls))
    tests = [
        TestResult(passed=failed is None, name=str(index))
        if failed is None
        else TestResult(passed=False, name=str(index), reason=failed[0], message=failed[1])
        for index, failed in enumerate(failures)
    ]
    first = next((failed for failed in failures if failed), None)
    # A run that meddled with its record is that before anything else.
    distrusted = whole is not None and whole[0] is Reason.TAMPERED
    if first is None or distrusted or (first[1] == _NOT_REACHED and whole is not None):
        first = whole
    reason, message = first or (Reason.PASSED, "")
    return Judgement(reason=reason, message=message, tests=tests, last=report)


def _payload(check: FunctionCheck) -> bytes:
    calls = [{"args": call.args, "kwargs": call.kwargs} for call in check.calls]
    try:
        return _encode({"entry_point": check.entry_point, "calls": calls})
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSample(f"check: the arguments cannot be written as JSON: {error}") from error


async def _expected(
    sample: Sample, check: FunctionCheck, payload: bytes, runner: Runner
) -> tuple[list[Any], float | None]:
    """Return the expected value of each call, and the CPU seconds that a call may take."""
    if check.reference is None:
        if any(call.expected is msgspec.UNSET for call in check.calls):
            raise InvalidSample("check: a call has no expected value and there is no reference")
        return [call.expected for call in check.calls], None
    # The reference gets time of its own: it is trusted, and often slower than a good answer.
    limits = msgspec.structs.replace(
        sample.limits,
        cpu_s=max(60.0, sample.limits.cpu_s * 4),
        wall_s=max(120.0, sample.limits.wall_s * 4),
    )
    events = await runner.reference(python_job(check.reference, "calls", payload, limits))
    values: dict[int, Any] = {event["call"]: event for event in events if "call" in event}
    if len(values) != len(check.calls) or any("value" not in event for event in values.values()):
        raise SandboxFailure(f"the reference solution failed: {_why_reference(events)}")
    slowest_s = max(float(event.get("cpu", 0.0)) for event in values.values())
    return [values[index]["value"] for index in range(len(check.calls))], max(4.0, 4 * slowest_s)


def _why_reference(events: tuple[dict[str, Any], ...]) -> str:
    for event in events:
        for key in ("compile", "raised", "missing"):
            if key in event:
                return f"{key}: {event[key]}"[:300]
    return "it did not finish its calls"


def _judge_call(event: dict[str, Any] | None, want: Any, check: FunctionCheck) -> _Failure | None:
    if event is None:
        return Reason.RUNTIME_ERROR, _NOT_REACHED
    if "exit" in event:
        return Reason.EARLY_EXIT, "called sys.exit"
    if "raised" in event:
        return Reason.RUNTIME_ERROR, ": ".join(read_error(event["raised"]))[:300]
    if "value" not in event:
        return Reason.TAMPERED, "the record of a call holds no value"
    value = event["value"]
    if check.validator is not None:
        return None
    if isinstance(value, Large):
        if len(value.text) > LARGE_BYTES + _MOST_LONGER * len(_encode(want)):
            return Reason.WRONG_ANSWER, f"returned far more than {show(want)}"
        value = value.build()
    if accepted(want, value, check):
        return None
    fault = explain(want)
    if fault is not None:
        raise InvalidSample(f"check: an expected value is no value: {fault}")
    return Reason.WRONG_ANSWER, f"expected {show(want)}, got {show(value)}"


async def _validate(
    check: FunctionCheck,
    answers: dict[int, dict[str, Any]],
    expected: list[Any],
    failures: list[_Failure | None],
    runner: Runner,
) -> None:
    """Ask the validator about every call that returned; it sees values, never the sample."""
    asked = [index for index, failed in enumerate(failures) if failed is None]
    calls: list[dict[str, Any]] = [
        {
            "args": [check.calls[index].args, _as_json(answers[index]["value"]), expected[index]],
            "kwargs": {},
        }
        for index in asked
    ]
    payload = _encode({"entry_point": "accept", "calls": calls})
    limits = Limits(cpu_s=60.0, wall_s=120.0)
    report = await runner.run(python_job(check.validator or "", "calls", payload, limits))
    said = {event["call"]: event for event in report.events if isinstance(event.get("call"), int)}
    if not any("done" in event for event in report.events):
        raise SandboxFailure(f"the validator failed: {_why_reference(report.events)}")
    for position, index in enumerate(asked):
        event = said.get(position, {})
        if event.get("value") is not True:
            value = answers[index]["value"]
            got = "a long value" if isinstance(value, Large) else show(value)
            failures[index] = (Reason.WRONG_ANSWER, f"the validator refused {got}")


def _as_json(value: Any) -> Any:
    return msgspec.Raw(value.text) if isinstance(value, Large) else value


def _judge_run(report: Report, limits: Limits, calls: int) -> _Failure | None:
    """Return what is wrong with the run as a whole."""
    if not report.intact:
        return Reason.TAMPERED, "wrote to the record of its own calls"
    for event in report.events:
        if "compile" in event:
            return Reason.COMPILE_ERROR, ": ".join(read_error(event["compile"]))[:300]
        if "missing" in event:
            return Reason.RUNTIME_ERROR, f"defines no {str(event['missing'])[:100]}"
        if "raised" in event and "call" not in event:
            return Reason.RUNTIME_ERROR, ": ".join(read_error(event["raised"]))[:300]
        if event.get("exit") == "module":
            return Reason.EARLY_EXIT, "called sys.exit when it was loaded"
    broken = failure(report, limits)
    if broken is not None:
        return broken
    if not any(event.get("done") == calls for event in report.events):
        return Reason.EARLY_EXIT, f"ended with exit code {report.exit_code} before its calls did"
    return None
