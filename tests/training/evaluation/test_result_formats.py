"""Results in the formats of the benchmarks' own programs, and what their scripts read in them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from evaluated_files import evaluated
from fake_verifier import judge_by_code

from veristone import ConfigError, Output, Reason, Sample, Verdict
from veristone.cli import evaluate as command
from veristone.training.evaluation.formats import FORMATS, Format, plan_path

HUMAN_EVAL = {
    "task_id": "HumanEval/0",
    "prompt": "def f(x):\n",
    "entry_point": "f",
    "canonical_solution": "    return x\n",
    "test": "def check(f):\n    assert f(1) == 1\n",
}
BIG_CODE = {
    "task_id": "BigCodeBench/0",
    "complete_prompt": "",
    "canonical_solution": "",
    "test": "class TestCases: ...",
    "entry_point": "task_func",
}
LIVE = {
    "question_id": "1873_A",
    "question_title": "Short Sort",
    "question_content": "Sort.",
    "platform": "codeforces",
    "difficulty": "easy",
    "contest_date": "2023-08-21T00:00:00",
    "public_test_cases": json.dumps([{"input": "1", "output": "1", "testtype": "stdin"}]),
}
MULTIPL_E = {"name": "HumanEval_0_f", "language": "lua", "prompt": "-- f\n", "tests": "-- tests"}


def judge_by_last_line(sample: Sample) -> Verdict:
    """The last line of a solution that starts with `#` says what becomes of it."""
    lines = [line for line in sample.code.split("\n") if line.startswith("#")]
    verdict = judge_by_code(Sample(code=lines[-1].removeprefix("#"), id=sample.id))
    verdict.stdout = Output(head="o" * 3000, total_bytes=3000)
    verdict.exit_code = 0 if verdict.reason is Reason.PASSED else 1
    return verdict


async def results(
    folder: Path, benchmark: Any, format: Format, dataset: Any, rows: list[dict[str, Any]]
) -> Path:
    """Return the results of samples: rows of a file, of which each is of this task."""
    _, path = await evaluated(folder, benchmark, format, dataset, rows, judge_by_last_line)
    return path


async def test_human_evals_rows_are_those_of_the_samples(tmp_path: Path) -> None:
    words = ["passed", "cpu_timeout", "assertion_failed", "sandbox_error"]
    rows = [
        {"task_id": "HumanEval/0", "completion": f"    return x\n#{word}", "mine": n}
        for n, word in enumerate(words)
    ]
    path = await results(tmp_path, "humaneval", "human-eval", HUMAN_EVAL, rows)
    assert path == tmp_path / "greedy.jsonl_results.jsonl"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one.pop("result") for one in found] == [
        "passed",
        "timed out",
        "failed: why",
        "undecided: why",
    ]
    assert [one.pop("passed") for one in found] == [True, False, False, None]
    assert found == rows


async def test_evalplus_and_bigcodebench_have_no_row_for_what_is_undecided(tmp_path: Path) -> None:
    solutions = [f"#{word}" for word in ("passed", "wrong_answer", "sandbox_error", "cpu_timeout")]
    rows = [{"task_id": "BigCodeBench/0", "solution": one} for one in solutions]
    path = await results(tmp_path, "bigcodebench", "bigcodebench", BIG_CODE, rows)
    assert path == tmp_path / "greedy_eval_results.json"
    found = json.loads(path.read_text())["eval"]["BigCodeBench/0"]
    assert [one["status"] for one in found] == ["pass", "fail", "timeout"]
    assert [one["details"] for one in found] == [{}, {"ALL": "why"}, {"ALL": "why"}]
    assert [one["solution"] for one in found] == ["#passed", "#wrong_answer", "#cpu_timeout"]


async def test_livecodebenchs_questions_with_their_grades(tmp_path: Path) -> None:
    words = ["passed", "wrong_answer", "overloaded", "wall_timeout", "compile_error"]
    row = {"question_id": "1873_A", "code_list": [f"#{word}" for word in words]}
    path = await results(tmp_path, "livecodebench", "livecodebench", LIVE, [row])
    assert path == tmp_path / "greedy_codegeneration_output_eval_all.json"
    (found,) = json.loads(path.read_text())
    assert found["graded_list"] == [True, False, False, False]
    assert found["pass@1"] == 0.25
    assert len(found["code_list"]) == 4
    assert (found["difficulty"], found["contest_date"]) == ("easy", "2023-08-21T00:00:00")
    codes = [json.loads(one).get("error_code") for one in found["metadata"]]
    assert codes == [None, -2, -3, -1]


async def test_multipl_es_file_of_a_task_has_a_result_for_each_completion(tmp_path: Path) -> None:
    words = ["passed", "runtime_error", "sandbox_error", "cpu_timeout", "compile_error"]
    row = MULTIPL_E | {"temperature": 0.8, "completions": [f"#{word}" for word in words]}
    folder = await results(tmp_path, "multipl-e", "multipl-e", MULTIPL_E, [row])
    assert folder == tmp_path
    with gzip.open(tmp_path / "HumanEval_0_f.results.json.gz", "rt") as file:
        found = json.load(file)
    assert found["temperature"] == 0.8
    assert "completions" not in found
    ran = found["results"]
    assert [(one["status"], one["exit_code"]) for one in ran] == [
        ("OK", 0),
        ("Exception", 1),
        ("Timeout", -1),
        ("SyntaxError", 1),
    ]
    assert ran[0]["program"] == "-- f\n#passed\n-- tests"
    assert len(ran[0]["stdout"]) == 2048


async def test_verdicts_one_a_line(tmp_path: Path) -> None:
    rows = [{"task_id": "HumanEval/0", "completion": f"#{one}"} for one in ("passed", "overloaded")]
    path = await results(tmp_path, "humaneval", "verdicts", HUMAN_EVAL, rows)
    assert path == tmp_path / "greedy_verdicts.jsonl"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["task_id"] for one in found] == ["HumanEval/0"] * 2
    assert [one["decision"] for one in found] == ["pass", "undecided"]


async def test_what_does_not_come_to_its_end_leaves_no_results(tmp_path: Path) -> None:
    rows = [{"task_id": "HumanEval/0", "completion": f"#{one}"} for one in ("passed", "no_reason")]
    with pytest.raises(ValueError, match="no_reason"):
        await results(tmp_path, "humaneval", "verdicts", HUMAN_EVAL, rows)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["greedy.jsonl", "tasks.jsonl"]


def test_where_results_of_each_format_go(tmp_path: Path) -> None:
    def name(format: Format, samples: str = "a.jsonl.gz") -> str:
        path = plan_path(tmp_path / samples, None, overwrite=False, format=format)
        return str(path.relative_to(tmp_path))

    assert [name(each) for each in FORMATS] == [
        "a_eval_results.json",
        "a.jsonl.gz_results.jsonl",
        "a_eval_results.json",
        "a_codegeneration_output_eval_all.json",
        ".",
        "a_verdicts.jsonl",
    ]
    (tmp_path / "folder").mkdir()
    assert name("bigcodebench", "folder") == "folder/eval_results.json"
    assert name("multipl-e", "folder") == "folder"
    (tmp_path / "folder" / "x.results.json.gz").write_bytes(b"")
    with pytest.raises(ConfigError, match="there already"):
        name("multipl-e", "folder")


def test_the_command_offers_every_format() -> None:
    offered: Any = command.evaluate.__annotations__["format"]
    assert offered.__origin__.__args__ == FORMATS
