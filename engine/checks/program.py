"""`program`: one run, its exit code, and where given its output."""

import dataclasses
import re
from typing import Literal

from veristone import Comparator, ProgramCheck, Reason, Sample
from veristone.engine.checks.base import Runner, aside, keep_for
from veristone.engine.checks.build import built, given, source_of
from veristone.engine.jobs import Captured, Job, Report
from veristone.engine.judge.outcome import Judgement, failure, last_line, read_error
from veristone.engine.judge.text import difference, same_text
from veristone.engine.languages import Complaints, find

__all__ = ["check_program", "ended_well", "wrong_text"]

_FETCH_BYTES = 16 * 1024 * 1024


async def check_program(sample: Sample, check: ProgramCheck, runner: Runner) -> Judgement:
    """Compile the program, run it once and judge it."""
    job = await built(source_of(sample), runner)
    if isinstance(job, Judgement):
        return dataclasses.replace(job, show_bytes=check.show_bytes)
    shown = min(check.show_bytes, sample.limits.output_bytes)
    keep = max(keep_for(check.stdout, sample.limits), shown)
    stdin = check.stdin.encode("utf-8", "surrogatepass")
    job = given(job, check.args, stdin, keep)
    by_status = check.stdout is None
    wanted = by_status and check.exit_code == 0 and check.must_reach_end
    witnessed = wanted and job.driver == "main"
    driver = "whole" if witnessed else job.driver
    report = await runner.run(
        dataclasses.replace(job, driver=driver, fetch=tuple(check.fetch), fetch_bytes=_FETCH_BYTES)
    )
    verdict = ended_well(report, job, check.exit_code)
    if verdict is None and witnessed:
        verdict = _not_whole(report)
    if verdict is None and check.stdout is not None:
        if not report.stdout.complete:
            verdict = Reason.WRONG_ANSWER, "printed far more than expected"
        else:
            wrong = await aside(
                report.stdout.total, wrong_text, report.stdout, check.stdout, check.compare
            )
            verdict = (Reason.WRONG_ANSWER, wrong) if wrong is not None else None
    reason, message = verdict or (Reason.PASSED, "")
    return Judgement(
        reason=reason,
        message=message,
        # Tests that stand in the program run in its own interpreter.
        shared=by_status,
        completion=_completion(report) if by_status and verdict is None else None,
        last=report,
        show_bytes=check.show_bytes,
        files=report.fetched,
    )


def _completion(report: Report) -> Literal["proven", "exit_status_only"]:
    return "proven" if any("ended" in event for event in report.events) else "exit_status_only"


def _not_whole(report: Report) -> tuple[Reason, str] | None:
    """Return why a program that left with 0 did not come to its own end, or None."""
    if not report.intact:
        return Reason.TAMPERED, "wrote to the record of its own end"
    for event in report.events:
        if "thread" in event:
            return Reason.RUNTIME_ERROR, f"a thread ended with {event['thread']}"[:300]
        if "ended" in event or "anew" in event:  # a new interpreter has nobody who could tell
            return None
    return Reason.EARLY_EXIT, "left with exit code 0 before its own end"


def wrong_text(stdout: Captured, expected: str, rule: Comparator) -> str | None:
    """Return what is wrong with a complete output, or None."""
    actual = stdout.whole()
    if same_text(actual, expected, rule):
        return None
    # As bytes where characters would hide the difference.
    shown = actual.decode("utf-8", "backslashreplace")
    return difference(shown, expected)


def ended_well(report: Report, job: Job, exit_code: int | None) -> tuple[Reason, str] | None:
    """Return why a program's end is no good, or None where it ended as it should."""
    if report.exit_code is not None and report.exit_code == exit_code and exit_code != 0:
        # A check may want a program to fail, but not because it was stopped or too slow.
        stopped = report.killed or report.oom or report.cpu_s > job.limits.cpu_s
        return failure(report, job.limits) if stopped else None
    for event in report.events:
        if "compile" in event:
            return Reason.COMPILE_ERROR, ": ".join(read_error(event["compile"]))[:300]
    broken = failure(report, job.limits)
    if broken is not None:
        return broken
    if exit_code is not None and report.exit_code != exit_code:
        reason, said = complaint(report, find(job.language).complaints)
        return reason, said or f"exit code {report.exit_code}, expected {exit_code}"
    return None


def complaint(report: Report, complaints: Complaints) -> tuple[Reason, str]:
    """Return what a runtime said of a program that it ended or refused."""
    text = report.stderr.excerpt().text
    patterns = (
        (Reason.COMPILE_ERROR, complaints.refused),
        (Reason.RUNTIME_ERROR, complaints.error),
    )
    for reason, pattern in patterns:
        if pattern and (found := re.search(pattern, text, re.MULTILINE)):
            return reason, found[0].strip()[:300]
    return Reason.RUNTIME_ERROR, last_line(text)
