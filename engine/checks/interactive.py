"""`interactive`: the program talks with the jury's interactor, each in a sandbox of its own.

Who ends badly first decides, and the other one is stopped: what it would still have done follows
from that. A program that ended badly failed by that; an interactor that did so has refused, unless
it failed itself, which the sample may have brought about.
"""

import dataclasses

import msgspec

from veristone import Checker, InteractiveCheck, Reason, Sample, SandboxFailure, StdioCase
from veristone.engine.checks.base import Runner
from veristone.engine.checks.build import given
from veristone.engine.checks.cases import CaseOutcome, in_turn, ready
from veristone.engine.checks.jury import (
    HARMLESS,
    OUTPUT,
    Opinion,
    ask_checker,
    built_jury,
    called,
    opinion,
)
from veristone.engine.checks.program import ended_well
from veristone.engine.conversation import Conversation
from veristone.engine.jobs import KEEP_BYTES, Job, Report
from veristone.engine.judge.outcome import Judgement

__all__ = ["check_interactive"]


async def check_interactive(sample: Sample, check: InteractiveCheck, runner: Runner) -> Judgement:
    """Have the program talk about every case, and judge each by itself."""
    job = await ready(sample, check.cases, runner)
    if isinstance(job, Judgement):
        return job
    jury = _Jury(check, await built_jury(check.interactor, runner, "interactor"), runner)
    if check.checker is not None:
        jury.checker = await built_jury(check.checker, runner)
    # While the interactor works the program waits, which is no fault of its own.
    wall_s = job.limits.wall_s + check.interactor.limits.cpu_s
    limits = msgspec.structs.replace(job.limits, wall_s=wall_s)
    solution = given(
        dataclasses.replace(job, limits=limits, live=True), check.args, b"", KEEP_BYTES
    )
    return await in_turn(
        check.cases,
        lambda case: jury.judge(solution, case),
        stop_on_first_failure=check.stop_on_first_failure,
        scored=True,
    )


class _Jury:
    """The jury's programs, made ready."""

    def __init__(self, check: InteractiveCheck, interactor: Job, runner: Runner) -> None:
        self.checker: Job | None = None
        self._reference = check.reference
        self._interactor = interactor
        self._runner = runner

    async def judge(self, solution: Job, case: StdioCase) -> CaseOutcome:
        """Have a program talk about a case.

        Raises:
            SandboxFailure: the interactor, or the checker, fails whoever it talks with.
        """
        talk, asked = await self._talk(solution, case)
        failed = ended_well(talk.solution, solution, 0)
        decided = talk.interactor_first and not asked.accepted
        if failed is not None and not decided:
            if talk.solution.killed == "wall" and self._reference is not None:
                await self._ask_of_harmless(case)  # else both may wait for a word of the interactor
            return CaseOutcome(talk.solution, failed)
        if not asked.proven:
            whole = await self._ask_of_harmless(case)
            if not asked.accepted or whole.proven:  # else it leaves that way with everybody
                asked = Opinion(0.0, f"the interactor could not judge the program: {asked.said}")
        if asked.accepted and self.checker is not None:
            written = talk.interactor.fetched.get(OUTPUT, b"")
            asked = await ask_checker(written, case, self.checker, self._runner)
        if asked.accepted:
            return CaseOutcome(talk.solution, None, 1.0)
        said = asked.said or "the interactor refused the program"
        return CaseOutcome(talk.solution, (Reason.WRONG_ANSWER, said), asked.score or 0.0)

    async def _talk(self, solution: Job, case: StdioCase) -> tuple[Conversation, Opinion]:
        job = called(self._interactor, case, None)
        # It waits as long as the program may, which is to run out of time first.
        wall_s = job.limits.wall_s + solution.limits.wall_s
        job = dataclasses.replace(
            job,
            live=True,
            limits=msgspec.structs.replace(job.limits, wall_s=wall_s),
            fetch=(OUTPUT,) if self.checker is not None else (),
        )

        def asked(report: Report) -> Opinion:
            return opinion(report, job, case.points, talks=True)

        talk = await self._runner.converse(solution, job, lambda report: asked(report).accepted)
        return talk, asked(talk.interactor)

    async def _ask_of_harmless(self, case: StdioCase) -> Opinion:
        """Return what the interactor says of a program that is not hostile.

        Raises:
            SandboxFailure: it cannot judge that either.
        """
        if self._reference is not None:
            return await self._ask_of_reference(self._reference, case)
        said = ""
        for words in HARMLESS:
            job = called(self._interactor, case, None, words)
            asked = opinion(await self._runner.run(job), job, case.points, talks=True)
            if asked.score is not None:
                return asked
            said = asked.said
        raise SandboxFailure(f"the interactor itself failed: {said}")

    async def _ask_of_reference(self, reference: Checker, case: StdioCase) -> Opinion:
        job = await built_jury(reference, self._runner, "reference")
        job = dataclasses.replace(given(job, (), b"", KEEP_BYTES), live=True)
        talk, asked = await self._talk(job, case)
        failed = ended_well(talk.solution, job, 0)
        if failed is not None or not asked.accepted:
            why = failed[1] if failed is not None else asked.said
            raise SandboxFailure(f"the interactor does not accept the reference: {why}")
        return asked
