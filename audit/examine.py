"""One task, and every question that is asked of it.

Does the gold solution pass, and does it go on to: in other sandboxes, with other hash seeds, on
other back ends? Has its time limit room? Does a stub fail? Which mutants pass? Do the statement's
examples hold? What a task is found to have wrong is named in `Findings.faults`; numbers stand
beside it, since how much of a fault is too much is for the caller to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from veristone import AssertsCheck, Decision, Reason, Sample, Verdict, Verifier
from veristone.audit.examples import Example, examples, holds
from veristone.audit.tasks import AuditTask
from veristone.generators.code.mutants import against_mutants
from veristone.generators.code.stubs import against_stubs, enough, printing, stubbed

__all__ = ["FAULTS", "Fault", "Findings", "Questions", "examine"]

Fault = Literal[
    "gold_fails", "undecided", "flaky", "disagreement", "tight", "vacuous", "weak", "examples"
]
FAULTS: dict[Fault, str] = {
    "gold_fails": "the gold solution does not pass",
    "undecided": "the verifier could not say",
    "flaky": "the gold solution passes and fails",
    "disagreement": "another back end says otherwise",
    "tight": "the gold solution needs much of the time limit",
    "vacuous": "stubs that return, or print, constants pass",
    "weak": "too many mutants pass",
    "examples": "an example of the statement does not hold",
}
"""What each says, in the order in which a task's faults are named."""
_MESSAGE, _SHOWN = 400, 5


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked, and from where on the answer is a fault."""

    repeats: int = 3
    """Runs of the gold solution beside the first, each with another hash seed."""
    mutants: int = 20
    """Of each gold solution, at most; 0: none."""
    min_killed: float = 0.5
    """Share of the mutants that must fail."""
    most_of_limit: float = 0.5
    """Share of the CPU time limit that the gold solution may take."""


class Findings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the audit of one task has found; a line of the output."""

    task_id: str
    faults: tuple[str, ...] = ()
    """Names out of `FAULTS`; empty: nothing was found wrong."""
    reason: str
    """Of the verdict on the gold solution."""
    message: str = ""
    cpu_s: float = 0.0
    """CPU seconds of the gold solution, of `cpu_limit_s`."""
    cpu_limit_s: float = 0.0
    repeats: int = 0
    other_reasons: tuple[str, ...] = ()
    """Of the repeated runs, and of other back ends, where they were not the first's."""
    stubs: tuple[str, ...] | None = None
    """Constants, as expressions, whose stubs pass; null: there was nothing to stub, or none was
    tried."""
    mutants: int = 0
    killed: int = 0
    survivors: tuple[str, ...] = ()
    """Some of the mutants that pass, as the lines that differ. Some change nothing of what the
    solution does, and no test can refuse them."""
    examples: int = 0
    """Of the statement, that were tried."""
    broken_examples: tuple[str, ...] = ()
    runs: int = 0
    """Samples that were judged for all this."""


