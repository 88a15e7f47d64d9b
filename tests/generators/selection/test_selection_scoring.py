"""Scores: which runs are asked for, what their verdicts say, and how an interrupted run goes on."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from backends import open_engine
from selection_records import DOUBLE, failing, make, passing

from veristone import AssertsCheck, Decision, Reason, Sample, TestResult, Verdict, Verifier
from veristone.generators.selection.score_log import ScoreLog, score_groups
from veristone.generators.selection.scoring import GroupScores, Score, Scoring, ScoringPlan
from veristone.generators.synthesis.records import Record

WEAK = "assert double(0) == 0\n"


class Interrupted(Exception):
    """What ends a run in the middle."""


class InProcess:
    """A verifier for code of ours: runs asserts one by one in this process."""

    def __init__(self, fail_after: int = 1_000_000, broken: bool = False) -> None:
        self.seen: list[str] = []
        self._fail_after = fail_after
        self._broken = broken

    async def verify(self, sample: Sample) -> Verdict:
        raise NotImplementedError

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        for sample in cast("Iterable[Sample]", samples):
            if len(self.seen) == self._fail_after:
                raise Interrupted
            self.seen.append(sample.id)
            yield _run(sample, self._broken)


def _run(sample: Sample, broken: bool) -> Verdict:
    if broken:
        return Verdict(id=sample.id, decision=Decision.UNDECIDED, reason=Reason.SANDBOX_ERROR)
    assert isinstance(sample.check, AssertsCheck)
    results: list[TestResult] = []
    for number, line in enumerate(sample.check.tests.splitlines(), 1):
        space: dict[str, object] = {}
        try:
            exec(f"{sample.code}\n{line}", space)
            results.append(TestResult(passed=True, name=f"line {number}"))
        except Exception:
            results.append(TestResult(passed=False, name=f"line {number}"))
    passed = all(result.passed for result in results)
    reason = Reason.PASSED if passed else Reason.ASSERTION_FAILED
    return Verdict(id=sample.id, decision=reason.decision, reason=reason, tests=results)


async def scores_of(
    verifier: Verifier, passes: Sequence[Record], others: Sequence[Record], scoring: Scoring
) -> dict[str, Score]:
    found = await _scored(verifier, ScoringPlan("a", passes, others, scoring, 0))
    return {score.id: score for score in found.scores}


async def _scored(verifier: Verifier, plan: ScoringPlan) -> GroupScores:
    samples = [run.sample for run in plan.runs]
    return plan.scores([verdict async for verdict in verifier.verify_stream(samples)])


async def test_weak_tests_let_mutants_live() -> None:
    scoring = Scoring(mutants=8)
    strong = passing("a/0", tests="assert double(2) == 4\nassert double(3) == 6\n", tests_run=2)
    weak = passing("a/1", tests=WEAK)
    none = passing("a/2", tests="double(1)\n")
    found = await scores_of(InProcess(), [strong, weak, none], [], scoring)
    assert found["a/0"].strength == 1
    assert 0 < (found["a/1"].strength or 0) < 1
    assert not found["a/1"].stub_passes
    assert found["a/2"].strength == 0
    assert found["a/2"].stub_passes


async def test_solutions_that_behave_alike_agree() -> None:
    add = passing("a/0", code="def double(x):\n    return x + x\n", tests=WEAK)
    times = passing("a/1", tests="assert double(2) == 4\n")
    # Right for 0 alone; its own tests do not notice.
    wrong = passing("a/2", code="def double(x):\n    return 0\n", tests="assert double(0) == 0\n\n")
    mistaken = failing("a/3", code=DOUBLE, tests="assert double(3) == 7\n")
    found = await scores_of(InProcess(), [add, times, wrong], [mistaken], Scoring(agreement=True))
    assert {name: score.agreeing for name, score in found.items()} == {
        "a/0": 3,
        "a/1": 3,
        "a/2": 1,
    }
    assert found["a/0"].solutions == 4


async def test_a_failure_that_behaves_like_a_pass_is_doubtful() -> None:
    right = passing("a/0", tests="assert double(2) == 4\n")
    mistaken = failing(
        "a/1", code="def double(y):\n    return y + y\n", tests="assert double(3) == 7\n"
    )
    wrong = failing("a/2", tests="assert double(3) == 6\n")
    plan = ScoringPlan("a", [right], [mistaken, wrong], Scoring(agreement=True), 0)
    assert (await _scored(InProcess(), plan)).doubtful == ("a/1",)


def test_a_pass_is_not_run_again_on_its_own_tests() -> None:
    records = [passing(f"a/{n}", tests=f"assert double({n}) == {2 * n}\n") for n in range(4)]
    plan = ScoringPlan("a", records, [], Scoring(agreement=True), 0)
    assert len(plan.runs) == 4 * 3


def test_runs_of_one_instruction_are_bounded() -> None:
    records = [passing(f"a/{n}", tests=f"assert double({n}) == {2 * n}\n") for n in range(50)]
    plan = ScoringPlan("a", records, [], Scoring(agreement=True, compared=5), 0)
    assert len(plan.runs) == 5 * 4
    assert len({run.sample.id for run in plan.runs}) == len(plan.runs)


@pytest.mark.parametrize(
    "fields", [{"language": "rust"}, {"code": ""}, {"tests": " \n"}], ids=["rust", "code", "tests"]
)
def test_what_cannot_be_scored_is_not_run(fields: dict[str, Any]) -> None:
    plan = ScoringPlan("a", [passing("a/0", **fields)], [], Scoring(mutants=3, agreement=True), 0)
    assert plan.runs == []


async def test_runs_without_a_verdict_count_nowhere() -> None:
    scoring = Scoring(mutants=4, agreement=True, repeats=2)
    records = [passing("a/0"), passing("a/1", tests=WEAK)]
    found = await scores_of(InProcess(broken=True), records, [], scoring)
    for score in found.values():
        assert score.mutants == score.failed_again == 0
        assert score.unjudged > 0
        assert score.strength is None
        assert score.agreeing == 1, "no agreement is made up"


def plans(count: int = 6) -> list[ScoringPlan]:
    """Some with runs, some without."""
    made: list[ScoringPlan] = []
    for n in range(count):
        record = passing(f"g{n}/0") if n % 3 else make(f"g{n}/0", tests="")
        made.append(ScoringPlan(f"g{n}", [record], [], Scoring(mutants=3), 0))
    return made


async def score_all(
    some: Sequence[ScoringPlan], verifier: Verifier, path: Path, settings: str
) -> None:
    with closing(ScoreLog(path, settings)) as log:
        for at in range(0, len(some), 2):
            await score_groups(some[at : at + 2], verifier, log)


async def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    everything = InProcess()
    await score_all(plans(), everything, whole, "s")
    for after in range(len(everything.seen)):
        path = tmp_path / f"{after}.jsonl"
        first, second = InProcess(fail_after=after), InProcess()
        with pytest.raises(Interrupted):
            await score_all(plans(), first, path, "s")
        await score_all(plans(), second, path, "s")
        assert path.read_bytes() == whole.read_bytes()
        done_once = set(first.seen) - set(second.seen)
        assert len(done_once) >= (after // 4) * 4 - 4


async def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    await score_all(plans(), InProcess(), path, "s")
    wanted = path.read_bytes()
    for cut in (1, 10, len(wanted) // 2, len(wanted) - 5):
        path.write_bytes(wanted[:-cut])
        await score_all(plans(), InProcess(), path, "s")
        assert path.read_bytes() == wanted
    path.write_bytes(wanted + b'{"key": "rubbish')
    await score_all(plans(), InProcess(), path, "s")
    assert path.read_bytes() == wanted


async def test_other_settings_and_other_responses_are_run_anew(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    await score_all(plans(), InProcess(), path, "s")
    again = InProcess()
    await score_all(plans(), again, path, "s")
    assert again.seen == []
    await score_all(plans(), again, path, "other")
    assert len(again.seen) == 16
    fewer = InProcess()
    await score_all(plans(3), fewer, path, "other")
    assert fewer.seen == []


@pytest.mark.bubblewrap
async def test_scores_by_real_sandboxes() -> None:
    strong = passing("a/0", tests="assert double(3) == 6\n\n", code=DOUBLE)
    loop = "def double(x):\n    n = 0\n    while n < 2 * x:\n        n += 1\n    return n\n"
    looping = passing("a/1", tests="assert double(3) == 6\n", code=loop)
    vacuous = passing(
        "a/2", tests="try:\n    assert double(1) == 5\nexcept AssertionError:\n    pass\n"
    )
    scoring = Scoring(mutants=6, agreement=True, repeats=1, cpu_s=0.5)
    async with open_engine("bubblewrap") as engine:
        found = await scores_of(engine, [strong, looping], [vacuous], scoring)
    assert found["a/0"].strength == 1
    # One that begins to count at 1 is the same program; those that loop for ever are noticed.
    assert (found["a/1"].strength or 0) > 0.7
    assert {score.agreeing for score in found.values()} == {2}
    assert not any(score.stub_passes or score.failed_again for score in found.values())
