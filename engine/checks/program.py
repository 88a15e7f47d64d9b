"""`program`: one run, its exit code, and where given its output."""

import dataclasses

from veristone import Comparator, Limits, ProgramCheck, Reason, Sample
from veristone.engine.checks.base import Runner, aside, program_job
from veristone.engine.jobs import Captured, Report
from veristone.engine.judge.outcome import Judgement, failure, last_line, read_error
from veristone.engine.judge.text import difference, same_text

__all__ = ["check_program", "ended_well", "wrong_text"]


async def check_program(sample: Sample, check: ProgramCheck, runner: Runner) -> Judgement:
    """Run the program once and judge it."""
    job = program_job(sample, check.args, check.stdin, check.stdout, check.compare)
    keep = max(job.keep_head, min(check.show_bytes, sample.limits.output_bytes))
    report = await runner.run(dataclasses.replace(job, keep_head=keep))
    verdict = ended_well(report, sample.limits, check.exit_code)
    if verdict is None and check.stdout is not None:
        if not report.stdout.complete:
            verdict = Reason.WRONG_ANSWER, "printed far more than expected"
        else:
            wrong = await aside(
                report.stdout.total, wrong_text, report.stdout, check.stdout, check.compare
            )
            verdict = (Reason.WRONG_ANSWER, wrong) if wrong is not None else None
    reason, message = verdict or (Reason.PASSED, "")
    return Judgement(reason=reason, message=message, last=report, show_bytes=check.show_bytes)


def wrong_text(stdout: Captured, expected: str, rule: Comparator) -> str | None:
    """Return what is wrong with a complete output, or None."""
    actual = stdout.whole().decode("utf-8", "replace")
    return None if same_text(actual, expected, rule) else difference(actual, expected)


def ended_well(report: Report, limits: Limits, exit_code: int | None) -> tuple[Reason, str] | None:
    """Return why a program's end is no good, or None where it ended as it should."""
    if report.exit_code is not None and report.exit_code == exit_code and exit_code != 0:
        # A check may want a program to fail, but not because it was stopped or too slow.
        stopped = report.killed or report.oom or report.cpu_s > limits.cpu_s
        return failure(report, limits) if stopped else None
    for event in report.events:
        if "compile" in event:
            return Reason.COMPILE_ERROR, ": ".join(read_error(event["compile"]))[:300]
    broken = failure(report, limits)
    if broken is not None:
        return broken
    if exit_code is not None and report.exit_code != exit_code:
        said = last_line(report.stderr.excerpt().text)
        return Reason.RUNTIME_ERROR, said or f"exit code {report.exit_code}, expected {exit_code}"
    return None
