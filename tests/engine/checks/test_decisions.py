"""Every kind of check, from scripted reports to verdicts."""

import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone import (
    AssertsCheck,
    Call,
    Check,
    Checker,
    Comparator,
    Decision,
    FunctionCheck,
    InvalidSample,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    SandboxFailure,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import Answer, FakeBackend, Script, captured, report
from veristone.engine.jobs import Job, Large

SYNTAX = {"compile": ["SyntaxError", "invalid syntax"]}
FAULT = SandboxFailure("the sandbox could not start the sample: fault")


def reports(*answers: Answer) -> FakeBackend:
    return FakeBackend(answers)


async def verify(check: Check, script: Script | Iterable[Answer], **fields: Any) -> Verdict:
    backend = FakeBackend(script)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        return await engine.verify(Sample(code="pass", check=check, **fields))


# program ----------------------------------------------------------------------------------


def signalled(number: int, *events: dict[str, Any], **facts: Any) -> Answer:
    return report(*events, exit_code=None, signal=number, **facts)


RIGHT_BUT_1 = report(stdout="1", exit_code=1)
PROGRAM: list[tuple[str, ProgramCheck, Answer, Reason]] = [
    ("plain", ProgramCheck(), report(), Reason.PASSED),
    ("output nobody asked for", ProgramCheck(), report(stdout="x"), Reason.PASSED),
    ("right output", ProgramCheck(stdout="1\n"), report(stdout="1"), Reason.PASSED),
    ("wrong output", ProgramCheck(stdout="1\n"), report(stdout="2"), Reason.WRONG_ANSWER),
    (
        "exact",
        ProgramCheck(stdout="1\n", compare=Comparator(mode="exact")),
        report(stdout="1"),
        Reason.WRONG_ANSWER,
    ),
    (
        "part of the right output",
        ProgramCheck(stdout="1\n"),
        report(stdout=captured("1\n", total=10**6)),
        Reason.WRONG_ANSWER,
    ),
    ("right output, wrong exit", ProgramCheck(stdout="1"), RIGHT_BUT_1, Reason.RUNTIME_ERROR),
    ("exit code", ProgramCheck(), report(exit_code=3), Reason.RUNTIME_ERROR),
    ("wanted exit code", ProgramCheck(exit_code=3), report(exit_code=3), Reason.PASSED),
    ("wanted exit code missing", ProgramCheck(exit_code=3), report(), Reason.RUNTIME_ERROR),
    ("any exit code", ProgramCheck(exit_code=None), report(exit_code=9), Reason.PASSED),
    ("any exit, but a crash", ProgramCheck(exit_code=None), signalled(11), Reason.SIGNALLED),
    ("any exit, too slow", ProgramCheck(exit_code=None), report(cpu_s=11.0), Reason.CPU_TIMEOUT),
    ("does not parse", ProgramCheck(), report(SYNTAX, exit_code=1), Reason.COMPILE_ERROR),
    ("signal", ProgramCheck(), signalled(6), Reason.SIGNALLED),
    ("refused call", ProgramCheck(), signalled(31), Reason.POLICY_VIOLATION),
    ("wall", ProgramCheck(), signalled(9, killed="wall"), Reason.WALL_TIMEOUT),
    ("output", ProgramCheck(), signalled(9, killed="output"), Reason.OUTPUT_LIMIT),
    ("memory", ProgramCheck(), signalled(9, oom=True), Reason.MEMORY_LIMIT),
    ("disk", ProgramCheck(), report(exit_code=1, disk_full=True), Reason.DISK_LIMIT),
    ("processes", ProgramCheck(), report(exit_code=1, process_limit=True), Reason.PROCESS_LIMIT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "check", "answer", "reason"), PROGRAM, ids=[p[0] for p in PROGRAM]
)
async def test_program(name: str, check: ProgramCheck, answer: Answer, reason: Reason) -> None:
    verdict = await verify(check, lambda job: answer)
    assert verdict.reason is reason
    assert verdict.decision is reason.decision
    assert verdict.judged == ("shared" if check.stdout is None else "split")
    assert bool(verdict.message) == (reason is not Reason.PASSED)


async def test_a_limit_is_a_limit_although_the_exit_code_was_wanted() -> None:
    """A program that is to exit with 1 and exits with 1 only after its limit has failed."""
    check = ProgramCheck(exit_code=1)
    answer = report(exit_code=1, cpu_s=99.0)
    assert (await verify(check, lambda job: answer)).reason is Reason.CPU_TIMEOUT


# stdio ------------------------------------------------------------------------------------


def cases(*outputs: str, **fields: Any) -> StdioCheck:
    return StdioCheck(cases=[StdioCase(input=f"{o} in", output=o) for o in outputs], **fields)


async def test_every_case_is_a_run_of_its_own() -> None:
    backend = reports(*(report(stdout=text) for text in "abc"))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        verdict = await engine.verify(Sample(code="x", check=cases("a", "b", "c")))
    assert [job.stdin for job in backend.jobs] == [b"a in", b"b in", b"c in"]
    assert (verdict.reason, verdict.passed, verdict.total) == (Reason.PASSED, 3, 3)
    assert verdict.usage.runs == 3
    assert verdict.usage.cpu_s == pytest.approx(0.03)


async def test_no_expected_value_enters_the_sandbox() -> None:
    """Invariant 2, for checks that are judged split."""
    secret = "SECRET-4711"
    seen: list[Job] = []

    def script(job: Job) -> Answer:
        seen.append(job)
        return report({"call": 0, "value": secret}, {"done": 1}, stdout=secret)

    call = Call(args=[1], expected=secret)
    for check in (
        ProgramCheck(stdout=secret),
        StdioCheck(cases=[StdioCase(input="1", output=secret)]),
        FunctionCheck(entry_point="f", calls=[call]),
    ):
        verdict = await verify(check, script)
        assert verdict.reason is Reason.PASSED
        assert verdict.judged == "split"
    for job in seen:
        assert secret.encode() not in b"".join([job.stdin, job.payload, *job.files.values()])
        assert secret not in repr((job.argv, job.env))


async def test_stdio_stops_at_the_first_failure() -> None:
    verdict = await verify(cases("a", "b", "c"), [report(stdout="a"), report(stdout="x")])
    assert (verdict.reason, verdict.passed, verdict.total) == (Reason.WRONG_ANSWER, 1, 3)
    assert verdict.message.startswith("case 2: ")
    assert [test.message for test in verdict.tests][2] == "not run"
    assert verdict.stdout.text == "x"


async def test_stdio_goes_on_when_told_to() -> None:
    check = cases("a", "b", "c", stop_on_first_failure=False)
    verdict = await verify(
        check, [report(stdout="x"), report(exit_code=1, stderr="E: no"), report(stdout="c")]
    )
    assert (verdict.reason, verdict.passed) == (Reason.WRONG_ANSWER, 1)
    assert [test.reason for test in verdict.tests] == [
        Reason.WRONG_ANSWER,
        Reason.RUNTIME_ERROR,
        None,
    ]
    assert verdict.tests[1].message == "E: no"


async def test_what_does_not_compile_is_not_run_again() -> None:
    check = cases("a", "b", stop_on_first_failure=False)
    verdict = await verify(check, [report(SYNTAX, exit_code=1)])
    assert (verdict.reason, verdict.total) == (Reason.COMPILE_ERROR, 2)


async def test_no_cases_is_no_pass() -> None:
    verdict = await verify(StdioCheck(cases=[]), [])
    assert verdict.reason is Reason.NO_TESTS


TRACEBACK = "Traceback (most recent call last):\n  File\nValueError: bug\n"
CHECKER: list[tuple[str, Answer, Reason]] = [
    ("accepts", report(), Reason.PASSED),
    ("refuses", report(exit_code=1, stderr="sum is 3"), Reason.WRONG_ANSWER),
    ("presentation", report(exit_code=2), Reason.WRONG_ANSWER),
    ("dirt behind the answer", report(exit_code=4), Reason.WRONG_ANSWER),
    ("an end too early", report(exit_code=8), Reason.WRONG_ANSWER),
    ("all points", report(exit_code=7, stderr="points 2 all"), Reason.PASSED),
    ("some points", report(exit_code=7, stderr="points 1.5"), Reason.WRONG_ANSWER),
    ("points unsaid", report(exit_code=7), Reason.SANDBOX_ERROR),
    ("points said later", report(exit_code=7, stderr="3 points 2"), Reason.SANDBOX_ERROR),
    ("percent", report(exit_code=40, stderr="partially correct (40)"), Reason.WRONG_ANSWER),
    ("none in a hundred", report(stderr="partially correct (0) no"), Reason.WRONG_ANSWER),
    (
        "a hundred of them",
        report(exit_code=100, stderr="partially correct (100)"),
        Reason.WRONG_ANSWER,
    ),
    ("percent unsaid", report(exit_code=40), Reason.SANDBOX_ERROR),
    (
        "another percent",
        report(exit_code=40, stderr="partially correct (90)"),
        Reason.SANDBOX_ERROR,
    ),
    ("fails", report(exit_code=3), Reason.SANDBOX_ERROR),
    ("raises", report(exit_code=1, stderr=TRACEBACK), Reason.SANDBOX_ERROR),
    ("does not compile", report(SYNTAX, exit_code=1, stderr="line 1"), Reason.SANDBOX_ERROR),
    ("hangs", report(exit_code=None, signal=9, killed="wall"), Reason.SANDBOX_ERROR),
    ("crashes", report(exit_code=None, signal=11), Reason.SANDBOX_ERROR),
    ("out of memory", report(exit_code=None, signal=9, oom=True), Reason.SANDBOX_ERROR),
]


@pytest.mark.parametrize(("name", "answer", "reason"), CHECKER, ids=[c[0] for c in CHECKER])
async def test_checker_programs(name: str, answer: Answer, reason: Reason) -> None:
    backend = reports(report(stdout="7"), answer, answer)
    case = StdioCase(input="3 in", output="3", points=2)
    check = StdioCheck(cases=[case], checker=Checker(code="import sys"))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        verdict = await engine.verify(Sample(code="print(7)", check=check))
    assert verdict.reason is reason
    run, asked, *again = backend.jobs
    assert [job.files["output.txt"] for job in again] == [b"3"] * (reason is Reason.SANDBOX_ERROR)
    assert "output.txt" not in run.files
    assert asked.files["input.txt"] == b"3 in"
    assert asked.files["output.txt"] == b"7"
    assert asked.files["answer.txt"] == b"3"
    assert asked.argv == ("input.txt", "output.txt", "answer.txt")
    if name == "refuses":
        assert "sum is 3" in verdict.message
    credit = {"all points": 1.0, "some points": 0.75, "percent": 0.4, "a hundred of them": 0.99}
    given = credit.get(name, float(verdict.passed))
    assert verdict.score == (None if reason is Reason.SANDBOX_ERROR else given)


async def test_the_credit_of_cases_is_weighed_by_what_they_are_worth() -> None:
    check = StdioCheck(
        cases=[StdioCase(points=1), StdioCase(points=3), StdioCase(points=6)],
        checker=Checker(code=""),
        stop_on_first_failure=False,
    )
    half = report(exit_code=50, stderr="partially correct (50)")
    ran = report(stdout="7")
    verdict = await verify(check, [ran, report(), ran, half, ran, report(exit_code=1)])
    assert verdict.score == pytest.approx((1 + 1.5) / 10)
    assert [test.score for test in verdict.tests] == [None, 0.5, None]


async def test_what_no_jury_judges_has_no_score() -> None:
    verdict = await verify(cases("3"), [report(stdout="3")])
    assert (verdict.reason, verdict.score) == (Reason.PASSED, None)


@pytest.mark.parametrize("whole", [report(), report(exit_code=1, stderr="no"), report(exit_code=2)])
@pytest.mark.parametrize("answer", [row[1] for row in CHECKER if row[2] is Reason.SANDBOX_ERROR])
async def test_an_output_that_only_a_whole_checker_fails_with_is_wrong(
    answer: Answer, whole: Answer
) -> None:
    """Else a wrong sample could print what its checker cannot read, and be left out."""
    check = cases("3", checker=Checker(code="import sys"))
    verdict = await verify(check, [report(stdout=b"\xff"), answer, whole])
    assert verdict.reason is Reason.WRONG_ANSWER
    assert "could not judge" in verdict.message


async def test_the_checker_is_not_asked_about_a_run_that_failed() -> None:
    check = cases("3", checker=Checker(code=""))
    assert (await verify(check, [report(exit_code=1)])).reason is Reason.RUNTIME_ERROR


# function ---------------------------------------------------------------------------------


def function(*expected: Any, **fields: Any) -> FunctionCheck:
    calls = [Call(args=[index], expected=value) for index, value in enumerate(expected)]
    return FunctionCheck(entry_point="f", calls=calls, **fields)


def answers(*values: Any, **changes: Any) -> Answer:
    events: list[dict[str, Any]] = [
        {"call": index, **(value if isinstance(value, dict) else {"value": value})}
        for index, value in enumerate(values)
    ]
    return report(*events, {"done": len(values)}, **changes)


RAISED = {"raised": ["ValueError", "no"]}
ONE, TWO, DONE = {"call": 0, "value": 1}, {"call": 1, "value": 2}, {"done": 2}
FUNCTION: list[tuple[str, Answer, Reason, int]] = [
    ("right", answers(1, 2), Reason.PASSED, 2),
    ("one wrong", answers(1, 3), Reason.WRONG_ANSWER, 1),
    ("one raises", answers(1, RAISED), Reason.RUNTIME_ERROR, 1),
    ("one exits", answers(1, {"exit": True}), Reason.EARLY_EXIT, 1),
    ("not finished", report(ONE), Reason.EARLY_EXIT, 1),
    ("nothing", report(), Reason.EARLY_EXIT, 0),
    ("nothing, exit 0", report(stdout="1 2"), Reason.EARLY_EXIT, 0),
    ("answers, no end", report(ONE, TWO), Reason.EARLY_EXIT, 2),
    ("wrong end", report(ONE, TWO, {"done": 1}), Reason.EARLY_EXIT, 2),
    ("end alone", report({"done": 2}), Reason.RUNTIME_ERROR, 0),
    ("tampered", answers(1, 2, intact=False), Reason.TAMPERED, 2),
    ("no value", answers(1, {"cpu": 1}), Reason.TAMPERED, 1),
    ("does not parse", report(SYNTAX, exit_code=1), Reason.COMPILE_ERROR, 0),
    ("no function", report({"missing": "f"}, exit_code=1), Reason.RUNTIME_ERROR, 0),
    ("import fails", report(RAISED, exit_code=1), Reason.RUNTIME_ERROR, 0),
    ("exits on import", report({"exit": "module"}, exit_code=1), Reason.EARLY_EXIT, 0),
    ("too slow at the end", answers(1, 2, cpu_s=99.0), Reason.CPU_TIMEOUT, 2),
    ("killed", signalled(9, ONE, killed="cpu", cpu_s=99.0), Reason.CPU_TIMEOUT, 1),
    ("stuck in a call", signalled(9, ONE, killed="call"), Reason.CPU_TIMEOUT, 1),
    ("stuck after its calls", signalled(9, ONE, TWO, killed="call"), Reason.CPU_TIMEOUT, 2),
    ("stuck at the end", signalled(9, ONE, TWO, DONE, killed="call"), Reason.CPU_TIMEOUT, 2),
    ("out of memory", signalled(9, oom=True), Reason.MEMORY_LIMIT, 0),
    ("crash", signalled(11, ONE), Reason.SIGNALLED, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answer", "reason", "passed"), FUNCTION, ids=[f[0] for f in FUNCTION]
)
async def test_function(name: str, answer: Answer, reason: Reason, passed: int) -> None:
    verdict = await verify(function(1, 2), lambda job: answer)
    assert verdict.reason is reason, verdict
    assert (verdict.passed, verdict.total) == (passed, 2)
    assert verdict.judged == "split"


async def test_no_calls_is_no_pass() -> None:
    assert (await verify(function(), [])).reason is Reason.NO_TESTS


REFERENCE = "def f(x): return x"


def is_reference(job: Job) -> bool:
    return REFERENCE.encode() in job.files["solution.py"]


def with_reference(count: int = 2) -> FunctionCheck:
    calls = [Call(args=[index]) for index in range(count)]
    return FunctionCheck(entry_point="f", calls=calls, reference=REFERENCE)


@pytest.mark.parametrize(
    ("reference", "sample", "reason"),
    [
        (answers(5, 6), answers(5, 6), Reason.PASSED),
        (answers(5, 6), answers(5, 7), Reason.WRONG_ANSWER),
        (answers(5, RAISED), answers(5, 6), Reason.SANDBOX_ERROR),
        (answers(5), answers(5, 6), Reason.SANDBOX_ERROR),
        (report({"call": 0, "value": 5}, exit_code=9), answers(5, 6), Reason.SANDBOX_ERROR),
        (report(SYNTAX, exit_code=1), answers(5, 6), Reason.SANDBOX_ERROR),
        (report({"missing": "f"}, exit_code=1), answers(5, 6), Reason.SANDBOX_ERROR),
        (report(exit_code=None, signal=9, killed="wall"), answers(5, 6), Reason.SANDBOX_ERROR),
    ],
)
async def test_a_reference_decides_and_its_failure_is_ours(
    reference: Answer, sample: Answer, reason: Reason
) -> None:
    verdict = await verify(with_reference(), lambda job: reference if is_reference(job) else sample)
    assert verdict.reason is reason
    if reason is Reason.SANDBOX_ERROR:
        assert "reference" in verdict.message


async def test_a_reference_is_run_once_for_many_samples() -> None:
    backend = FakeBackend(lambda job: answers(5, 6), delay_s=0.01)
    async with Engine(EngineConfig(sandboxes=4), backend=backend) as engine:
        samples = [Sample(code=f"x = {i}", check=with_reference()) for i in range(20)]
        verdicts = [verdict async for verdict in engine.verify_stream(samples)]
    assert {verdict.reason for verdict in verdicts} == {Reason.PASSED}
    assert sum(map(is_reference, backend.jobs)) == 1


async def test_a_reference_that_a_sandbox_lost_is_run_again() -> None:
    lost = [FAULT] * 3

    def script(job: Job) -> Answer:
        return lost.pop() if is_reference(job) and lost else answers(5, 6)

    backend = FakeBackend(script)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        first = await engine.verify(Sample(code="1", check=with_reference()))
        second = await engine.verify(Sample(code="2", check=with_reference()))
    assert (first.reason, second.reason) == (Reason.SANDBOX_ERROR, Reason.PASSED)


async def test_neither_expected_value_nor_reference_is_no_sample() -> None:
    check = FunctionCheck(entry_point="f", calls=[Call(args=[1])])
    with pytest.raises(InvalidSample, match="expected"):
        await verify(check, [report()])


@pytest.mark.parametrize("name", ["Solution().add", "add(1)", "", "Solution.", "the add"])
async def test_an_entry_point_that_is_no_name_is_no_wrong_answer(name: str) -> None:
    check = FunctionCheck(entry_point=name, calls=[Call(args=[1], expected=1)])
    with pytest.raises(InvalidSample, match="entry_point"):
        await verify(check, [answers(1)])


@pytest.mark.parametrize("expected", [{"$set": 3}, {"$nothing": 1}, {"$int": "zz"}, (1, 2)])
async def test_an_expected_value_that_is_none_is_no_wrong_answer(expected: Any) -> None:
    with pytest.raises(InvalidSample, match="expected value"):
        await verify(function(expected), [answers(1)])


@pytest.mark.parametrize(
    "argument", [object(), "\ud800", [[]]], ids=["object", "surrogate", "deep"]
)
async def test_an_argument_that_is_no_json_is_no_sample(argument: Any) -> None:
    if argument == [[]]:
        for _ in range(5000):
            argument = [argument]
    check = FunctionCheck(entry_point="f", calls=[Call(args=[argument], expected=1)])
    with pytest.raises(InvalidSample, match="arguments"):
        await verify(check, [answers(1)], id="x")


VALIDATOR = "def accept(args, output, expected): return output > 0"


def is_validator(job: Job) -> bool:
    return b"accept" in job.files["solution.py"]


@pytest.mark.parametrize(
    ("sample", "said", "reason", "passed"),
    [
        (answers(7, 8), answers(True, True), Reason.PASSED, 2),
        (answers(7, 8), answers(True, False), Reason.WRONG_ANSWER, 1),
        (answers(7, 8), answers(True, 1), Reason.WRONG_ANSWER, 1),
        (answers(7, 8), answers(True, RAISED), Reason.WRONG_ANSWER, 1),
        (answers(7, RAISED), answers(True), Reason.RUNTIME_ERROR, 1),
        (answers(RAISED, 8), answers(False), Reason.RUNTIME_ERROR, 0),
        (answers(7, 8), report({"missing": "accept"}, exit_code=1), Reason.SANDBOX_ERROR, 0),
        (answers(7, 8), report(SYNTAX, exit_code=1), Reason.SANDBOX_ERROR, 0),
        (answers(7, 8), report(exit_code=None, signal=9, killed="cpu"), Reason.SANDBOX_ERROR, 0),
        (answers(7, 8, intact=False), answers(True, True), Reason.TAMPERED, 2),
    ],
)
async def test_a_validator_sees_values_only(
    sample: Answer, said: Answer, reason: Reason, passed: int
) -> None:
    backend = FakeBackend(lambda job: said if is_validator(job) else sample)
    check = function(1, 2, validator=VALIDATOR)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        verdict = await engine.verify(Sample(code="SAMPLE", check=check))
    assert (verdict.reason, verdict.passed) == (reason, passed)
    for job in backend.jobs:
        if is_validator(job):
            assert b"SAMPLE" not in b"".join([job.payload, *job.files.values()])
            payload = msgspec.json.decode(job.payload)
            assert payload["entry_point"] == "accept"


UNFINISHED = [
    report(exit_code=None, signal=9, killed="call"),
    report(exit_code=None, signal=9, killed="memory"),
    report({"unreadable": "call 0: no tag"}, exit_code=1),
    report({"call": 0, "value": True}, exit_code=3),
]


@pytest.mark.parametrize("unfinished", UNFINISHED)
async def test_a_value_that_only_a_whole_validator_fails_with_is_wrong(unfinished: Answer) -> None:
    """Else a wrong sample could return `range(10**12)`, and be left out."""

    def script(job: Job) -> Answer:
        if not is_validator(job):
            return answers(7, 8)
        outputs = [call["args"][1] for call in msgspec.json.decode(job.payload)["calls"]]
        return answers(True, True) if outputs == [1, 2] else unfinished

    verdict = await verify(function(1, 2, validator=VALIDATOR), script)
    assert verdict.reason is Reason.WRONG_ANSWER
    assert "did not come to an end" in verdict.message


@pytest.mark.parametrize(("slowest", "reason"), [(1.0, "wrong_answer"), (6.0, "passed")])
async def test_a_validator_that_is_slow_with_right_answers_gets_its_time(
    slowest: float, reason: str
) -> None:
    limits: list[float | None] = []

    def script(job: Job) -> Answer:
        if not is_validator(job):
            return answers(7)
        limits.append(job.call_cpu_s)
        if job.call_cpu_s is None or job.call_cpu_s > 20:
            return answers({"value": True, "cpu": slowest})
        return report(exit_code=None, signal=9, killed="call")

    verdict = await verify(function(1, validator=VALIDATOR), script)
    assert verdict.reason == reason
    assert limits == [10.0, None] if reason == "wrong_answer" else [10.0, None, 24.0]


async def test_a_reference_runs_under_the_engines_ceiling_and_its_failure_is_forgotten() -> None:
    outcomes = [answers(5, RAISED), report(ONE, exit_code=9), answers(5, 6)]
    seen: list[Limits] = []

    def script(job: Job) -> Answer:
        if not is_reference(job):
            return answers(5, 6)
        seen.append(job.limits)
        return outcomes.pop(0)

    async with Engine(EngineConfig(sandboxes=1), backend=FakeBackend(script)) as engine:
        small = Limits(memory_mib=64, processes=1, disk_mib=1, output_bytes=100)
        samples = [
            Sample(code=f"x = {number}", check=with_reference(), limits=limits)
            for number, limits in enumerate([small, small, Limits(), small, Limits(memory_mib=99)])
        ]
        verdicts = [await engine.verify(sample) for sample in samples]
    error, passed = Reason.SANDBOX_ERROR, Reason.PASSED
    assert [verdict.reason for verdict in verdicts] == [error, error, passed, passed, passed]
    ceiling = EngineConfig().ceiling
    assert {limits.exceeding(ceiling) for limits in seen} == {None}
    assert {(limits.memory_mib, limits.processes) for limits in seen} == {(2048, 64)}


async def test_a_slower_sample_has_its_reference_run_with_more_time() -> None:
    backend = FakeBackend(lambda job: answers(5, 6))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        for cpu_s in (1.0, 2.0, 100.0):
            limits = Limits(cpu_s=cpu_s, wall_s=200.0)
            await engine.verify(Sample(code="", check=with_reference(), limits=limits))
    assert [job.limits.cpu_s for job in backend.jobs if is_reference(job)] == [60.0, 400.0]


@pytest.mark.parametrize("first", [[], [{"begun": True}]])
async def test_only_what_came_before_the_sample_says_that_an_argument_is_none(
    first: list[dict[str, Any]],
) -> None:
    verdict = await verify(function(1), [report(*first, {"unreadable": "call 0"}, exit_code=1)])
    assert (verdict.decision is Decision.UNDECIDED) == (not first)


# asserts ----------------------------------------------------------------------------------

TESTS = "assert f(1) == 1\nassert f(2) == 2\n"


def suite(*events: dict[str, Any], done: int | None, **changes: Any) -> Answer:
    end = [] if done is None else [{"done": done, "asserts": True, "hits": done}]
    return report(*events, *end, **changes)


OK, OK2 = {"test": 1}, {"test": 2}
WRONG = {"test": 2, "raised": ["AssertionError", ""]}
NEVER_RAN = {"done": 1, "asserts": True, "hits": 0}
NO_ASSERTS = {"done": 1, "asserts": False, "hits": 0}
BAD_TESTS = {"tests": ["SyntaxError", ""]}
KILLED: dict[str, Any] = {"exit_code": None, "signal": 9, "killed": "wall"}
ASSERTS: list[tuple[str, Answer, Reason, int]] = [
    ("right", suite(OK, OK2, done=2), Reason.PASSED, 2),
    ("one fails", suite(OK, WRONG, done=2), Reason.ASSERTION_FAILED, 1),
    ("one raises", suite(OK, {"test": 2} | RAISED, done=2), Reason.RUNTIME_ERROR, 1),
    ("one exits", suite(OK, {"test": 2, "exit": True}, done=2), Reason.EARLY_EXIT, 1),
    ("leaves with 0", suite(OK, done=None), Reason.EARLY_EXIT, 1),
    ("leaves with 3", suite(done=None, exit_code=3), Reason.EARLY_EXIT, 0),
    ("no record at all", report(), Reason.EARLY_EXIT, 0),
    ("no tests", suite(done=0), Reason.NO_TESTS, 0),
    ("asserts that never ran", report(OK, NEVER_RAN), Reason.NO_TESTS, 1),
    ("calls without asserts", report(OK, NO_ASSERTS), Reason.PASSED, 1),
    ("end with too many", suite(OK, done=2), Reason.TAMPERED, 1),
    ("end with too few", suite(OK, OK2, done=1), Reason.TAMPERED, 2),
    ("foreign lines", suite(OK, OK2, done=2, intact=False), Reason.TAMPERED, 2),
    ("does not parse", report(SYNTAX, exit_code=1), Reason.COMPILE_ERROR, 0),
    ("tests do not parse", report(BAD_TESTS, exit_code=1), Reason.COMPILE_ERROR, 0),
    ("import fails", report(RAISED, exit_code=1), Reason.RUNTIME_ERROR, 0),
    ("exits on import", report({"exit": "module"}, exit_code=1), Reason.EARLY_EXIT, 0),
    ("stage fails", suite(OK, {"stage": 2} | RAISED, done=1), Reason.RUNTIME_ERROR, 1),
    ("stage exits", suite(OK, {"stage": 2, "exit": True}, done=1), Reason.EARLY_EXIT, 1),
    ("killed", suite(OK, done=None, exit_code=None, signal=9, killed="cpu"), Reason.CPU_TIMEOUT, 1),
    ("too slow at the end", suite(OK, OK2, done=2, cpu_s=99.0), Reason.CPU_TIMEOUT, 2),
    ("crash", suite(OK, done=None, exit_code=None, signal=11), Reason.SIGNALLED, 1),
    ("killed after the end", suite(OK, OK2, done=2, **KILLED), Reason.WALL_TIMEOUT, 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answer", "reason", "passed"), ASSERTS, ids=[a[0] for a in ASSERTS]
)
async def test_asserts(name: str, answer: Answer, reason: Reason, passed: int) -> None:
    verdict = await verify(AssertsCheck(tests=TESTS), lambda job: answer)
    assert verdict.reason is reason, verdict
    assert verdict.passed == passed
    assert verdict.judged == "split"


async def test_a_failed_assert_is_shown_as_it_was_written() -> None:
    verdict = await verify(AssertsCheck(tests=TESTS), [suite(OK, WRONG, done=2)])
    assert verdict.message == "line 2: assert f(2) == 2"


# All --------------------------------------------------------------------------------------

CHECKS: list[Check] = [
    ProgramCheck(stdout="1"),
    cases("1"),
    function(1, 2),
    AssertsCheck(tests=TESTS),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: type(check).__name__)
@pytest.mark.parametrize("faults", [1, 2, 3])
async def test_a_fault_is_retried_and_never_a_failure(check: Check, faults: int) -> None:
    """Invariant 4."""
    good = report(
        *({"call": i, "value": i + 1} for i in range(2)),
        OK,
        OK2,
        {"done": 2, "asserts": True, "hits": 2},
        stdout="1",
    )
    verdict = await verify(check, [*[FAULT] * faults, good])
    assert verdict.decision is (Decision.UNDECIDED if faults == 3 else Decision.PASS), verdict
    assert verdict.attempts == min(faults + 1, 3)
    if faults == 3:
        assert verdict.reason is Reason.SANDBOX_ERROR
        assert "fault" in verdict.message


EVENT_KEYS = [
    *("test", "stage", "raised", "exit", "call", "value", "done", "asserts", "hits"),
    *("compile", "missing", "tests", "cpu"),
]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
EVENTS = st.lists(st.dictionaries(st.sampled_from(EVENT_KEYS), ANY, max_size=4), max_size=5)


@given(EVENTS, st.sampled_from(CHECKS), st.booleans(), st.sampled_from([0, 1, 254, None]))
@settings(deadline=None)
def test_no_record_breaks_a_check(
    events: list[dict[str, Any]], check: Check, intact: bool, code: int | None
) -> None:
    """A record that a sample forged is judged; it neither raises nor passes without an end."""
    import asyncio

    answer = report(*events, intact=intact, exit_code=code, signal=None if code is not None else 9)
    verdict = asyncio.run(verify(check, lambda job: answer))
    if verdict.decision is Decision.PASS:
        assert any("done" in event for event in events)
        assert intact
        assert code is not None


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: type(check).__name__)
@pytest.mark.parametrize("key", EVENT_KEYS)
async def test_a_record_without_end_in_its_depth_breaks_no_check(check: Check, key: str) -> None:
    bomb = nested(950)
    with contextlib.suppress(InvalidSample):
        for event in ({key: bomb}, {"call": 0, key: bomb}, {"test": 1, key: bomb}):
            # One test less than the end claims: no check may pass this.
            events = [event, {"done": 2, "asserts": True, "hits": 2}]
            answer = report(*events, stdout="2")
            verdict = await verify(check, lambda job, answer=answer: answer)
            assert verdict.decision is Decision.FAIL


def test_every_reason_that_a_check_can_give_is_tested_here() -> None:
    """`overloaded` is admission's, and `flaky` what several runs say: no check gives them."""
    tables: list[set[Reason]] = [
        {row[-1] for row in PROGRAM},
        {row[-1] for row in CHECKER},
        {row[2] for row in FUNCTION},
        {row[2] for row in ASSERTS},
    ]
    assert set.union(*tables) == set(Reason) - {Reason.OVERLOADED, Reason.FLAKY}


async def test_a_value_far_longer_than_the_expected_one_is_wrong_and_never_built() -> None:
    bomb = Large(b"[" + b",".join([b"[]"] * 1_000_000) + b"]")
    backend = FakeBackend(lambda job: report({"call": 0, "value": bomb}, {"done": 1}))
    check = FunctionCheck(entry_point="f", calls=[Call(expected=[1])])
    async with Engine(backend=backend) as engine:
        verdict = await engine.verify(Sample(code="", check=check))
    assert (verdict.reason, verdict.message) == (
        Reason.WRONG_ANSWER,
        "returned far more than [1]",
    )


async def test_a_long_value_that_is_right_passes() -> None:
    expected = list(range(100_000))
    text = Large(str(expected).replace(" ", "").encode())
    backend = FakeBackend(lambda job: report({"call": 0, "value": text}, {"done": 1}))
    check = FunctionCheck(entry_point="f", calls=[Call(expected=expected)])
    async with Engine(backend=backend) as engine:
        assert (await engine.verify(Sample(code="", check=check))).reason is Reason.PASSED


async def test_meddling_with_the_record_outranks_a_wrong_answer() -> None:
    backend = FakeBackend(lambda job: report({"call": 0, "value": 5}, {"done": 1}, intact=False))
    check = FunctionCheck(entry_point="f", calls=[Call(expected=6)])
    async with Engine(backend=backend) as engine:
        assert (await engine.verify(Sample(code="", check=check))).reason is Reason.TAMPERED
