"""Which runs the scores of an instruction need, and what their verdicts say. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from veristone import AssertsCheck, Decision, Limits, Reason, Sample, Verdict
from veristone.generators.selection.draws import draw
from veristone.generators.selection.scoring.mutants import mutants, stub
from veristone.generators.selection.scoring.scores import GroupScores, Score
from veristone.generators.synthesis.records import Record

__all__ = ["Plan", "Scoring", "make_plan"]

Purpose: TypeAlias = Literal["mutant", "stub", "again", "cross"]
_VOTING_FAILURES = frozenset({Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED})
Signature: TypeAlias = tuple[frozenset[int] | None, ...]
"""For each suite the positions of the tests that a solution passes; None: there was no verdict."""


class Scoring(BaseModel):
    """What is asked of the verifier. Python with asserts only; other responses have no scores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mutants: int = Field(default=0, ge=0, le=200)
    """Mutants of each passing solution, at most; 0: none, and no stub."""
    agreement: bool = False
    """Run every solution against every other response's tests."""
    compared: int = Field(default=20, ge=2, le=1000)
    """Solutions, and test suites, of one instruction that are compared, at most: as many runs as
    their product."""
    failures_vote: bool = True
    """Whether solutions that fail their own tests are compared too. They are never selected; but
    where the tests were wrong, they behave like the others that are right."""
    repeats: int = Field(default=0, ge=0, le=100)
    """Runs again of each passing response."""
    cpu_s: float = Field(default=1.0, gt=0, le=3600)
    """CPU seconds of the run of a mutant, or of a solution with others' tests: many loop for ever,
    and right ones take a few milliseconds. Repeats have the usual limits."""

    @property
    def asks(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.mutants or self.agreement or self.repeats)


@dataclass(frozen=True, slots=True)
class _Run:
    purpose: Purpose
    record: str
    """Id of the response whose solution is run."""
    suite: int = -1
    """Index of the tests, for `cross`."""


@dataclass(slots=True)
class Plan:
    """The runs of one instruction, and their verdicts so far."""

    key: str
    content: str
    passes: tuple[str, ...]
    voters: tuple[str, ...]
    suites: int
    known: dict[tuple[str, int], frozenset[int]]
    """What is known without running: a pass passes its own tests."""
    runs: list[_Run]
    samples: list[Sample]
    verdicts: list[Verdict] = field(default_factory=list[Verdict])

    @property
    def done(self) -> bool:
        """Whether every run has its verdict."""
        return len(self.verdicts) == len(self.runs)

    def scores(self) -> GroupScores:
        """Return the scores, once done."""
        tests = dict(self.known)
        tallies = {name: _Tally() for name in self.passes}
        for run, verdict in zip(self.runs, self.verdicts, strict=True):
            if run.purpose == "cross" and verdict.decision is not Decision.UNDECIDED:
                passed = frozenset(at for at, test in enumerate(verdict.tests) if test.passed)
                tests[run.record, run.suite] = passed
            if run.record in tallies:
                tallies[run.record].add(run.purpose, verdict)
        signatures: dict[str, Signature] = {
            name: tuple(tests.get((name, suite)) for suite in range(self.suites))
            for name in self.voters
        }
        scores = tuple(_score(name, tallies[name], signatures) for name in self.passes)
        passing = {signatures[name] for name in self.passes if name in signatures}
        doubtful = tuple(
            name
            for name, own in signatures.items()
            if name not in tallies and None not in own and own in passing
        )
        return GroupScores(key=self.key, content=self.content, scores=scores, doubtful=doubtful)


@dataclass(slots=True)
class _Tally:
    mutants: int = 0
    killed: int = 0
    stub_passes: bool = False
    failed_again: int = 0
    unjudged: int = 0

    def add(self, purpose: Purpose, verdict: Verdict) -> None:
        passed = verdict.decision is Decision.PASS
        if verdict.decision is Decision.UNDECIDED:
            self.unjudged += 1
        elif purpose == "mutant":
            self.mutants += 1
            self.killed += not passed
        elif purpose == "stub":
            self.stub_passes = passed
        elif purpose == "again":
            self.failed_again += not passed


def _score(name: str, tally: _Tally, signatures: dict[str, Signature]) -> Score:
    agreeing: int | None = None
    shared = 0
    own = signatures.get(name)
    if own is not None:
        shared = sum(len(passed or ()) for passed in own)
        # A run without a verdict agrees with nothing: it might have said anything.
        known = None not in own
        agreeing = sum(other == own for other in signatures.values()) if known else 1
    return Score(
        id=name,
        mutants=tally.mutants,
        killed=tally.killed,
        stub_passes=tally.stub_passes,
        agreeing=agreeing,
        solutions=len(signatures) if own is not None else 0,
        shared=shared,
        failed_again=tally.failed_again,
        unjudged=tally.unjudged,
    )