class _Asked:
    """The verifiers, and how often they were asked."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self.runs = 0

    async def verdict(self, sample: Sample) -> Verdict:
        self.runs += 1
        return await self._verifier.verify(sample)

    async def passes(self, sample: Sample) -> bool | None:
        """Return whether it passes; None where nobody can say."""
        decision = (await self.verdict(sample)).decision
        return None if decision is Decision.UNDECIDED else decision is Decision.PASS


async def examine(
    task: AuditTask, verifier: Verifier, questions: Questions, others: Sequence[Verifier] = ()
) -> Findings:
    """Audit one task.

    Args:
        task: the task.
        verifier: judges everything.
        questions: what is asked.
        others: further back ends, which judge the gold solution alone.

    Raises:
        InvalidSample: the task cannot be judged as it is.
    """
    asked = _Asked(verifier)
    sample = task.sample(task.gold)
    first = await asked.verdict(sample)
    found = Findings(
        task_id=task.name,
        reason=str(first.reason),
        message=first.message[:_MESSAGE],
        cpu_s=first.usage.cpu_s,
        cpu_limit_s=sample.limits.cpu_s,
    )
    if first.decision is not Decision.PASS:
        # Nothing that a wrong solution passes or fails says anything.
        fault: Fault = "undecided" if first.decision is Decision.UNDECIDED else "gold_fails"
        return msgspec.structs.replace(found, faults=(fault,), runs=asked.runs)
    faults: set[Fault] = set()
    again = [
        await asked.verdict(_with_hash_seed(sample, seed + 1)) for seed in range(questions.repeats)
    ]
    elsewhere = [await other.verify(sample) for other in others]
    if any(verdict.decision is Decision.FAIL for verdict in again):
        faults.add("flaky")
    if any(verdict.decision is Decision.FAIL for verdict in elsewhere):
        faults.add("disagreement")
    if any(verdict.decision is Decision.UNDECIDED for verdict in (*again, *elsewhere)):
        faults.add("undecided")
    differing = {str(v.reason) for v in (*again, *elsewhere)} - {found.reason}
    if found.cpu_s > questions.most_of_limit * found.cpu_limit_s:
        faults.add("tight")
    found = msgspec.structs.replace(
        found, repeats=len(again), other_reasons=tuple(sorted(differing))
    )
    if task.changeable or task.program:
        found = await _with_stubs(task, found, asked, faults)
    if task.changeable:
        # Tests that prove nothing are spared the mutants.
        most = 0 if "vacuous" in faults else questions.mutants
        found = await _with_mutants(task, found, asked, most, faults)
        found = await _with_examples(task, found, asked, faults)
    if found.mutants and found.killed < questions.min_killed * found.mutants:
        faults.add("weak")
    named = tuple(fault for fault in FAULTS if fault in faults)
    return msgspec.structs.replace(found, faults=named, runs=asked.runs + len(elsewhere))


def _with_hash_seed(sample: Sample, seed: int) -> Sample:
    # Read by an interpreter that starts; the drivers of calls and of test code are forked.
    return msgspec.structs.replace(sample, env={"PYTHONHASHSEED": str(seed), **sample.env}, id="")


async def _with_stubs(
    task: AuditTask, found: Findings, asked: _Asked, faults: set[Fault]
) -> Findings:
    async def passes(code: str) -> bool | None:
        return await asked.passes(_shortened(task.stub(code), found))

    stubs = await against_stubs(task.gold, passes, printing if task.program else stubbed)
    if stubs is not None and stubs.vacuous:
        faults.add("vacuous")
    return msgspec.structs.replace(found, stubs=None if stubs is None else stubs.constants)


async def _with_mutants(
    task: AuditTask, found: Findings, asked: _Asked, most: int, faults: set[Fault]
) -> Findings:
    async def passes(code: str) -> bool | None:
        return await asked.passes(_shortened(task.sample(code), found))

    noticed = await against_mutants(task.gold, most, "audit", passes, task.tests)
    if noticed.undecided:
        faults.add("undecided")
    return msgspec.structs.replace(
        found, mutants=noticed.decided, killed=noticed.killed, survivors=noticed.survivors
    )


def _shortened(sample: Sample, gold: Findings) -> Sample:
    """Return a sample with the time that a stub or a mutant of the gold solution may take."""
    return msgspec.structs.replace(sample, limits=enough(sample.limits, gold.cpu_s))


async def _with_examples(
    task: AuditTask, found: Findings, asked: _Asked, faults: set[Fault]
) -> Findings:
    shown = examples(task.gold)
    broken: list[str] = []
    tried = 0
    for example in shown:
        holding = await _keeps(task, example, asked)
        tried += holding is not None
        if holding is False:
            broken.append(f">>> {example.source}\n{example.want}"[:_MESSAGE])
    if broken:
        faults.add("examples")
    return msgspec.structs.replace(found, examples=tried, broken_examples=tuple(broken[:_SHOWN]))


async def _keeps(task: AuditTask, example: Example, asked: _Asked) -> bool | None:
    """Return whether an example holds; None where it could not be tried, or raises."""
    limits = task.sample(task.gold).limits
    check = AssertsCheck(tests=holds(example))
    verdict = await asked.verdict(Sample(code=task.gold, check=check, limits=limits))
    if verdict.decision is Decision.PASS:
        return True
    return False if verdict.reason is Reason.ASSERTION_FAILED else None
