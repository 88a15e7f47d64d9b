"""`function`: calls with given arguments, judged on the values that came back.

Judged `split`: the sandbox sees arguments only. Expected values are in the check or come from a
reference solution that ran in a sandbox of its own; they are compared here. What a reference
answers at length stays in the sandbox, as do answers that long: of both a digest is compared. Where
digests differ, values may be equal nevertheless (a float that is close to another, a set in another
order), so those calls are made once more, and the values come.
"""

import time
from dataclasses import replace
from typing import Any, NamedTuple

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
from veristone.engine.checks.asserts import require_python
from veristone.engine.checks.base import Room, Runner, aside, python_job
from veristone.engine.jobs import LARGE_BYTES, Job, Large, Report
from veristone.engine.judge.outcome import Judgement, failure, read_error
from veristone.engine.judge.render import show
from veristone.engine.judge.values import (
    Incomparable,
    accepted,
    explain,
    has_nan,
    incomparable,
)

__all__ = ["check_function", "reference_seconds"]

_encode = msgspec.json.Encoder().encode
_Failure = tuple[Reason, str]
_NOT_REACHED = "not reached"
_UNKNOWN = "the expected value is a function, and whether another one equals it is not known"
_REFERENCE_BYTES = 256 * 1024 * 1024
_MOST_LONGER = 24
"""How many times longer than the expected value's text an equal one may be: 0 and 1.1e-16."""
_MOST_PARTS = 4
"""How many times more parts an equal value may have: 1 and {"$complex":[1.0,0.0]}."""
_JUDGING_CPU_S = 30.0
"""What comparing one sample's answers may take; far more than it does where they are honest."""
_FIRST_CALLS = 16
"""Calls of a stage that are made before all others."""
_JUDGED_BETWEEN = 32
"""Calls that are judged between two looks at the clock."""
_VALIDATOR_CALL_S = 10.0
_VALIDATOR_LIMITS = Limits(cpu_s=60.0, wall_s=120.0)
_Answers = dict[int, dict[str, Any]]
_LONGEST = 64 * 1024
"""Characters of an answer from which on a digest takes its place."""
_UNSEEN = "not compared: a digest says that two values are equal, and not that they differ"
_OBJECT = b'"$object"'
"""What the text of a value holds that has no copy to be compared with; other texts may too."""


async def check_function(sample: Sample, check: FunctionCheck, runner: Runner) -> Judgement:
    """Make the calls, compare what came back, call by call."""
    require_python(sample, "function")
    if not check.calls:
        return Judgement(reason=Reason.NO_TESTS, message="the check has no calls")
    if not all(part.isidentifier() for part in check.entry_point.split(".")):
        raise InvalidSample(
            f"check.entry_point: {check.entry_point[:100]!r} is no name; a function is named"
            " solve, a method Solution.solve"
        )
    if check.stages and sum(check.stages) != len(check.calls):
        raise InvalidSample(
            f"check.stages: {sum(check.stages)} calls, {len(check.calls)} are given"
        )
    oracle = await _oracle(sample, check, runner)
    limits = oracle.limits(sample.limits, check)
    judged: list[Judgement] = []
    for stage in _stages(check):
        for part in stage:
            judged.append(await _judge_part(sample, check, part, oracle, limits, runner))
            if judged[-1].reason is not Reason.PASSED:
                break
        made = sum(len(each.tests) for each in judged)
        numbers = range(made, stage[-1].stop)
        tests = [TestResult(passed=False, name=str(n), message="not run") for n in numbers]
        judged[-1].tests += tests
    # What meddled with its record is that before anything else.
    wrong = [each for each in judged if each.reason is not Reason.PASSED]
    wrong.sort(key=lambda each: each.reason is not Reason.TAMPERED)
    failed = wrong[0] if wrong else judged[-1]
    tests = [test for each in judged for test in each.tests]
    earned = sum(float(test.passed) if test.score is None else test.score for test in tests)
    score = earned / len(tests) if check.validator is not None else None
    return replace(failed, tests=tests, score=score)


async def reference_seconds(sample: Sample, check: FunctionCheck, runner: Runner) -> float:
    """Return the CPU seconds that a check's reference takes for all calls; 0 without one.

    Raises:
        SandboxFailure: it fails, or no sandbox can run it.
        InvalidSample: the check cannot be asked.
    """
    return (await _oracle(sample, check, runner)).total_s


