"""Feeds a benchmark's candidates to a verifier and reads its verdicts as EvalPlus statuses.

Samples are made as the verifier asks for them, so memory holds the dataset, the candidates and one
small outcome each, whatever the number of tests. An undecided verdict stays undecided: it is never
read as a wrong answer.
"""

import collections
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from veristone import (
    DatasetError,
    Decision,
    Limits,
    Reason,
    Sample,
    TestResult,
    Verdict,
    Verifier,
    VeristoneError,
)
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.order import Preparing, longest_first
from veristone.training.evaluation.passk import TaskCount
from veristone.training.evaluation.samples import Candidate, Trouble

__all__ = [
    "DEFAULT_CPU_S",
    "EvalReport",
    "Outcome",
    "Status",
    "broken_references",
    "evaluate",
    "limits_for",
    "read_verdict",
    "sample_for",
]

Status = Literal["pass", "fail", "timeout", "undecided"]

DEFAULT_CPU_S = 20.0
"""CPU seconds for all tests of a sample. EvalPlus 0.3.1 goes by wall time: base and plus
tests get min(60, sum over tests of max(1, 4 t)) + 1 seconds each, t being the reference's time."""

MEMORY_MIB = 2048
"""EvalPlus allows 4 GiB; half of that is an engine's default ceiling."""

DISTRUSTED = (Reason.TAMPERED, Reason.POLICY_VIOLATION)
"""Reasons that make every passed test of the run worthless, base tests included."""
NEVER_CALLED = (Reason.COMPILE_ERROR, Reason.NO_TESTS, Reason.POLICY_VIOLATION)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one candidate. `plus_status` is None where the benchmark has no plus tests."""

    candidate: Candidate
    base_status: Status
    plus_status: Status | None
    reason: Reason
    message: str = ""
    base_fail_tests: tuple[list[Any], ...] = ()
    """Arguments of the first base test that failed, as the dataset's file holds them."""
    plus_fail_tests: tuple[list[Any], ...] = ()

    @property
    def undecided(self) -> bool:
        """True where the verifier could not say anything about the candidate."""
        return self.base_status == "undecided"


@dataclass(frozen=True, slots=True)
class EvalReport:
    """All outcomes, in the order of the samples file."""

    dataset: Dataset
    outcomes: Sequence[Outcome]
    limits: Limits
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    """Samples of tasks that are not evaluated, by task."""
    troubles: Sequence[Trouble] = ()
    """Answers that could not be had; they are no samples."""
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    """Tasks that these sandboxes cannot judge, and why."""

    @property
    def decided(self) -> Sequence[Outcome]:
        """Outcomes that count as right or as wrong."""
        return [outcome for outcome in self.outcomes if not outcome.undecided]

    @property
    def undecided(self) -> int:
        """Samples that count neither as right nor as wrong."""
        return sum(outcome.undecided for outcome in self.outcomes)

    @property
    def missing_tasks(self) -> list[str]:
        """Tasks of the benchmark for which there was no sample, and no trouble with one."""
        seen = {outcome.candidate.task_id for outcome in self.outcomes}
        seen |= {trouble.task_id for trouble in self.troubles}
        return [task_id for task_id in self.dataset.tasks if task_id not in seen]

    def counts(self, *, plus: bool) -> dict[str, TaskCount]:
        """Return decided and right samples of each task that has a decided one.

        With `plus`, a sample is right where base *and* plus tests passed, as EvalPlus counts.
        """
        counts: dict[str, TaskCount] = {}
        for outcome in self.decided:
            right = outcome.base_status == "pass"
            if plus:
                right = right and outcome.plus_status == "pass"
            n, c = counts.get(outcome.candidate.task_id, TaskCount(0, 0))
            counts[outcome.candidate.task_id] = TaskCount(n + 1, c + right)
        return counts


def limits_for(cpu_s: float = DEFAULT_CPU_S) -> Limits:
    """Return the limits of one sample; as in `Limits`, wall time is three times the CPU time."""
    return Limits(cpu_s=cpu_s, wall_s=3 * cpu_s, memory_mib=MEMORY_MIB)


def sample_for(candidate: Candidate, dataset: Dataset, limits: Limits) -> Sample:
    """Return the sample that decides about one candidate; its id is that of its content."""
    task = dataset.tasks[candidate.task_id]
    program = task.build(candidate.solution)
    return Sample(
        code=program.code,
        check=program.check,
        language=task.language,
        limits=limits,
        metadata={"task_id": candidate.task_id},
    )


