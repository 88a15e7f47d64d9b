"""Readers: the field's formats in, errors with file and line out."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from veristone import AssertsCheck, DatasetError, FunctionCheck
from veristone.training.evaluation import load_dataset

PLUS: dict[str, Any] = {
    "task_id": "HumanEval/0",
    "prompt": "def double(x):\n",
    "entry_point": "double",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
    "base_input": [[1], [2]],
    "plus_input": [[10**30], [float("inf")]],
    "atol": 0,
    "contract": "",
}
MBPP = {**PLUS, "task_id": "Mbpp/2", "base_input": [[[1], [2]]], "plus_input": {}}


def write(path: Path, *rows: Any) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_reads_plain_and_gzipped_alike(tmp_path: Path) -> None:
    plain = write(tmp_path / "tasks.jsonl", PLUS, "", {**PLUS, "task_id": "HumanEval/1"})
    packed = tmp_path / "tasks.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    first, second = load_dataset(plain, "humaneval+"), load_dataset(packed, "humaneval+")
    assert list(first.tasks) == ["HumanEval/0", "HumanEval/1"]
    assert first.tasks == second.tasks
    assert first.md5 == second.md5


def test_humaneval_runs_its_own_test_code(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "t.jsonl", PLUS), "humaneval")
    check = dataset.tasks["HumanEval/0"].build("").check
    assert isinstance(check, AssertsCheck)
    assert check.tests == PLUS["test"] + "\ncheck(double)\n"


def test_plus_calls_base_inputs_first(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path / "t.jsonl", PLUS), "humaneval+")
    task = dataset.tasks["HumanEval/0"]
    check = task.build("").check
    assert isinstance(check, FunctionCheck)
    assert (len(task.base_input), len(task.plus_input)) == (2, 2)
    assert [call.args for call in check.calls] == [
        [1],
        [2],
        [{"$int": hex(10**30)}],
        [{"$float": "inf"}],
    ]
    assert check.reference == "def double(x):\n    return 2 * x\n"
    assert (check.atol, check.rtol, check.float_atol) == (0, 1e-7, 1e-6)


def test_mbpp_reference_stands_alone_where_it_is_whole(tmp_path: Path) -> None:
    whole = "def double(x, y):\n    return 2\n"
    row = {**MBPP, "prompt": "Write a function, please.\n", "canonical_solution": whole}
    dataset = load_dataset(write(tmp_path / "t.jsonl", row), "mbpp+")
    check = dataset.tasks["Mbpp/2"].build("").check
    assert isinstance(check, FunctionCheck)
    assert check.reference == whole
    assert check.calls[0].args == [{"$tuple": [1]}, {"$tuple": [2]}]
    assert not dataset.tasks["Mbpp/2"].plus_input


@pytest.mark.parametrize(
    ("benchmark", "row", "message"),
    [
        ("humaneval+", "{", r"t\.jsonl:2: not a line of JSON"),
        ("humaneval+", "[]", r"t\.jsonl:2: a JSON object was expected, not list"),
        ("humaneval+", {}, r"t\.jsonl:2: the field 'task_id' is missing"),
        ("humaneval+", {**PLUS, "task_id": 3}, r"t\.jsonl:2: Expected `str`.*task_id"),
        ("humaneval+", PLUS, r"t\.jsonl:2: task 'HumanEval/0' comes a second time"),
        ("humaneval+", MBPP, r"t\.jsonl:2: 'Mbpp/2' is no task of humaneval\+"),
        (
            "humaneval+",
            {**PLUS, "task_id": "b", "base_input": "x"},
            r"t\.jsonl:2: Expected `array`",
        ),
        (
            "humaneval+",
            {**PLUS, "task_id": "b", "base_input": [1]},
            r"t\.jsonl:2: Expected `array`",
        ),
        ("humaneval+", {**PLUS, "task_id": "b", "atol": None}, "Expected `float`.*atol"),
        ("humaneval", {**PLUS, "task_id": "b", "test": None}, "Expected `str`.*test"),
    ],
)
def test_malformed_tasks_name_file_and_line(
    tmp_path: Path, benchmark: Any, row: Any, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        load_dataset(write(tmp_path / "t.jsonl", PLUS, row), benchmark)


def test_plain_humaneval_is_no_humaneval_plus(tmp_path: Path) -> None:
    row = {key: value for key, value in PLUS.items() if not key.endswith("_input")}
    with pytest.raises(DatasetError, match="EvalPlus publishes"):
        load_dataset(write(tmp_path / "t.jsonl", row), "humaneval+")


def test_mbpp_input_of_the_wrong_shape_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"t\.jsonl:1: Mbpp/2: an input"):
        load_dataset(write(tmp_path / "t.jsonl", {**MBPP, "base_input": [[1]]}), "mbpp+")


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bnot gzip", b"\n\n"])
def test_unreadable_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"t\.jsonl: "):
        load_dataset(path, "humaneval")


def test_a_missing_file_is_a_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        load_dataset(tmp_path / "nothing.jsonl", "humaneval")
