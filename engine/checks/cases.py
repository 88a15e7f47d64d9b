"""Cases that are judged one after another, and what comes of them together."""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence

from veristone import Reason, Sample, StdioCase, TestResult
from veristone.engine.checks.base import Runner
from veristone.engine.checks.build import built, source_of
from veristone.engine.jobs import Job, Report
from veristone.engine.judge.outcome import Judgement

__all__ = ["CaseOutcome", "in_turn", "ready"]


@dataclasses.dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of one case."""

    report: Report
    """The run of the sample's program."""
    failed: tuple[Reason, str] | None
    score: float = 0.0
    """The share of the credit; 1 where it did not fail."""


async def ready(sample: Sample, cases: Sequence[StdioCase], runner: Runner) -> Job | Judgement:
    """Return the job that runs a sample's program, or what is said of all cases without it."""
    if not cases:
        return Judgement(reason=Reason.NO_TESTS, message="the check has no cases")
    job = await built(source_of(sample), runner)
    if isinstance(job, Judgement):
        return dataclasses.replace(job, tests=_not_run(1, cases))
    return job


async def in_turn(
    cases: Sequence[StdioCase],
    judge: Callable[[StdioCase], Awaitable[CaseOutcome]],
    *,
    stop_on_first_failure: bool,
    scored: bool,
) -> Judgement:
    """Judge cases until one fails, or all of them.

    Args:
        cases: at least one.
        judge: says what comes of a case.
        stop_on_first_failure: the cases behind it are not run. One that the compiler refuses ends
            them in any case.
        scored: somebody judges who may give part of the credit.
    """
    tests: list[TestResult] = []
    first: tuple[Reason, str] | None = None
    shown: Report | None = None
    earned = 0.0
    for number, case in enumerate(cases, 1):
        outcome = await judge(case)
        failed = outcome.failed
        earned += case.points * outcome.score
        partly = 0 < outcome.score < 1
        reason, message = failed or (None, "")
        tests.append(
            TestResult(
                passed=failed is None,
                name=str(number),
                reason=reason,
                message=message,
                score=outcome.score if partly else None,
            )
        )
        if failed is not None and first is None:
            first, shown = (failed[0], f"case {number}: {failed[1]}"), outcome.report
        if failed is not None and (stop_on_first_failure or failed[0] is Reason.COMPILE_ERROR):
            break
        shown = shown or outcome.report
    tests += _not_run(len(tests) + 1, cases)
    reason, message = first or (Reason.PASSED, "")
    score = earned / sum(case.points for case in cases) if scored else None
    return Judgement(reason=reason, message=message, tests=tests, score=score, last=shown)


def _not_run(first: int, cases: Sequence[StdioCase]) -> list[TestResult]:
    """Return what is said of the cases from number `first` on: they did not pass."""
    numbers = range(first, len(cases) + 1)
    return [TestResult(passed=False, name=str(number), message="not run") for number in numbers]
