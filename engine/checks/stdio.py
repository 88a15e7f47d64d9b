"""`stdio`: the program is run once for every input; a comparator or a checker decides."""

import dataclasses
import re
from typing import NamedTuple

from veristone import (
    Checker,
    Limits,
    Reason,
    Sample,
    SandboxFailure,
    StdioCase,
    StdioCheck,
    TestResult,
)
from veristone.engine.checks.base import Runner, aside, keep_for
from veristone.engine.checks.build import Source, built, given, source_of
from veristone.engine.checks.program import ended_well, wrong_text
from veristone.engine.jobs import Job, Report
from veristone.engine.judge.outcome import Judgement, failure, last_line
from veristone.engine.languages import find

__all__ = ["check_stdio"]

_EVALUATES = re.compile(r"\b(eval|exec|pickle|marshal|shelve|yaml)\b")


async def check_stdio(sample: Sample, check: StdioCheck, runner: Runner) -> Judgement:
    """Run every case, each in a spotless sandbox, and judge each by itself."""
    if not check.cases:
        return Judgement(reason=Reason.NO_TESTS, message="the check has no cases")
    job = await built(source_of(sample), runner)
    if isinstance(job, Judgement):
        return dataclasses.replace(job, tests=_not_run(1, check))
    checker = await _built_checker(check.checker, runner) if check.checker else None
    tests: list[TestResult] = []
    first: tuple[Reason, str] | None = None
    shown: Report | None = None
    for number, case in enumerate(check.cases, 1):
        stdin = case.input.encode("utf-8", "surrogatepass")
        keep = keep_for(case.output, sample.limits)
        report = await runner.run(given(job, check.args, stdin, keep))
        verdict = ended_well(report, job, check.exit_code)
        if verdict is None:
            verdict = await _judge_output(report, case, check, checker, runner)
        reason, message = verdict or (None, "")
        tests.append(
            TestResult(passed=verdict is None, name=str(number), reason=reason, message=message)
        )
        if verdict is not None and first is None:
            first, shown = (verdict[0], f"case {number}: {verdict[1]}"), report
        if verdict is not None and (
            check.stop_on_first_failure or verdict[0] is Reason.COMPILE_ERROR
        ):
            break
        shown = shown or report
    tests += _not_run(len(tests) + 1, check)
    reason, message = first or (Reason.PASSED, "")
    return Judgement(reason=reason, message=message, tests=tests, last=shown)


def _not_run(first: int, check: StdioCheck) -> list[TestResult]:
    """Return what is said of the cases behind the first failure: they did not pass."""
    numbers = range(first, len(check.cases) + 1)
    return [TestResult(passed=False, name=str(number), message="not run") for number in numbers]


async def _judge_output(
    report: Report, case: StdioCase, check: StdioCheck, checker: Job | None, runner: Runner
) -> tuple[Reason, str] | None:
    if not report.stdout.complete:
        return Reason.WRONG_ANSWER, "printed far more than expected"
    if checker is not None:
        return await _ask_checker(report.stdout.whole(), case, checker, runner)
    wrong = await aside(report.stdout.total, wrong_text, report.stdout, case.output, check.compare)
    return None if wrong is None else (Reason.WRONG_ANSWER, wrong)


async def _built_checker(checker: Checker, runner: Runner) -> Job:
    """Return the job that runs a checker, once for all cases.

    Raises:
        SandboxFailure: it does not compile.
    """
    job = await built(Source(find(checker.language), checker.code, {}, {}, Limits()), runner)
    if isinstance(job, Judgement):
        raise SandboxFailure(f"the checker itself failed: {job.message}")
    if job.driver == "main" and _EVALUATES.search(checker.code):
        # What evaluates an output may be ended by it: `os._exit(0)` is a valid expression.
        return dataclasses.replace(job, driver="whole")
    return job


async def _ask_checker(
    actual: bytes, case: StdioCase, checker: Job, runner: Runner
) -> tuple[Reason, str] | None:
    """Ask a checker about an output; where it fails, about outputs that are not hostile.

    A checker that ends as it should with one of those is whole, and an output that it cannot read
    is no right one.

    Raises:
        SandboxFailure: the checker fails with each of them too.
    """
    asked = await _run_checker(actual, case, checker, runner)
    if asked.accepted and asked.proven:
        return None
    said = asked.said
    if not asked.proven:
        whole = await _ask_of_harmless(case, checker, runner)
        if asked.accepted and not whole.proven:
            return None  # it leaves that way with the answer too
        if whole.accepted is None:
            raise SandboxFailure(f"the checker itself failed: {whole.said}")
        said = f"the checker could not judge the output: {said}"
    return Reason.WRONG_ANSWER, said or "the checker refused the output"


class _Asked(NamedTuple):
    """What a checker says of an output: `accepted` is None where it fails."""

    accepted: bool | None
    said: str
    proven: bool = True
    """False where it did not come to its own end, and so may not have said it itself."""


async def _ask_of_harmless(case: StdioCase, checker: Job, runner: Runner) -> _Asked:
    """Ask a checker about the right answer or, where none is known, texts until it judges one."""
    answer = case.output.encode("utf-8", "surrogatepass")
    if answer:
        return await _run_checker(answer, case, checker, runner)
    asked = _Asked(None, "")
    for output in (b"", case.input.encode("utf-8", "surrogatepass"), b"0\n", b"1\n", b"YES\n"):
        asked = await _run_checker(output, case, checker, runner)
        if asked.accepted is not None:
            break
    return asked


async def _run_checker(actual: bytes, case: StdioCase, checker: Job, runner: Runner) -> _Asked:
    names = ("input.txt", "output.txt", "answer.txt")
    files = {
        names[0]: case.input.encode("utf-8", "surrogatepass"),
        names[1]: actual,
        names[2]: case.output.encode("utf-8", "surrogatepass"),
    }
    job = dataclasses.replace(checker, files={**checker.files, **files})
    report = await runner.run(given(job, names, b"", keep_for(None, job.limits)))
    broken = failure(report, job.limits)
    said = (report.stderr.excerpt().text or report.stdout.excerpt().text).strip()[:200]
    if broken is not None:
        return _Asked(None, broken[1], proven=False)
    if any("compile" in event for event in report.events):
        return _Asked(None, "it does not compile", proven=False)
    # A Python checker that raises exits with 1 too; its traceback tells the two apart.
    raised = report.exit_code == 1 and "Traceback (most recent call last)" in said
    if raised or report.exit_code not in (0, 1, 2):
        why = last_line(report.stderr.excerpt().text) or f"exit code {report.exit_code}"
        return _Asked(None, why, proven=False)
    accepted = report.exit_code == 0
    ended = job.driver != "whole" or any("ended" in event for event in report.events)
    return _Asked(accepted, said, proven=not accepted or ended)
