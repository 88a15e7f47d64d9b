"""`program`: one run, its exit code, and where given its output."""

from veristone import Limits, ProgramCheck, Reason, Sample
from veristone.engine.checks.base import Runner, program_job
from veristone.engine.jobs import Report
from veristone.engine.judge.outcome import Judgement, failure, last_line
from veristone.engine.judge.text import difference, same_text

__all__ = ["check_program", "ended_well"]


async def check_program(sample: Sample, check: ProgramCheck, runner: Runner) -> Judgement:
    """Run the program once and judge it."""
    job = program_job(sample, check.args, check.stdin, check.stdout, check.compare)
    report = await runner.run(job)
    verdict = ended_well(report, sample.limits, check.exit_code)
    if verdict is None and check.stdout is not None:
        if not report.stdout.complete:
            verdict = Reason.WRONG_ANSWER, "printed far more than expected"
        else:
            actual = report.stdout.whole().decode("utf-8", "replace")
            if not same_text(actual, check.stdout, check.compare):
                verdict = Reason.WRONG_ANSWER, difference(actual, check.stdout)
    reason, message = verdict or (Reason.PASSED, "")
    return Judgement(reason=reason, message=message, last=report)


def ended_well(report: Report, limits: Limits, exit_code: int | None) -> tuple[Reason, str] | None:
    """Return why a program's end is no good, or None where it ended as it should."""
    if report.exit_code is not None and report.exit_code == exit_code and exit_code != 0:
        # A check may want a program to fail, but not because it was stopped or too slow.
        stopped = report.killed or report.oom or report.cpu_s > limits.cpu_s
        return failure(report, limits) if stopped else None
    for event in report.events:
        if "compile" in event:
            return Reason.COMPILE_ERROR, _described(event["compile"])
    broken = failure(report, limits)
    if broken is not None:
        return broken
    if exit_code is not None and report.exit_code != exit_code:
        said = last_line(report.stderr.excerpt().text)
        return Reason.RUNTIME_ERROR, said or f"exit code {report.exit_code}, expected {exit_code}"
    return None


def _described(value: object) -> str:
    if isinstance(value, list):
        return ": ".join(str(part) for part in value[:2])[:300]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value)[:300]
