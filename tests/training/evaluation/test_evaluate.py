"""From samples to results with a verifier that has no sandbox."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_verifier import FakeVerifier, judge_by_code, verdict_of

from veristone import (
    ConfigError,
    FunctionCheck,
    Reason,
    Sample,
    Verdict,
    Verifier,
    VeristoneError,
)
from veristone.cli.evaluate import print_scores
from veristone.cli.main import main
from veristone.training.evaluation import Candidate, Dataset, EvalReport, Task, evaluate, summarise
from veristone.training.evaluation.formats import plan_path
from veristone.training.evaluation.results import evalplus_results, write_results
from veristone.training.evaluation.task import Program
from veristone.training.evaluation.whole import Evaluation, evaluate_files

CHECK = FunctionCheck(entry_point="f", calls=[])


def dataset(benchmark: Any = "humaneval+", tasks: int = 2) -> Dataset:
    prefix = "Mbpp" if benchmark == "mbpp+" else "HumanEval"
    made = [
        Task(
            task_id=f"{prefix}/{number}",
            prompt="",
            entry_point="f",
            canonical_solution="def f(x): return x",
            build=lambda solution: Program(solution, CHECK),
            base_input=([1], [2]),
            plus_input=([3], [4]),
        )
        for number in range(tasks)
    ]
    return Dataset(benchmark, Path("tasks.jsonl"), "md5", {task.task_id: task for task in made})


def candidate(code: str, number: int = 0) -> Candidate:
    return Candidate(f"HumanEval/{number}", code)


async def report_of(*candidates: Candidate, benchmark: Any = "humaneval+") -> EvalReport:
    return await evaluate(FakeVerifier(judge_by_code), dataset(benchmark), candidates)


def test_the_fake_is_a_verifier() -> None:
    assert isinstance(FakeVerifier(judge_by_code), Verifier)


@pytest.mark.parametrize(
    ("code", "base", "plus", "base_fails", "plus_fails"),
    [
        ("passed ++++", "pass", "pass", [], []),
        ("wrong_answer ++-+", "pass", "fail", [], [[3]]),
        ("wrong_answer -+++", "fail", "pass", [[1]], []),
        # A call that takes too long has failed, as in EvalPlus; "timeout" is for a whole run.
        ("cpu_timeout +---", "fail", "fail", [[2]], [[3]]),
        ("wall_timeout +++-", "pass", "fail", [], [[4]]),
        ("compile_error ----", "fail", "fail", [], []),
        ("compile_error", "fail", "fail", [], []),
        ("memory_limit", "fail", "fail", [], []),
        ("cpu_timeout", "timeout", "timeout", [], []),
        # The run as a whole broke a rule: no test of it counts.
        ("early_exit ++++", "fail", "fail", [], []),
        ("cpu_timeout ++++", "timeout", "timeout", [], []),
        ("tampered +++-", "fail", "fail", [], [[4]]),
        ("sandbox_error", "undecided", "undecided", [], []),
        ("overloaded ++--", "undecided", "undecided", [], []),
        # Verdicts that cannot be true are a fault of the verifier, never a right or wrong answer.
        ("passed", "undecided", "undecided", [], []),
        ("passed +++", "undecided", "undecided", [], []),
        ("passed +++-", "undecided", "undecided", [], []),
        ("wrong_answer ++", "undecided", "undecided", [], []),
    ],
)
async def test_statuses(
    code: str, base: str, plus: str, base_fails: list[Any], plus_fails: list[Any]
) -> None:
    report = await report_of(candidate(code))
    (outcome,) = report.outcomes
    assert (outcome.base_status, outcome.plus_status) == (base, plus)
    assert list(outcome.base_fail_tests) == base_fails
    assert list(outcome.plus_fail_tests) == plus_fails


async def test_tests_not_reached_take_the_reason_of_the_verdict() -> None:
    def judge(sample: Sample) -> Verdict:
        verdict = verdict_of(sample, Reason.RUNTIME_ERROR, [True, True, False, False])
        verdict.reason = Reason.CPU_TIMEOUT
        return verdict

    report = await evaluate(FakeVerifier(judge), dataset(), [candidate("")])
    assert report.outcomes[0].base_status == "pass"
    assert report.outcomes[0].plus_status == "timeout"


async def test_the_stream_is_closed_when_the_caller_fails() -> None:
    closed: list[bool] = []

    class Watched(FakeVerifier):
        async def verify_stream(
            self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
        ) -> AsyncIterator[Verdict]:
            try:
                async for verdict in super().verify_stream(samples, ordered=ordered):
                    yield verdict
            finally:
                closed.append(True)

    def fail(outcome: Any, verdict: Verdict) -> None:
        raise RuntimeError("no room on the screen")

    with pytest.raises(RuntimeError, match="no room"):
        await evaluate(
            Watched(judge_by_code), dataset(), [candidate("compile_error")] * 2, progress=fail
        )
    assert closed == [True]


async def test_plus_counts_only_where_base_passed() -> None:
    report = await report_of(candidate("wrong_answer -+++"), candidate("passed ++++", 1))
    assert report.counts(plus=False) == {"HumanEval/0": (1, 0), "HumanEval/1": (1, 1)}
    assert report.counts(plus=True) == {"HumanEval/0": (1, 0), "HumanEval/1": (1, 1)}


async def test_undecided_samples_are_neither_wrong_nor_counted() -> None:
    report = await report_of(
        candidate("passed ++++"), candidate("sandbox_error"), candidate("sandbox_error", 1)
    )
    summary = summarise(report)
    assert (summary.samples, summary.undecided, summary.tasks) == (3, 2, 2)
    assert [(each.k, each.mean, each.tasks) for each in summary.base] == [(1, 1.0, 1)]
    assert any("only undecided samples" in note for note in summary.notes)


async def test_every_undecided_sample_is_named_with_its_reason() -> None:
    codes = [candidate("sandbox_error", n % 2) for n in range(20)] + [candidate("overloaded")]
    report = await report_of(*codes)
    summary = summarise(report)
    told = [note for note in summary.notes if note.startswith("undecided: ")]
    assert sum(note.count("HumanEval/") for note in told) == len(codes)
    assert sum(note.endswith(": sandbox_error: why") for note in told) == 1
    results = evalplus_results(report, summary)["veristone"]["why_undecided"]
    assert {why: len(tasks) for why, tasks in results.items()} == {
        "sandbox_error: why": 20,
        "overloaded: why": 1,
    }


async def test_every_task_that_is_left_out_is_named_with_its_reason(tmp_path: Path) -> None:
    wanted = replace(evaluation(tmp_path, "passed ++++"), check_references=True)
    tasks = tmp_path / "tasks.jsonl"
    one = json.loads(tasks.read_text())
    rows = [
        {**one, "canonical_solution": "passed ++++"},
        {**one, "task_id": "HumanEval/1", "canonical_solution": "runtime_error"},
    ]
    tasks.write_text("\n".join(map(json.dumps, rows)))
    found = await evaluate_files(wanted, FakeVerifier(judge_by_code))
    assert "left out: HumanEval/1: why" in found.summary.notes
    content = json.loads(found.path.read_text())
    assert content["veristone"]["left_out"] == {"HumanEval/1": "why"}


async def test_missing_tasks_are_said_and_left_out() -> None:
    report = await report_of(candidate("passed ++++"))
    assert report.missing_tasks == ["HumanEval/1"]
    summary = summarise(report)
    assert summary.base[0].mean == 1.0
    assert summary.notes[0].startswith("1 of 2 tasks have no sample")


async def test_pass_at_10_needs_ten_decided_samples_of_every_task() -> None:
    ten = [candidate("passed ++++")] * 10
    report = await report_of(*ten, candidate("passed ++++", 1))
    summary = summarise(report)
    assert [each.k for each in summary.plus] == [1]
    assert any(note.startswith("no pass@10: 1 tasks") for note in summary.notes)
    report = await report_of(*ten, *[candidate("wrong_answer ++--", 1)] * 10)
    summary = summarise(report)
    assert [(each.k, each.mean) for each in summary.base] == [(1, 1.0), (10, 1.0)]
    assert [(each.k, each.mean) for each in summary.plus] == [(1, 0.5), (10, 0.5)]


async def test_samples_of_a_task_share_one_check() -> None:
    verifier = FakeVerifier(judge_by_code)
    await evaluate(verifier, dataset(), [candidate("passed ++++"), candidate("compile_error")])
    first, second = verifier.samples
    assert first.check is second.check
    assert isinstance(first.check, FunctionCheck)
    assert first.id != second.id
    assert (first.limits.cpu_s, first.limits.wall_s) == (20, 60)


async def test_samples_are_made_as_the_verifier_asks() -> None:
    verifier = FakeVerifier(judge_by_code)
    ahead: list[int] = []

    def note(outcome: Any, verdict: Verdict) -> None:
        ahead.append(len(verifier.samples))

    await evaluate(verifier, dataset(), [candidate("compile_error")] * 3, progress=note)
    assert ahead == [1, 2, 3]


async def test_a_verdict_of_another_sample_is_an_error() -> None:
    def judge(sample: Sample) -> Verdict:
        return Verdict(id="other", decision=Reason.PASSED.decision, reason=Reason.PASSED)

    with pytest.raises(VeristoneError, match="not that of its sample"):
        await evaluate(FakeVerifier(judge), dataset(), [candidate("")])


async def test_results_have_the_shape_of_evalplus() -> None:
    report = await report_of(candidate("wrong_answer +++-"), candidate("sandbox_error"))
    content = json.loads(json.dumps(evalplus_results(report, summarise(report))))
    assert set(content) == {"date", "hash", "eval", "pass_at_k", "veristone"}
    assert content["hash"] == "md5"
    assert content["eval"]["HumanEval/0"][0] == {
        "task_id": "HumanEval/0",
        "solution": "wrong_answer +++-",
        "base_status": "pass",
        "plus_status": "fail",
        "base_fail_tests": [],
        "plus_fail_tests": [[4]],
    }
    # EvalPlus would take it for wrong.
    assert len(content["eval"]["HumanEval/0"]) == 1
    assert [one["task_id"] for one in content["veristone"]["undecided_samples"]] == ["HumanEval/0"]
    assert content["pass_at_k"] == {"base": {"pass@1": 1.0}, "plus": {"pass@1": 0.0}}
    assert content["veristone"]["undecided"] == 1
    assert content["veristone"]["missing_tasks"] == ["HumanEval/1"]


async def test_humaneval_has_no_plus(tmp_path: Path) -> None:
    codes = ["passed", "wall_timeout", "assertion_failed", "sandbox_error"]
    report = await report_of(*map(candidate, codes), benchmark="humaneval")
    path = plan_path(tmp_path / "greedy.jsonl.gz", None, overwrite=False)
    write_results(report, summarise(report), path)
    content = json.loads((tmp_path / "greedy_eval_results.json").read_text())
    rows = content["eval"]["HumanEval/0"]
    assert [row["base_status"] for row in rows] == ["pass", "timeout", "fail"]
    assert [row["plus_status"] for row in rows] == [None] * 3
    assert content["pass_at_k"] == {"base": {"pass@1": pytest.approx(1 / 3)}}


def test_where_results_go(tmp_path: Path) -> None:
    def path(samples: Path, output: Path | None = None) -> Path:
        return plan_path(samples, output, overwrite=False)

    assert path(tmp_path / "a.jsonl") == tmp_path / "a_eval_results.json"
    assert path(tmp_path / "a.jsonl.gz") == tmp_path / "a_eval_results.json"
    assert path(tmp_path) == tmp_path / "eval_results.json"
    assert path(tmp_path / "a.jsonl", tmp_path / "b.json") == tmp_path / "b.json"


def test_results_are_never_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "a_eval_results.json").write_text("mine")
    with pytest.raises(ConfigError, match="--overwrite"):
        plan_path(tmp_path / "a.jsonl", None, overwrite=False)
    plan_path(tmp_path / "a.jsonl", None, overwrite=True)
    (tmp_path / "a.jsonl").write_text("mine")
    with pytest.raises(ConfigError, match="name another file"):
        plan_path(tmp_path / "a.jsonl", tmp_path / "a.jsonl", overwrite=True)


def test_a_folder_that_cannot_be_written_asks_for_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Any, mode: int) -> bool:
        return False  # root may write anywhere, so the mode of a real folder proves nothing

    monkeypatch.setattr("os.access", refuse)
    with pytest.raises(ConfigError, match="--output"):
        plan_path(tmp_path / "a.jsonl", None, overwrite=False)


def evaluation(tmp_path: Path, *codes: str, **more: Any) -> Evaluation:
    row = {
        "task_id": "HumanEval/0",
        "prompt": "",
        "entry_point": "f",
        "canonical_solution": "",
        "base_input": [[1], [2]],
        "plus_input": [[3], [4]],
        "atol": 0,
    }
    (tmp_path / "tasks.jsonl").write_text(json.dumps(row))
    rows = (json.dumps({"task_id": "HumanEval/0", "solution": code}) for code in codes)
    (tmp_path / "greedy.jsonl").write_text("\n".join(rows))
    return Evaluation(
        benchmark="humaneval+",
        dataset=tmp_path / "tasks.jsonl",
        samples=tmp_path / "greedy.jsonl",
        **more,
    )


async def test_files_in_scores_and_results_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    wanted = evaluation(tmp_path, "passed ++++", "wrong_answer ++--", "sandbox_error", cpu_s=5)
    verifier = FakeVerifier(judge_by_code)
    seen: list[tuple[str, int, int, str]] = []

    def note(what: str, done: int, total: int, more: str) -> None:
        seen.append((what, done, total, more))

    found = await evaluate_files(wanted, verifier, note)
    assert verifier.samples[0].limits.cpu_s == 5
    assert (found.summary.samples, found.summary.undecided) == (3, 1)
    assert seen[-1] == ("humaneval+", 3, 3, "1 undecided")
    print_scores(found)
    out = capsys.readouterr().out
    assert "100.0 [100.0, 100.0]" in out
    assert "50.0 [50.0, 50.0]" in out
    assert "1 samples are undecided" in out
    assert f"results: {tmp_path / 'greedy_eval_results.json'}\n" in out
    with pytest.raises(ConfigError, match="--overwrite"):
        await evaluate_files(wanted, verifier)


async def test_what_was_not_answered_is_told_in_the_servers_words_and_is_no_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    wanted = evaluation(tmp_path, "passed ++++", overwrite=True)
    refused = {"task_id": "HumanEval/0", "trouble": "refused", "words": "request r: 400: too long"}
    cut = {"task_id": "HumanEval/0", "trouble": "cut", "words": "cut off before max_tokens 9"}
    other = {"task_id": "HumanEval/77", "solution": "x"}
    assert wanted.samples is not None
    rows = wanted.samples.read_text().splitlines()
    wanted.samples.write_text("\n".join([*rows, *map(json.dumps, (refused, refused, cut, other))]))
    found = await evaluate_files(wanted, FakeVerifier(judge_by_code))
    assert (found.summary.samples, found.summary.no_answer) == (1, 3)
    assert found.summary.base[0].mean == 1.0
    print_scores(found)
    out = capsys.readouterr().out
    assert "no answer" in out
    assert "2 requests were refused by the server and do not count" in out
    assert "HumanEval/0: 400: too long" in out
    assert "1 answers were cut off by the server, before the limit asked for" in out
    assert "if they counted as wrong, base pass@1 would be 25.0" in out
    assert "1 samples are skipped" in out
    assert json.loads(found.path.read_text())["veristone"]["troubles"][0]["kind"] == "refused"
    # Nothing but trouble: no score at all.
    wanted.samples.write_text(json.dumps(refused))
    found = await evaluate_files(wanted, FakeVerifier(judge_by_code))
    assert (found.summary.samples, found.summary.undecided, found.summary.base) == (0, 0, [])
    print_scores(found)
    assert "pass@1" not in capsys.readouterr().out
    assert not found.summary.says_something


async def test_an_answer_that_reached_its_limit_counts_and_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    wanted = evaluation(tmp_path, "passed ++++", overwrite=True)
    assert wanted.samples is not None
    rows = wanted.samples.read_text()
    words = "max_tokens 9; the server sent reasoning only"
    cut = {"task_id": "HumanEval/0", "solution": "assertion_failed ----", "cut": words}
    wanted.samples.write_text(f"{rows}\n{json.dumps(cut)}\n")
    found = await evaluate_files(wanted, FakeVerifier(judge_by_code))
    assert (found.summary.samples, found.summary.no_answer, found.summary.cut) == (2, 0, 1)
    assert found.summary.base[0].mean == 0.5
    assert found.summary.says_something
    print_scores(found)
    out = capsys.readouterr().out
    assert "cut off" in out
    assert "1 of 2 answers were cut off at max_tokens 9 before their code was whole" in out
    assert "  HumanEval/0: the server sent reasoning only" in out
    wanted.samples.write_text(json.dumps(cut))
    found = await evaluate_files(wanted, FakeVerifier(judge_by_code))
    assert found.summary.base[0].mean == 0
    assert not found.summary.says_something, "the limit was too low for every answer"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "x", "3601"])
def test_cpu_seconds_must_make_sense(seconds: str) -> None:
    assert main(["eval", "humaneval", "--dataset", "d", "--samples", "s", "--cpu-s", seconds]) == 2
