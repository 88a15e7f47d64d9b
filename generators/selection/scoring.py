"""Scores of an instruction's responses: which runs they need, and what the verdicts say. Pure.

Three scores, each for Python with asserts only: *strength*, the share of mutants that a response's
own tests notice; *agreement*, the solutions that pass exactly the same tests of all responses
(CodeT, arXiv 2207.10397); and failures among *repeated* runs.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from veristone import AssertsCheck, Decision, Limits, Reason, Sample, Verdict
from veristone.generators.code.draws import draw
from veristone.generators.code.mutants import mutants
from veristone.generators.code.stubs import stubbed
from veristone.generators.synthesis.records import Record

__all__ = ["GroupScores", "Score", "Scoring", "ScoringPlan"]

_VOTING_FAILURES = frozenset({Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED})


class Scoring(BaseModel):
    """What is asked of the verifier. Other responses than Python with asserts have no scores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mutants: int = Field(default=0, ge=0, le=200)
    """Mutants of each passing solution, at most; 0: none, and no stub."""
    agreement: bool = False
    """Run every solution against every other response's tests."""
    compared: int = Field(default=20, ge=2, le=1000)
    """Solutions, and test suites, of one instruction that are compared, at most: as many runs as
    their product."""
    repeats: int = Field(default=0, ge=0, le=100)
    """Runs again of each passing response."""
    cpu_s: float = Field(default=1.0, gt=0, le=3600)
    """CPU seconds of the run of a mutant, or of a solution with others' tests: many loop for ever,
    and right ones take a few milliseconds. Repeats have the usual limits."""

    @property
    def asks(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.mutants or self.agreement or self.repeats)


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbers for one response. What was not asked for is zero or None."""

    id: str
    mutants: int = 0
    """Changed copies of the solution that got a verdict; the stub is not among them."""
    killed: int = 0
    """Those that the response's own tests noticed."""
    stub_passes: bool = False
    """Whether the tests pass with functions that do nothing."""
    agreeing: int | None = None
    """Solutions that behave alike on all tests of the instruction, this one included."""
    solutions: int = 0
    """Solutions that were compared."""
    shared: int = 0
    """Single tests of the instruction, of all responses, that those solutions pass."""
    failed_again: int = 0
    """Failures among repeated runs."""
    unjudged: int = 0
    """Runs that ended without a verdict; they count nowhere else."""

    @property
    def strength(self) -> float | None:
        """Share of the mutants that were noticed; None where there were none."""
        return self.killed / self.mutants if self.mutants else None


