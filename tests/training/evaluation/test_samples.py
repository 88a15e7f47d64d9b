"""Samples in every layout of the field, and those that are no samples."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from veristone import DatasetError
from veristone.training.evaluation import Samples, load_candidates
from veristone.training.evaluation.task import Program, Task


def task(task_id: str, prompt: str = "P:") -> Task:
    return Task(task_id, prompt, "f", "", lambda solution: Program(solution, None))  # pyright: ignore[reportArgumentType]


TASKS = {name: task(name) for name in ("HumanEval/0", "HumanEval/1")}


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path, *names: str) -> Samples:
    return load_candidates(path, {name: task(name) for name in names} or TASKS)


def solutions(path: Path, *names: str) -> list[tuple[str, str]]:
    return [(one.task_id, one.solution) for one in read(path, *names).candidates]


def test_solution_wins_over_completion(tmp_path: Path) -> None:
    rows = [
        {"task_id": "HumanEval/0", "completion": "x"},
        {"task_id": "HumanEval/0", "completion": "ignored", "solution": "whole"},
    ]
    found = solutions(write(tmp_path / "s.jsonl", *rows))
    assert found == [("HumanEval/0", "P:x"), ("HumanEval/0", "whole")]


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("mbpp/601", {"task_id": 601, "completion": "x"}, ["P:x"]),
        ("mbpp/601", {"task_id": "601", "solution": "x"}, ["x"]),
        ("Mbpp/601", {"task_id": "mbpp/601", "solution": "x"}, ["x"]),
        ("DS-1000/3", {"id": 3, "code": "x", "metadata": {"problem_id": 3}}, ["x"]),
        ("DS-1000/3", {"id": 3, "code": ["x"]}, ["x"]),
        ("1873_A", {"question_id": "1873_A", "code_list": ["x", "y"]}, ["x", "y"]),
        ("1873_A", {"question_id": "1873_A", "code_list": ["x", None]}, ["x", ""]),
        ("mbpp/601", {"task_id": 601.0, "solution": "x"}, ["x"]),
        ("2727", {"question_id": 2727, "output_list": ["z"], "code_list": ["x"]}, ["x"]),
        ("CPP/0", {"task_id": "CPP/0", "prompt": "P:", "generation": "x"}, ["P:x"]),
        ("h_0", {"name": "h_0", "prompt": "P:", "completions": ["x", "y"]}, ["P:x", "P:y"]),
        ("BigCodeBench/0", {"task_id": "BigCodeBench/0", "solution": "x"}, ["x"]),
    ],
)
def test_each_benchmarks_own_rows(
    tmp_path: Path, name: str, row: dict[str, Any], expected: list[str]
) -> None:
    assert solutions(write(tmp_path / "s.jsonl", row), name) == [(name, text) for text in expected]


def test_files_that_are_one_json_text(tmp_path: Path) -> None:
    rows = [{"question_id": "b", "code_list": ["1"]}, {"question_id": "a", "code_list": ["2", "3"]}]
    path = tmp_path / "s.json"
    expected = [("b", "1"), ("a", "2"), ("a", "3")]
    for text in (json.dumps(rows), json.dumps(rows, indent=4), "\ufeff" + json.dumps(rows)):
        path.write_text(text, encoding="utf-8")
        assert solutions(path, "a", "b") == expected
    # Answers under the ids of tasks, on one line or on many.
    for indent in (None, 1):
        path.write_text(json.dumps({"b": ["1"], "a": ["2", "3"]}, indent=indent))
        assert solutions(path, "a", "b") == expected
    # Lists alone are of the tasks in the dataset's order, or in that of the harness.
    path.write_text(json.dumps([["2", "3"], ["1"]]))
    assert solutions(path, "b", "a") == [("b", "2"), ("b", "3"), ("a", "1")]
    known = {name: task(name) for name in ("b", "a")}
    found = load_candidates(path, known, in_order=["a", "b"]).candidates
    assert [(one.task_id, one.solution) for one in found] == [("a", "2"), ("a", "3"), ("b", "1")]
    path.write_text(json.dumps({"task_id": "a", "solution": "1"}, indent=1))
    assert solutions(path, "a") == [("a", "1")]


def test_directory_of_programs_in_numeric_order(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "HumanEval_0"
    folder.mkdir(parents=True)
    (tmp_path / "out" / ".cache").mkdir()
    for name in ("10.py", "2.py", "0.py", "notes.txt"):
        (folder / name).write_text(name)
    found = solutions(tmp_path / "out")
    assert found == [("HumanEval/0", name) for name in ("0.py", "2.py", "10.py")]


def test_directory_of_multipl_e(tmp_path: Path) -> None:
    row = {"name": "h_0", "language": "lua", "prompt": "P:", "tests": "", "completions": ["x"]}
    (tmp_path / "h_0.json.gz").write_bytes(gzip.compress(json.dumps(row, indent=1).encode()))
    (tmp_path / "h_0.results.json.gz").write_bytes(gzip.compress(b"{}"))
    assert solutions(tmp_path, "h_0") == [("h_0", "P:x")]


def test_samples_of_other_tasks_are_skipped_and_counted(tmp_path: Path) -> None:
    rows = [{"task_id": f"HumanEval/{n}", "solution": "x"} for n in (0, 7, 7, 8)]
    found = read(write(tmp_path / "s.jsonl", *rows))
    assert [one.task_id for one in found.candidates] == ["HumanEval/0"]
    assert found.skipped == {"HumanEval/7": 2, "HumanEval/8": 1}


def test_what_was_not_answered_is_no_sample(tmp_path: Path) -> None:
    row = {"task_id": "HumanEval/0", "trouble": "refused", "words": "too long"}
    found = read(write(tmp_path / "s.jsonl", row))
    assert not found.candidates
    assert [tuple(one) for one in found.troubles] == [("HumanEval/0", "refused", "too long")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"task_id": "HumanEval/0"}, r"s\.jsonl:1: no solution in it: give 'solution'"),
        ({"task_id": "HumanEval/0", "completion": [3]}, r"s\.jsonl:1: 'completion' must be"),
        ({"task_id": "HumanEval/0", "solution": None}, r"s\.jsonl:1: 'solution' must be"),
        ({"task_id": ["x"], "solution": ""}, r"s\.jsonl:1: 'task_id' must be"),
        ({"solution": "x", "model": "m"}, r"s\.jsonl:1: the field 'task_id' is missing"),
        ({"task_id": "Nope/9", "solution": ""}, r"no task 'Nope/9'; its tasks .* 'HumanEval/0'"),
        ({"task_id": 1, "prompt": "", "test": "", "canonical_solution": ""}, "like the dataset"),
        ({"task_id": 1, "text": "", "code": "", "test_list": []}, "like the dataset"),
    ],
)
def test_malformed_samples_name_file_and_line(tmp_path: Path, row: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read(write(tmp_path / "s.jsonl", row))


def test_unknown_tasks_are_all_counted(tmp_path: Path) -> None:
    rows = [{"task_id": f"X/{number}", "solution": ""} for number in range(7)]
    with pytest.raises(DatasetError, match=r"'X/4' and 2 more"):
        read(write(tmp_path / "s.jsonl", *rows))


def test_a_torn_array_is_said_to_be_neither(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('[{"task_id": "HumanEval/0", "solu')
    with pytest.raises(DatasetError, match="neither JSON nor JSON Lines"):
        read(path)