def _stages(check: FunctionCheck) -> list[list[range]]:
    """Return the calls of each stage, in parts that are a run each.

    What is wrong is so at the first calls, mostly: they are made first, and alone.
    """
    if not check.stages:
        return [[range(len(check.calls))]]
    stages: list[list[range]] = []
    start = 0
    for number in check.stages:
        split = min(start + _FIRST_CALLS, start + number)
        parts = [range(start, split), range(split, start + number)]
        stages.append([part for part in parts if part])
        start += number
    return [stage for stage in stages if stage]


class _Unseen(NamedTuple):
    """A value that stayed in its sandbox: equal to one of the same digest."""

    digest: str
    size: int
    """Bytes of its text."""


class _Oracle(NamedTuple):
    """What is expected of the calls, and the CPU seconds that a reference took for them."""

    expected: list[Any]
    """Values in their JSON form; a long one that a reference returned is `_Unseen` or a `Large`."""
    slowest_s: float | None = None
    total_s: float = 0.0

    def call_cpu_s(self, check: FunctionCheck) -> float | None:
        """Return what a call may take."""
        if check.call_cpu_s is not None or self.slowest_s is None:
            return check.call_cpu_s
        return max(check.min_call_cpu_s, check.time_factor * self.slowest_s)

    def limits(self, limits: Limits, check: FunctionCheck) -> Limits:
        """Return the limits of a run: no right sample is refused because the reference is slow."""
        longer = check.time_factor * self.total_s / limits.cpu_s
        if longer <= 1:
            return limits
        return msgspec.structs.replace(
            limits, cpu_s=longer * limits.cpu_s, wall_s=longer * limits.wall_s
        )


async def _judge_part(
    sample: Sample,
    whole_check: FunctionCheck,
    part: range,
    oracle: _Oracle,
    limits: Limits,
    runner: Runner,
) -> Judgement:
    """Make some of the calls, in one run."""
    check = msgspec.structs.replace(whole_check, calls=whole_check.calls[part.start : part.stop])
    expected = oracle.expected[part.start : part.stop]

    async def made(payload: bytes) -> tuple[Report, _Answers, list[_Failure | None]]:
        room = _room(sample, check, expected)
        job = python_job(sample.code, "calls", payload, limits, room, sample)
        report = await runner.run(replace(job, call_cpu_s=oracle.call_cpu_s(check)))
        _raise_unreadable(report)
        answers = _answers(report)
        returned = map(_value, answers.values())
        long = sum(len(value.text) for value in returned if type(value) is Large)
        return report, answers, await aside(long, _judge_calls, answers, expected, check)

    report, answers, failures = await made(_payload(check, digests=_with_digests(check)))
    if any(failed is not None and failed[1] is _UNSEEN for failed in failures):
        expected = _expected(check, await _reference(sample, check, runner, digests=False))
        report, answers, failures = await made(_payload(check))
    if report.killed == "call":
        stuck = next((index for index in range(len(failures)) if index not in answers), None)
        if stuck is not None:  # None: it answered every call and was stuck after them
            late = f"call {part.start + stuck} used more CPU time than a call may"
            failures[stuck] = Reason.CPU_TIMEOUT, late
    credit: dict[int, float] = {}
    if check.validator is not None:
        credit = await _validate(check, answers, expected, failures, runner)
    whole = _judge_run(report, limits, check)
    tests = [
        TestResult(passed=failed is None, name=str(number))
        if failed is None
        else TestResult(
            passed=False,
            name=str(number),
            reason=failed[0],
            message=failed[1],
            score=credit.get(number - part.start),
        )
        for number, failed in zip(part, failures, strict=True)
    ]
    first = next((failed for failed in failures if failed and failed[1] != _UNKNOWN), None)
    if first is None and whole is None and any(failures):
        raise SandboxFailure(_UNKNOWN)
    # A run that meddled with its record is that before anything else.
    distrusted = whole is not None and whole[0] is Reason.TAMPERED
    if first is None or distrusted or (first[1] == _NOT_REACHED and whole is not None):
        first = whole
    reason, message = first or (Reason.PASSED, "")
    if first is not None and whole_check.stages and all(test.passed for test in tests):
        # The run failed behind its calls, and with it this stage and no other.
        tests[-1] = TestResult(passed=False, name=tests[-1].name, reason=reason, message=message)
    return Judgement(reason=reason, message=message, tests=tests, last=report)


