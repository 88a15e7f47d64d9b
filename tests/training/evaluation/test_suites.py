"""Benchmarks beyond EvalPlus's: rows in, verdicts of real sandboxes out."""

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from veristone import DatasetError
from veristone.cli import evaluate as command
from veristone.engine import Engine
from veristone.training.evaluation import (
    Candidate,
    Dataset,
    evaluate,
    load_candidates,
    load_dataset,
)
from veristone.training.evaluation.benchmarks import BENCHMARKS, Benchmark
from veristone.training.evaluation.runner import broken_references

pytestmark = pytest.mark.asyncio(loop_scope="module")

MBPP = {
    "task_id": 7,
    "text": "Write a function to add two numbers.",
    "code": "def add(a, b):\r\n    return a + b",
    "test_list": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"],
    "test_setup_code": "",
}
STDIN = {
    "question_id": "abc1",
    "question_content": "Add the numbers.",
    "starter_code": "",
    "difficulty": "easy",
    "contest_date": "2023-10-01T00:00:00",
    "metadata": "{}",
    "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
}
METHOD = {
    **STDIN,
    "question_id": "lc1",
    "starter_code": "class Solution:\n    def pairs(self, xs: List[int], k: int):\n        ",
    "metadata": json.dumps({"func_name": "pairs"}),
    "public_test_cases": json.dumps([{"input": "[1, 2]\n3", "output": "[4, 5]"}]),
}
DS: dict[str, Any] = {
    "prompt": "Problem:\nDouble x.\nA:\n<code>",
    "reference_code": "result = x * 2",
    "metadata": {"problem_id": 0, "library": "Numpy"},
    "code_context": (
        "def test_execution(solution: str):\n"
        "    space = {'x': 4}\n"
        "    exec(solution, space)\n"
        "    assert space['result'] == 8\n"
        "def test_string(solution: str):\n"
        "    assert 'for' not in solution\n"
    ),
}
MULTIPL_E = {
    "name": "t_0",
    "language": "python",
    "prompt": "def f(x):\n",
    "tests": "assert f(1) == 2\n",
    "stop_tokens": ["\ndef", "\nclass"],
}


def hidden(cases: list[dict[str, str]], protocol: int = 4) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases), protocol))).decode()


def dataset(tmp_path: Path, benchmark: Benchmark, *rows: Any) -> Dataset:
    path = tmp_path / f"{benchmark}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_dataset(path, benchmark)


async def statuses(engine: Engine, tasks: Dataset, *solutions: tuple[str, str]) -> list[str]:
    candidates = [Candidate(task_id, solution) for task_id, solution in solutions]
    report = await evaluate(engine, tasks, candidates)
    return [outcome.base_status for outcome in report.outcomes]


async def test_mbpp(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "mbpp", MBPP)
    assert tasks.tasks["mbpp/7"].entry_point == "add"
    right, wrong = "def add(a, b): return a + b", "def add(a, b): return a"
    leaves = "import os\nos._exit(0)"
    given = [("mbpp/7", code) for code in (right, wrong, leaves)]
    assert await statuses(engine, tasks, *given) == ["pass", "fail", "fail"]


async def test_livecodebench_reads_from_standard_input(engine: Engine, tmp_path: Path) -> None:
    row = {**STDIN, "private_test_cases": hidden([{"input": "5 5", "output": "10"}])}
    tasks = dataset(tmp_path, "livecodebench", row)
    program = "a, b = map(int, input().split())\nprint(a + b)"
    cheat = "input()\nprint(3)"  # knows the public case only
    future = "from __future__ import annotations\n" + program
    number = "print(float(sum(Counter(map(int, input().split())).elements())))"
    given = [("abc1", code) for code in (program, cheat, future, number)]
    assert await statuses(engine, tasks, *given) == ["pass", "fail", "pass", "pass"]


