"""`stdio`: the program is run once for every input; a comparator or a checker decides."""

from veristone import Reason, Sample, StdioCase, StdioCheck
from veristone.engine.checks.base import Runner, aside, keep_for
from veristone.engine.checks.build import given
from veristone.engine.checks.cases import CaseOutcome, in_turn, ready
from veristone.engine.checks.jury import ask_checker, built_jury
from veristone.engine.checks.program import ended_well, wrong_text
from veristone.engine.judge.outcome import Judgement

__all__ = ["check_stdio"]


async def check_stdio(sample: Sample, check: StdioCheck, runner: Runner) -> Judgement:
    """Run every case, each in a spotless sandbox, and judge each by itself."""
    job = await ready(sample, check.cases, runner)
    if isinstance(job, Judgement):
        return job
    checker = await built_jury(check.checker, runner) if check.checker else None

    async def judge(case: StdioCase) -> CaseOutcome:
        stdin = case.input.encode("utf-8", "surrogatepass")
        keep = keep_for(case.output, sample.limits)
        report = await runner.run(given(job, check.args, stdin, keep))
        failed = ended_well(report, job, check.exit_code)
        if failed is None and not report.stdout.complete:
            failed = Reason.WRONG_ANSWER, "printed far more than expected"
        if failed is not None:
            return CaseOutcome(report, failed)
        if checker is not None:
            asked = await ask_checker(report.stdout.whole(), case, checker, runner)
            if asked.accepted:
                return CaseOutcome(report, None, 1.0)
            said = asked.said or "the checker refused the output"
            return CaseOutcome(report, (Reason.WRONG_ANSWER, said), asked.score or 0.0)
        total = report.stdout.total
        wrong = await aside(total, wrong_text, report.stdout, case.output, check.compare)
        if wrong is not None:
            return CaseOutcome(report, (Reason.WRONG_ANSWER, wrong))
        return CaseOutcome(report, None, 1.0)

    return await in_turn(
        check.cases,
        judge,
        stop_on_first_failure=check.stop_on_first_failure,
        scored=checker is not None,
    )