def _room(sample: Sample, check: FunctionCheck, expected: list[Any]) -> Room:
    """Return how much the answers can be. A validator may accept another than the expected one."""
    try:
        longest = _MOST_LONGER * sum(map(_length, expected))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSample(f"check: an expected value is no value: {error}") from error
    if any(type(value) is _Unseen for value in expected):
        longest = min(longest, _LONGEST * len(expected))
    if check.validator is not None:
        longest += sample.limits.output_bytes
    return Room.of(len(expected), longest)


def _raise_unreadable(report: Report) -> None:
    """Raise `SandboxFailure` where an argument cannot be made, as one without its library."""
    for event in report.events:
        if "begun" in event:  # what comes now may be the sample's word
            return
        if "unreadable" in event:
            raise SandboxFailure(f"an argument cannot be made there: {event['unreadable']}")


def _answers(report: Report) -> _Answers:
    return {event["call"]: event for event in report.events if type(event.get("call")) is int}


def _value(event: dict[str, Any]) -> Any:
    """Return what a call has returned, as its event tells it; UNSET where it tells nothing."""
    digest, size = event.get("digest"), event.get("size")
    if type(digest) is str and type(size) is int:
        return _Unseen(digest, size)
    return event.get("value", msgspec.UNSET)


def _with_digests(check: FunctionCheck) -> bool:
    """True where long values need not come: nobody asks for them but the comparison."""
    return check.reference is not None and check.validator is None


def _payload(check: FunctionCheck, *, digests: bool = False) -> bytes:
    calls = [{"args": call.args, "kwargs": call.kwargs} for call in check.calls]
    task = {"entry_point": check.entry_point, "calls": calls}
    try:
        return _encode({**task, "longest": _LONGEST} if digests else task)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSample(f"check: the arguments cannot be written as JSON: {error}") from error


async def _oracle(sample: Sample, check: FunctionCheck, runner: Runner) -> _Oracle:
    """Return what is expected of each call, and how long a reference took."""
    if check.reference is None:
        if any(call.expected is msgspec.UNSET for call in check.calls):
            raise InvalidSample("check: a call has no expected value and there is no reference")
        return _Oracle([call.expected for call in check.calls])
    events = await _reference(sample, check, runner, digests=_with_digests(check))
    expected = _expected(check, events)
    shown = [value for value in expected if type(value) is not _Unseen]
    suspects = [_built(value) for value in shown if _OBJECT in _text(value)]
    unknown = next(filter(None, map(incomparable, suspects)), None)
    if unknown is not None and check.validator is None:
        raise SandboxFailure(f"the reference returns a {unknown}, which equals no copy of itself")
    taken = [float(event.get("cpu", 0.0)) for event in events if "call" in event]
    return _Oracle(expected, max(taken), sum(taken))


async def _reference(
    sample: Sample, check: FunctionCheck, runner: Runner, *, digests: bool
) -> tuple[dict[str, Any], ...]:
    """Return the record of a check's reference; with `digests` long values stay where they are."""
    # The reference gets time of its own: it is trusted, and often slower than a good answer.
    limits = msgspec.structs.replace(
        sample.limits,
        cpu_s=max(60.0, sample.limits.cpu_s * 4),
        wall_s=max(120.0, sample.limits.wall_s * 4),
    )
    room = Room.of(len(check.calls), _REFERENCE_BYTES)
    payload = _payload(check, digests=digests)
    return await runner.reference(python_job(check.reference or "", "calls", payload, limits, room))


def _expected(check: FunctionCheck, events: tuple[dict[str, Any], ...]) -> list[Any]:
    """Return what a reference has answered, call by call.

    Raises:
        SandboxFailure: it did not answer all.
    """
    values = {event["call"]: _value(event) for event in events if "call" in event}
    if len(values) != len(check.calls) or any(v is msgspec.UNSET for v in values.values()):
        raise SandboxFailure(f"the reference solution failed: {_why_reference(events)}")
    return [values[index] for index in range(len(check.calls))]


