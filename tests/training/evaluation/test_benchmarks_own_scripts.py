"""The benchmarks' own programs go on with results that we wrote, and find what we found."""

from pathlib import Path
from typing import Any

import pytest
from evaluated_files import evaluated
from fake_verifier import judge_by_code
from hosts import host

from veristone.training.evaluation.formats import Format

pytestmark = pytest.mark.hosts
CODES = ["passed ++++", "wrong_answer +++-", "wrong_answer -+++", "sandbox_error"]
EVALPLUS = {
    "task_id": "HumanEval/0",
    "prompt": "",
    "entry_point": "f",
    "canonical_solution": "",
    "base_input": [[1], [2]],
    "plus_input": [[3], [4]],
    "atol": 0,
}
BIG_CODE = {
    "task_id": "BigCodeBench/0",
    "complete_prompt": "",
    "canonical_solution": "",
    "test": "class TestCases: ...",
    "entry_point": "task_func",
}


async def results(folder: Path, benchmark: Any, format: Format, task: dict[str, Any]) -> Path:
    """Judge a solution for each of `CODES`; return the samples, beside which the results lie."""
    rows = [{"task_id": task["task_id"], "solution": code} for code in CODES]
    samples, _ = await evaluated(folder, benchmark, format, task, rows, judge_by_code)
    return samples


async def test_evalplus_prints_our_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of evalplus 0.3.1."""
    evaluate = host("evalplus.evaluate").evaluate
    samples = await results(tmp_path, "humaneval+", "evalplus", EVALPLUS)
    evaluate(dataset="humaneval", samples=str(samples))
    told = capsys.readouterr().out
    assert "Load from previous results" in told
    # Two of the three decided samples pass the base tests, one the plus tests as well.
    assert "0.667" in told
    assert "0.333" in told


async def test_bigcodebench_goes_on_with_our_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of bigcodebench 0.2.5, with its dataset in place of a download."""
    module = host("bigcodebench.evaluate")
    task = BIG_CODE | {"complete_prompt": "p", "test": "t"}

    def tasks(subset: str) -> dict[str, Any]:
        return {task["task_id"]: task}

    def digest(subset: str) -> str:
        return "hash"

    monkeypatch.setattr(module, "get_bigcodebench", tasks)
    monkeypatch.setattr(module, "get_bigcodebench_hash", digest)
    monkeypatch.setattr("builtins.input", lambda: "n")  # not to overwrite the results
    samples = await results(tmp_path, "bigcodebench", "bigcodebench", BIG_CODE)
    module.evaluate("complete", "hard", str(samples), execution="local", no_gt=True, pass_k="1")
    told = capsys.readouterr().out
    assert "Load from previous results" in told
    assert "pass@1:\t0.333" in told