def make_plan(
    key: str,
    candidates: Sequence[Record],
    others: Sequence[Record],
    scoring: Scoring,
    random_seed: int,
) -> Plan:
    """Return the runs for an instruction.

    Args:
        key: id of the instruction.
        candidates: passing responses that can be chosen.
        others: its other responses, failures among them.
        scoring: what is asked.
        random_seed: of the recipe.
    """
    mine = [record for record in candidates if _fits(record)]
    pairs: list[tuple[_Run, Sample]] = []
    for record in mine:
        pairs += _own_runs(record, scoring, random_seed)
    voters: list[Record] = []
    suites: list[str] = []
    known: dict[tuple[str, int], frozenset[int]] = {}
    if scoring.agreement and mine:
        voters, suites = _compared(mine, others, scoring, random_seed)
        known = _known(voters, suites)
        pairs += _cross_runs(voters, suites, known, Limits(cpu_s=scoring.cpu_s))
    return Plan(
        key=key,
        content=_content([*candidates, *others]),
        passes=tuple(record.id for record in mine),
        voters=tuple(record.id for record in voters),
        suites=len(suites),
        known=known,
        runs=[run for run, _ in pairs],
        samples=[sample for _, sample in pairs],
    )


def _fits(record: Record) -> bool:
    return record.language == "python" and bool(record.code.strip() and record.tests.strip())


def _own_runs(record: Record, scoring: Scoring, random_seed: int) -> Iterator[tuple[_Run, Sample]]:
    short = Limits(cpu_s=scoring.cpu_s)
    if scoring.mutants:
        nothing = stub(record.code)
        if nothing is not None:
            yield _Run("stub", record.id), _sample(record, nothing, "stub", short)
        made = mutants(record.code, scoring.mutants, random_seed, record.id)
        for number, mutant in enumerate(made):
            yield _Run("mutant", record.id), _sample(record, mutant.code, f"m{number}", short)
    for number in range(scoring.repeats):
        yield _Run("again", record.id), _sample(record, record.code, f"again{number}", Limits())


def _sample(record: Record, code: str, name: str, limits: Limits) -> Sample:
    check = AssertsCheck(tests=record.tests)
    return Sample(id=f"{record.id}#{name}", code=code, check=check, limits=limits)


def _compared(
    mine: Sequence[Record], others: Sequence[Record], scoring: Scoring, random_seed: int
) -> tuple[list[Record], list[str]]:
    """Return the solutions and the suites that are compared."""
    siblings = [record for record in others if _fits(record)]
    failing = [record for record in siblings if _votes(record)] if scoring.failures_vote else []

    def chance(record: Record) -> float:
        return draw(random_seed, "compared", record.id)

    # Candidates first: those left out could not be chosen for their agreement.
    voters = [*sorted(mine, key=chance), *sorted(failing, key=chance)][: scoring.compared]
    named = [*sorted(mine, key=chance), *sorted(siblings, key=chance)]
    suites = list(dict.fromkeys(record.tests for record in named))[: scoring.compared]
    return voters, suites


def _votes(record: Record) -> bool:
    return record.verdict is not None and record.verdict.reason in _VOTING_FAILURES


def _known(
    voters: Sequence[Record], suites: Sequence[str]
) -> dict[tuple[str, int], frozenset[int]]:
    found: dict[tuple[str, int], frozenset[int]] = {}
    places = {tests: index for index, tests in enumerate(suites)}
    for record in voters:
        verdict = record.verdict
        # A pass's own tests all pass: how many there are stands in its verdict.
        suite = places.get(record.tests)
        if suite is None or verdict is None or verdict.decision is not Decision.PASS:
            continue
        if verdict.tests:
            found[record.id, suite] = frozenset(range(len(verdict.tests)))
    return found


def _cross_runs(
    voters: Sequence[Record],
    suites: Sequence[str],
    known: dict[tuple[str, int], frozenset[int]],
    limits: Limits,
) -> Iterator[tuple[_Run, Sample]]:
    for record in voters:
        for suite, tests in enumerate(suites):
            if (record.id, suite) in known:
                continue
            sample = Sample(
                id=f"{record.id}#s{suite}",
                code=record.code,
                check=AssertsCheck(tests=tests),
                limits=limits,
            )
            yield _Run("cross", record.id, suite), sample


def _content(records: Sequence[Record]) -> str:
    parts = [
        (record.id, record.code, record.tests, record.verdict.decision if record.verdict else "")
        for record in records
    ]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]