def _why_reference(events: tuple[dict[str, Any], ...]) -> str:
    for event in events:
        for key in ("compile", "raised", "missing", "unreadable"):
            if key in event:
                return f"{key}: {event[key]}"[:300]
    return "it did not finish its calls"


def _judge_calls(
    answers: _Answers, expected: list[Any], check: FunctionCheck
) -> list[_Failure | None]:
    """Judge every call.

    What costs more than `_JUDGING_CPU_S` is judged no further: no honest answer is so hard to read.
    """
    failures: list[_Failure | None] = []
    late, end = False, time.thread_time() + _JUDGING_CPU_S
    for index, want in enumerate(expected):
        if index % _JUDGED_BETWEEN == 0 and time.thread_time() > end:
            late = True
        if late:
            failures.append((Reason.OUTPUT_LIMIT, "takes too long to be compared"))
        else:
            failures.append(_judge_call(answers.get(index), want, check))
    return failures


def _judge_call(event: dict[str, Any] | None, want: Any, check: FunctionCheck) -> _Failure | None:
    if event is None:
        return Reason.RUNTIME_ERROR, _NOT_REACHED
    if "exit" in event:
        return Reason.EARLY_EXIT, "called sys.exit"
    if "raised" in event:
        return Reason.RUNTIME_ERROR, ": ".join(read_error(event["raised"]))[:300]
    value = _value(event)
    if value is msgspec.UNSET:
        return Reason.TAMPERED, "the record of a call holds no value"
    if _Unseen in (type(value), type(want)):
        return _judge_unseen(value, want)
    if check.validator is not None:
        if has_nan(value) and not has_nan(want):
            # No comparison with NaN is true, so what looks for a difference finds none.
            return Reason.WRONG_ANSWER, f"expected {show(_built(want))}, got a value that holds NaN"
        return None
    if isinstance(value, Large):
        if isinstance(want, Large) and value.text == want.text:
            return None  # the usual case of a long value: nobody need build it
        if _is_far_more(value.text, _text(want)):
            return Reason.WRONG_ANSWER, f"returned far more than {show(_built(want))}"
        value = value.build()
    want = _built(want)
    if _of_one_form(want, value):
        return None
    try:
        if accepted(want, value, check):
            return None
    except Incomparable:
        return Reason.SANDBOX_ERROR, _UNKNOWN
    fault = explain(want)
    if fault is not None:
        raise InvalidSample(f"check: an expected value is no value: {fault}")
    return Reason.WRONG_ANSWER, f"expected {show(want)}, got {show(value)}"


def _judge_unseen(value: Any, want: Any) -> _Failure | None:
    """Judge a call of which a digest is all that is known, on one side or on both."""
    if value == want:
        return None
    got, wanted = _length(value), _length(want)
    if got > LARGE_BYTES + _MOST_LONGER * wanted:
        return Reason.WRONG_ANSWER, f"returned far more than {_shown(want)}"
    if wanted > LARGE_BYTES + _MOST_LONGER * got:
        return Reason.WRONG_ANSWER, f"expected {_shown(want)}, got {_shown(value)}"
    return Reason.WRONG_ANSWER, _UNSEEN


def _shown(value: Any) -> str:
    """Return a value as a message shows it."""
    return f"a value of {value.size} bytes" if type(value) is _Unseen else show(_built(value))


def _length(value: Any) -> int:
    """Return how long a value's text is."""
    return value.size if type(value) is _Unseen else len(_text(value))


def _of_one_form(want: Any, value: Any) -> bool:
    """True for values whose JSON forms are equal, as right answers' are mostly: then so are they,
    whatever tags are in them but for objects, which equal nothing."""
    try:
        return value == want and _OBJECT not in _encode(want)
    except RecursionError:
        return False


def _text(value: Any) -> bytes:
    return value.text if isinstance(value, Large) else _encode(value)


def _built(value: Any) -> Any:
    return value.build() if isinstance(value, Large) else value


def _is_far_more(text: bytes, right: bytes) -> bool:
    """True for a value that need not be built to be refused: its size, or that of its tree."""
    if len(text) > LARGE_BYTES + _MOST_LONGER * len(right):
        return True
    if b'"$str"' in right:  # text in hexadecimal has none of the signs that are counted
        return False
    return _parts(text) > LARGE_BYTES + _MOST_PARTS * _parts(right)