async def test_livecodebench_calls_a_method(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "livecodebench", METHOD)
    right = (
        "class Solution:\n    def pairs(self, xs: List[int], k: int) -> List[int]:\n"
        "        return [x + k for x in xs]"
    )
    as_tuple = right.replace("[x + k for x in xs]", "tuple(x + k for x in xs)")
    future = "from __future__ import annotations\n" + right
    given = [("lc1", code) for code in (right, as_tuple, future, "class Solution: pass")]
    assert await statuses(engine, tasks, *given) == ["pass", "pass", "pass", "fail"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_hidden_cases_of_every_pickle_protocol(tmp_path: Path, protocol: int) -> None:
    row = {**STDIN, "private_test_cases": hidden([{"input": "5", "output": "5"}], protocol)}
    tasks = dataset(tmp_path, "livecodebench", row)
    build = tasks.tasks["abc1"].build
    assert len(build("").check.cases) == 2  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]


class Runs:
    def __reduce__(self) -> Any:
        return (print, ("a pickle ran",))


async def test_a_pickle_that_is_a_program_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = base64.b64encode(zlib.compress(pickle.dumps(Runs()))).decode()
    with pytest.raises(DatasetError, match="asks for"):
        dataset(tmp_path, "livecodebench", {**STDIN, "private_test_cases": packed})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "change",
    [
        {"public_test_cases": "[]"},
        {"public_test_cases": "not json nor base64"},
        {"public_test_cases": json.dumps([{"input": "1"}])},
        {"metadata": "{"},
        {"metadata": json.dumps({"func_name": "f(): import os"})},
        {"metadata": json.dumps({"func_name": "f"})},
        {"question_content": 3},
    ],
)
async def test_damaged_rows_are_named(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=r"livecodebench\.jsonl:1"):
        dataset(tmp_path, "livecodebench", {**STDIN, **change})


async def test_tasks_since_a_day(tmp_path: Path) -> None:
    later = {**STDIN, "question_id": "abc2", "contest_date": "2024-03-01T00:00:00"}
    tasks = dataset(tmp_path, "livecodebench", STDIN, later)
    assert list(tasks.since("2023-10-01").tasks) == ["abc1", "abc2"]
    assert list(tasks.since("2023-10-02").tasks) == ["abc2"]
    with pytest.raises(DatasetError, match="no task since"):
        tasks.since("2025-01-01")
    with pytest.raises(DatasetError, match="no dates"):
        dataset(tmp_path, "mbpp", MBPP).since("2023-01-01")


async def test_ds_1000(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "ds-1000", DS)
    codes = ("result = x + x", "result = 9", "result = [8 for i in [1]][0]", "exit(0)", '\'"""\\')
    given = [("DS-1000/0", code) for code in codes]
    assert await statuses(engine, tasks, *given) == ["pass", *["fail"] * 4]


async def test_a_task_that_cannot_be_judged_here_is_found_by_its_reference(
    engine: Engine, tmp_path: Path
) -> None:
    needs = {
        **DS,
        "metadata": {"problem_id": 1},
        "code_context": "import not_here\n" + DS["code_context"],
    }  # type: ignore[operator]
    tasks = dataset(tmp_path, "ds-1000", DS, needs)
    broken = await broken_references(engine, tasks)
    assert list(broken) == ["DS-1000/1"]
    assert "not_here" in broken["DS-1000/1"]
    with pytest.raises(DatasetError, match="no reference"):
        await broken_references(engine, dataset(tmp_path, "livecodebench", STDIN))


async def test_multipl_e(engine: Engine, tmp_path: Path) -> None:
    other = {**MULTIPL_E, "name": "t_1", "language": "klingon"}
    tasks = dataset(tmp_path, "multipl-e", MULTIPL_E, other)
    samples = tmp_path / "samples.jsonl"
    rows = [
        {"name": "t_0", "completion": "    return x + 1\n"},
        {"name": "t_0", "completion": "    return x\n"},
        {"name": "t_1", "completion": "    return x + 1\n"},
    ]
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = await evaluate(engine, tasks, load_candidates(samples, tasks.tasks))
    assert [o.base_status for o in report.outcomes] == ["pass", "fail", "undecided"]
    assert "klingon" in report.outcomes[2].message


async def test_the_command_knows_every_benchmark() -> None:
    assert command.BENCHMARKS == BENCHMARKS
