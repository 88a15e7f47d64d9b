"""Benchmark files of every known form become tasks."""

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from veristone import ConfigError
from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile
from veristone.generators.seeds.sandboxed.tasks import (
    MOST_ARGUMENT_BYTES,
    MOST_CALLS,
    Task,
    read_tasks,
)

MBPP = {
    "task_id": 604,
    "text": "Add.",
    "code": "import math\r\ndef helper(a):\r\n    return a\r\ndef add(a, b):\r\n    return a + b",
    "test_list": [
        "assert add(1, 2) == 3",
        "assert set(add((1,), (2,))) == set((1, 2))",
        "assert add(x, 2) == 3",
        "assert add(*[1, 2]) == 3",
        "assert add(a=1, b=2) == 3",
        "not python",
    ],
}
HUMANEVAL = {
    "task_id": "HumanEval/1",
    "prompt": "def add(a, b):\n    '''Add.'''\n",
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n  assert candidate(1, 2) == 3\n  assert not candidate(0, 0)",
}


def read(tmp_path: Path, *rows: object, pack: bool = False) -> list[Task | str]:
    content = "\n".join(json.dumps(row) for row in rows).encode()
    path = tmp_path / "rows"
    path.write_bytes(gzip.compress(content) if pack else content + b"\n\n")
    benchmark = BenchmarkFile(name="bench", path=path)
    return read_tasks(benchmark)


def calls(task: Task | str) -> list[Any]:
    assert isinstance(task, Task)
    return [pickle.loads(call) for call in task.calls]


@pytest.mark.parametrize("pack", [False, True])
def test_mbpp(tmp_path: Path, pack: bool) -> None:
    [task] = read(tmp_path, MBPP, pack=pack)
    assert isinstance(task, Task)
    assert (task.name, task.entry_point, task.own) == ("bench/604 (add)", "add", 2)
    assert calls(task) == [(1, 2), ((1,), (2,))]
    assert task.shapes == ["int,int", "tuple[int],tuple[int]"]
    assert task.program == MBPP["code"]


def test_humaneval_from_its_tests(tmp_path: Path) -> None:
    renamed = {**HUMANEVAL, "test": str(HUMANEVAL["test"]).replace("candidate", "add")}
    for row in (HUMANEVAL, renamed):
        [task] = read(tmp_path, row)
        assert isinstance(task, Task)
        assert calls(task) == [(1, 2), (0, 0)]
        assert task.program == str(row["prompt"]) + str(row["canonical_solution"])


def test_humaneval_plus_from_its_inputs(tmp_path: Path) -> None:
    row = {**HUMANEVAL, "base_input": [[1, 2], [3, 4], "x"], "plus_input": [[5, 6]]}
    [task] = read(tmp_path, row)
    assert isinstance(task, Task)
    assert calls(task) == [(1, 2), (3, 4), (5, 6)]
    assert task.own == 2


def test_mbpp_plus_keeps_the_types_of_its_assertions(tmp_path: Path) -> None:
    row = {
        "task_id": "Mbpp/2",
        "prompt": '"""\nShared items.\nassert f((1,), (1,)) == (1,)\n"""\n',
        "entry_point": "f",
        "canonical_solution": "def f(a, b): return tuple(set(a) & set(b))",
        "assertion": "assert f((1,), (1,)) == (1,)",
        "base_input": [[[1], [1]]],
    }
    [task] = read(tmp_path, row)
    assert calls(task) == [((1,), (1,))]
    assert isinstance(task, Task)
    assert task.program == row["canonical_solution"]


@pytest.mark.parametrize("missing", ["entry_point", "task_id"])
def test_what_a_row_does_not_say_is_found(tmp_path: Path, missing: str) -> None:
    row = {key: value for key, value in HUMANEVAL.items() if key != missing}
    [task] = read(tmp_path, row)
    assert isinstance(task, Task)
    assert task.entry_point == "add"
    assert task.name == f"{'bench/0' if missing == 'task_id' else 'HumanEval/1'} (add)"


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"code": "def f(x): return x"},
        {"test_list": ["assert f(1) == [2]"]},
        {"code": "def f(x): return x", "test_list": ["assert f(y) == 1"]},
        {"test_list": ["assert f(1)", 5, None]},
        {"code": 5, "test_list": "assert", "base_input": {}, "entry_point": ["f"]},
        {"test": "(" * 10_000, "code": "def f(x): return x"},
        {"entry_point": "not a name", "code": "def f(x): return x", "base_input": [[1]]},
        {
            "code": "def f(x): return x",
            "entry_point": "f",
            "base_input": [["x" * MOST_ARGUMENT_BYTES]],
        },
    ],
)
def test_rows_that_are_no_tasks_are_named(tmp_path: Path, row: object) -> None:
    [task] = read(tmp_path, row)
    assert isinstance(task, str)
    assert task.startswith("bench/0")


def test_inputs_are_bounded(tmp_path: Path) -> None:
    row = {
        "code": "def f(x): return x",
        "entry_point": "f",
        "base_input": [[i] for i in range(999)],
    }
    [task] = read(tmp_path, row)
    assert len(calls(task)) == MOST_CALLS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"{}\n[1]\n", ":2: a JSON object"),
        (b"{}\n{]\n", ":2: not a line of JSON"),
        (b"\xff\xfe", ":1: not a line of JSON"),
        (b"[" * 100_000, ":1: not a line of JSON"),
        (b"\x1f\x8b\x00", "cannot be read"),
        (None, "no such file"),
    ],
)
def test_a_broken_file_is_a_wrong_setting(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "rows"
    if content is not None:
        path.write_bytes(content)
    benchmark = BenchmarkFile(name="bench", path=path)
    with pytest.raises(ConfigError, match=message):
        read_tasks(benchmark)