async def evaluate(
    verifier: Verifier,
    dataset: Dataset,
    candidates: Sequence[Candidate],
    *,
    limits: Limits | None = None,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    progress: Callable[[Outcome, Verdict], None] = lambda outcome, verdict: None,
) -> EvalReport:
    """Judge every candidate, those of the longest tasks first (`order`).

    Args:
        limits: of each sample (all its tests together); `limits_for()` where left out.
        on_outcome: called with each outcome as they come.
        progress: called with each outcome and its verdict in the order of `candidates`, as soon as
            those before it have come.

    Raises:
        VeristoneError: a verdict of the verifier is of no sample that it was given.
    """
    limits = limits or limits_for()
    asked: dict[str, collections.deque[int]] = {}

    async def samples() -> AsyncGenerator[Sample]:
        async with contextlib.aclosing(_places(verifier, dataset, candidates, limits)) as places:
            async for place in places:
                sample = sample_for(candidates[place], dataset, limits)
                asked.setdefault(sample.id, collections.deque()).append(place)
                yield sample

    outcomes: list[Outcome] = []
    early: dict[int, tuple[Outcome, Verdict]] = {}
    # What comes in any order waits here for its turn; no verifier but those has a say in it.
    verdicts = verifier.verify_stream(samples(), ordered=not isinstance(verifier, Preparing))
    try:
        async for verdict in verdicts:
            if not asked.get(verdict.id):
                raise VeristoneError(f"the verdict {verdict.id} is not that of its sample")
            place = asked[verdict.id].popleft()
            outcome = read_verdict(verdict, candidates[place], dataset)
            on_outcome(outcome)
            early[place] = outcome, verdict
            while (first := early.pop(len(outcomes), None)) is not None:
                outcomes.append(first[0])
                progress(*first)
    finally:
        # However it ends: no sample may run on for nobody. The protocol asks for an iterator only.
        if isinstance(verdicts, AsyncGenerator):
            await verdicts.aclose()
    return EvalReport(dataset=dataset, outcomes=outcomes, limits=limits)


async def _places(
    verifier: Verifier, dataset: Dataset, candidates: Sequence[Candidate], limits: Limits
) -> AsyncGenerator[int]:
    """Yield the places of candidates in the order in which they are to be judged."""
    if not isinstance(verifier, Preparing):
        for place in range(len(candidates)):
            yield place
        return

    async def seconds(task_id: str) -> float:
        reference = Candidate(task_id, dataset.tasks[task_id].reference)
        return await verifier.prepare(sample_for(reference, dataset, limits))

    tasks = [candidate.task_id for candidate in candidates]
    async with contextlib.aclosing(longest_first(tasks, seconds)) as places:
        async for place in places:
            yield place


def read_verdict(verdict: Verdict, candidate: Candidate, dataset: Dataset) -> Outcome:
    """Return a verdict in EvalPlus's terms: one status for the base tests, one for the plus."""
    with_plus = dataset.has_plus
    decided = verdict.decision is not Decision.UNDECIDED
    task = dataset.tasks[candidate.task_id]
    n_base = len(task.base_input)
    total = n_base + len(task.plus_input)
    if decided and with_plus and _contradicts(verdict, total):
        why = f"the verdict lists {len(verdict.tests)} tests of {total}: {verdict.message}"
        verdict = Verdict.undecided(verdict.id, Reason.SANDBOX_ERROR, why)
        decided = False
    if not decided:
        plus: Status | None = "undecided" if with_plus else None
        return Outcome(candidate, "undecided", plus, verdict.reason, verdict.message)
    if not with_plus:
        return Outcome(candidate, _whole_status(verdict), None, verdict.reason, verdict.message)

    base, plus_tests = verdict.tests[:n_base], verdict.tests[n_base:]
    return Outcome(
        candidate,
        _status(verdict, base),
        _status(verdict, plus_tests),
        verdict.reason,
        verdict.message,
        _first_failed(verdict, base, task.base_input),
        _first_failed(verdict, plus_tests, task.plus_input),
    )


def _contradicts(verdict: Verdict, total: int) -> bool:
    """Say whether a verdict cannot be split into base and plus tests.

    A failure may come without tests, or with tests that all passed (the run as a whole broke a
    rule); a pass must show every test.
    """
    if verdict.decision is Decision.PASS:
        return len(verdict.tests) != total or not all(test.passed for test in verdict.tests)
    return len(verdict.tests) not in (0, total)


def _whole_status(verdict: Verdict) -> Status:
    if verdict.decision is Decision.PASS:
        return "pass"
    return "timeout" if verdict.reason.is_timeout else "fail"


def _status(verdict: Verdict, tests: Sequence[TestResult]) -> Status:
    whole_failed = verdict.decision is not Decision.PASS and all(t.passed for t in verdict.tests)
    if whole_failed or verdict.reason in DISTRUSTED:
        return _whole_status(verdict)
    failed = next((test for test in tests if not test.passed), None)
    if failed is None:
        return "pass"
    # EvalPlus stops a single call that takes too long and counts it as failed; "timeout" is for
    # a run that used up its time as a whole.
    if any(test.reason is not None and test.reason.is_timeout for test in verdict.tests):
        return "fail"
    return _whole_status(verdict)


def _first_failed(
    verdict: Verdict, tests: Sequence[TestResult], inputs: Sequence[list[Any]]
) -> tuple[list[Any], ...]:
    # Like EvalPlus without --test-details: the first only, and none where no call was made.
    if verdict.reason in NEVER_CALLED:
        return ()
    for test, args in zip(tests, inputs, strict=False):
        if not test.passed:
            return (args,)
    return ()


async def broken_references(
    verifier: Verifier, dataset: Dataset, limits: Limits | None = None
) -> dict[str, str]:
    """Return the tasks whose own reference solution does not pass, and why.

    Such a task asks for a library that the sandboxes lack, or has tests that depend on the machine:
    it is named and left out, never counted against anybody.

    Raises:
        DatasetError: the benchmark has no reference solutions.
    """
    candidates = [
        Candidate(task.task_id, task.reference) for task in dataset.tasks.values() if task.reference
    ]
    if not candidates:
        raise DatasetError(f"{dataset.path}: {dataset.benchmark} has no reference solutions to run")
    report = await evaluate(verifier, dataset, candidates, limits=limits)
    return {
        outcome.candidate.task_id: outcome.message or outcome.reason.value
        for outcome in report.outcomes
        if outcome.base_status != "pass"
    }