def _parts(text: bytes) -> int:
    """Return a number that a value's text, with what stands in strings, has at least as parts."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


async def _validate(
    check: FunctionCheck,
    answers: _Answers,
    expected: list[Any],
    failures: list[_Failure | None],
    runner: Runner,
) -> dict[int, float]:
    """Ask the validator about every call that returned; it sees values, never the sample.

    Return the part of the credit that it gives, by the numbers of the calls that have one.
    """
    asked = [index for index, failed in enumerate(failures) if failed is None]
    outputs = [_as_json(answers[index]["value"]) for index in asked]
    job = _validator_job(check, asked, outputs, expected)
    report = await runner.run(replace(job, call_cpu_s=_VALIDATOR_CALL_S))
    if not _has_end(report.events):
        report = await _doubted(check, report, job, expected, runner)
    said = _answers(report)
    credit: dict[int, float] = {}
    for position, index in enumerate(asked):
        event = said.get(position)
        opinion = event.get("value") if event is not None else None
        if opinion is True:
            continue
        did = "did not come to an end with" if event is None else "refused"
        if isinstance(opinion, float) and 0 < opinion < 1:
            credit[index], did = opinion, f"gave {opinion:.2f} of the credit for"
        value = answers[index]["value"]
        got = "a long value" if isinstance(value, Large) else show(value)
        failures[index] = (Reason.WRONG_ANSWER, f"the validator {did} {got}")
    return credit


def _validator_job(
    check: FunctionCheck, asked: list[int], outputs: list[Any], expected: list[Any]
) -> Job:
    calls: list[dict[str, Any]] = [
        {"args": [check.calls[index].args, output, _as_json(expected[index])], "kwargs": {}}
        for index, output in zip(asked, outputs, strict=True)
    ]
    payload = _encode({"entry_point": "accept", "calls": calls, "truth": True})
    code = check.validator or ""
    return python_job(code, "calls", payload, _VALIDATOR_LIMITS, Room.of(len(calls)))


async def _doubted(
    check: FunctionCheck, report: Report, job: Job, expected: list[Any], runner: Runner
) -> Report:
    """Return what a validator said that did not come to an end, where that is the sample's doing.

    What it was given is hostile, so it is asked about the expected values instead. Where it ends
    with them, it is whole, and what it cannot read or count to its end is no right answer. A
    validator that is slow with them gets the time that it needs (EvalPlus's rule for calls).

    Raises:
        SandboxFailure: the validator fails with the expected values too.
    """
    every = list(range(len(expected)))
    outputs = [_as_json(value) for value in expected]
    trial = await runner.reference(_validator_job(check, every, outputs, expected))
    if not _has_end(trial):
        raise SandboxFailure(f"the validator failed: {_why_reference(trial)}")
    slowest_s = max((float(event.get("cpu", 0.0)) for event in trial), default=0.0)
    if report.killed == "call" and 4 * slowest_s > _VALIDATOR_CALL_S:
        report = await runner.run(replace(job, call_cpu_s=4 * slowest_s))
    return report


def _has_end(events: tuple[dict[str, Any], ...]) -> bool:
    return any("done" in event for event in events)


def _as_json(value: Any) -> Any:
    return msgspec.Raw(value.text) if isinstance(value, Large) else value


def _judge_run(report: Report, limits: Limits, check: FunctionCheck) -> _Failure | None:
    """Return what is wrong with the run as a whole."""
    if not report.intact:
        return Reason.TAMPERED, "wrote to the record of its own calls"
    for event in report.events:
        if "compile" in event:
            return Reason.COMPILE_ERROR, ": ".join(read_error(event["compile"]))[:300]
        if "missing" in event:
            return Reason.RUNTIME_ERROR, f"defines no {check.entry_point[:100]}"
        if "raised" in event and "call" not in event:
            return Reason.RUNTIME_ERROR, ": ".join(read_error(event["raised"]))[:300]
        if event.get("exit") == "module":
            return Reason.EARLY_EXIT, "called sys.exit when it was loaded"
    broken = failure(report, limits)
    if broken is not None:
        return broken
    if not any(event.get("done") == len(check.calls) for event in report.events):
        return Reason.EARLY_EXIT, f"ended with exit code {report.exit_code} before its calls did"
    return None