class GroupScores(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of `scores.jsonl`: all scores of one instruction."""

    key: str
    content: str
    """Digest of what was run."""
    scores: tuple[Score, ...] = ()
    doubtful: tuple[str, ...] = ()
    """Failures that behave like a pass on all tests: rather their own tests are wrong."""


Signature: TypeAlias = tuple[frozenset[int] | None, ...]
"""For each suite the positions of the tests that a solution passes; None: there was no verdict."""


class Run(NamedTuple):
    """One run of a solution, and what it is for."""

    purpose: Literal["mutant", "stub", "again", "cross"]
    record: str
    """Id of the response whose solution is run."""
    sample: Sample
    suite: int = -1
    """Index of the tests, for `cross`."""


class ScoringPlan:
    """The runs of one instruction.

    Args:
        key: id of the instruction.
        candidates: passing responses that can be chosen.
        others: its other responses, failures among them.
        scoring: what is asked.
        random_seed: of the recipe.
    """

    def __init__(
        self,
        key: str,
        candidates: Sequence[Record],
        others: Sequence[Record],
        scoring: Scoring,
        random_seed: int,
    ) -> None:
        self.key = key
        self.content = _digest([*candidates, *others])
        """Digest of what is run."""
        scored = [record for record in candidates if _can_be_scored(record)]
        self._passes = [record.id for record in scored]
        self._voters: list[Record] = []
        self._suites: list[str] = []
        self._known: dict[tuple[str, int], frozenset[int]] = {}
        self.runs: list[Run] = []
        for record in scored:
            self.runs += _own_runs(record, scoring, random_seed)
        if scoring.agreement and scored:
            self._compare(
                scored, [one for one in others if _can_be_scored(one)], scoring, random_seed
            )
            self.runs += self._cross_runs(Limits(cpu_s=scoring.cpu_s))

    def _compare(
        self,
        passing: Sequence[Record],
        others: Sequence[Record],
        scoring: Scoring,
        random_seed: int,
    ) -> None:
        """Choose the solutions and suites to compare, and note what is known without running."""

        def drawn(records: Sequence[Record]) -> list[Record]:
            return sorted(records, key=lambda one: draw(random_seed, "compared", one.id))

        # Solutions that fail their own tests are never selected; but where the tests were wrong,
        # they behave like the others that are right.
        voting = [one for one in others if _votes(one)]
        # Candidates first: those left out could not be chosen for their agreement.
        self._voters = [*drawn(passing), *drawn(voting)][: scoring.compared]
        tests = (record.tests for record in [*drawn(passing), *drawn(others)])
        self._suites = list(dict.fromkeys(tests))[: scoring.compared]
        for record in self._voters:
            verdict = record.verdict
            passed = verdict is not None and verdict.decision is Decision.PASS and verdict.tests
            if passed and record.tests in self._suites:
                # A pass's own tests all pass: how many there are stands in its verdict.
                suite = self._suites.index(record.tests)
                self._known[record.id, suite] = frozenset(range(len(passed)))

    def _cross_runs(self, limits: Limits) -> Iterator[Run]:
        for record in self._voters:
            for suite, tests in enumerate(self._suites):
                if (record.id, suite) not in self._known:
                    sample = Sample(
                        id=f"{record.id}#s{suite}",
                        code=record.code,
                        check=AssertsCheck(tests=tests),
                        limits=limits,
                    )
                    yield Run("cross", record.id, sample, suite)

    def scores(self, verdicts: Sequence[Verdict]) -> GroupScores:
        """Return the scores, given the verdict of each run."""
        tests: dict[tuple[str, int], frozenset[int]] = dict(self._known)
        counts: dict[str, Counter[str]] = {name: Counter() for name in self._passes}
        for run, verdict in zip(self.runs, verdicts, strict=True):
            outcome = verdict.decision
            if run.purpose == "cross" and outcome is not Decision.UNDECIDED:
                passed = frozenset(at for at, test in enumerate(verdict.tests) if test.passed)
                tests[run.record, run.suite] = passed
            if run.record in counts:
                counts[run.record][f"{run.purpose} {outcome}"] += 1
                counts[run.record]["unjudged"] += outcome is Decision.UNDECIDED
        signatures: dict[str, Signature] = {
            one.id: tuple(tests.get((one.id, suite)) for suite in range(len(self._suites)))
            for one in self._voters
        }
        passing = {signatures[name] for name in self._passes if name in signatures}
        return GroupScores(
            key=self.key,
            content=self.content,
            scores=tuple(_score(name, counts[name], signatures) for name in self._passes),
            doubtful=tuple(
                name
                for name, own in signatures.items()
                if name not in counts and None not in own and own in passing
            ),
        )


def _score(name: str, counts: Counter[str], signatures: dict[str, Signature]) -> Score:
    own = signatures.get(name, ())
    agreeing: int | None = None
    if name in signatures:
        # A run without a verdict agrees with nothing: it might have said anything.
        agreeing = 1 if None in own else sum(other == own for other in signatures.values())
    killed = counts[f"mutant {Decision.FAIL}"]
    return Score(
        id=name,
        mutants=killed + counts[f"mutant {Decision.PASS}"],
        killed=killed,
        stub_passes=counts[f"stub {Decision.PASS}"] > 0,
        agreeing=agreeing,
        solutions=len(signatures) if name in signatures else 0,
        shared=sum(len(passed or ()) for passed in own),
        failed_again=counts[f"again {Decision.FAIL}"],
        unjudged=counts["unjudged"],
    )


def _can_be_scored(record: Record) -> bool:
    return record.language == "python" and bool(record.code.strip() and record.tests.strip())


def _votes(record: Record) -> bool:
    return record.verdict is not None and record.verdict.reason in _VOTING_FAILURES


def _own_runs(record: Record, scoring: Scoring, random_seed: int) -> Iterator[Run]:
    check = AssertsCheck(tests=record.tests)

    def sample(code: str, name: str, limits: Limits) -> Sample:
        return Sample(id=f"{record.id}#{name}", code=code, check=check, limits=limits)

    short = Limits(cpu_s=scoring.cpu_s)
    if scoring.mutants:
        nothing = stubbed(record.code, "None")
        if nothing is not None:
            yield Run("stub", record.id, sample(nothing, "stub", short))
        made = mutants(record.code, scoring.mutants, random_seed, record.id, record.tests)
        for number, mutant in enumerate(made):
            yield Run("mutant", record.id, sample(mutant.code, f"m{number}", short))
    for number in range(scoring.repeats):
        yield Run("again", record.id, sample(record.code, f"again{number}", Limits()))


def _digest(records: Sequence[Record]) -> str:
    parts = [
        (record.id, record.code, record.tests, record.verdict.decision if record.verdict else "")
        for record in records
    ]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]
