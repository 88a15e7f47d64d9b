"""Benchmarks beyond EvalPlus's: rows in, verdicts of real sandboxes out."""

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from veristone import ConfigError, DatasetError
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
from veristone.training.evaluation.benchmarks.braces import body_end, without_main
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


@pytest.mark.parametrize(
    ("expected", "printed", "status"),
    [
        ("0.5", "0.50", "pass"),
        ("1e2 3", "100 3.0", "pass"),
        ("18014398509481986", "18014398509481987", "fail"),
        ("0.1", "0.1000000001", "fail"),
        ("1 2", "1\\n2", "fail"),
        ("Yes", "yes", "fail"),
        ("a  b", "a b", "fail"),
        ("1\n2\n", " 1 \\n2\\n\\n", "pass"),
    ],
)
async def test_livecodebench_compares_line_by_line(
    engine: Engine, tmp_path: Path, expected: str, printed: str, status: str
) -> None:
    row = {**STDIN, "public_test_cases": json.dumps([{"input": "", "output": expected}])}
    tasks = dataset(tmp_path, "livecodebench", row)
    assert await statuses(engine, tasks, ("abc1", f'print("{printed}")')) == [status]


async def test_livecodebench_knows_the_names_of_its_harness(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "livecodebench", STDIN, METHOD)
    program = "a, b = map(int, input().split())\nprint(a + b if pow(2, 5, 7) == 4 else inf)"
    function = "def pairs(xs: List[int], k: int):\n    return [deepcopy(x) + k for x in xs]"
    given = [("abc1", program), ("lc1", function)]
    assert await statuses(engine, tasks, *given) == ["pass", "pass"]


async def test_livecodebench_may_be_a_table_with_its_json_taken_apart(
    engine: Engine, tmp_path: Path
) -> None:
    row = METHOD | {
        "public_test_cases": json.loads(METHOD["public_test_cases"]),
        "private_test_cases": None,
        "metadata": json.loads(METHOD["metadata"]),
    }
    tasks = dataset(tmp_path, "livecodebench", row)
    function = "def pairs(xs, k):\n    return [x + k for x in xs]"
    assert await statuses(engine, tasks, ("lc1", function)) == ["pass"]


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
    with pytest.raises(ConfigError, match="YYYY-MM-DD"):
        tasks.since("01/05/2024")
    with pytest.raises(DatasetError, match="no task since"):
        tasks.since("2025-01-01")
    with pytest.raises(DatasetError, match="no dates"):
        dataset(tmp_path, "mbpp", MBPP).since("2023-01-01")


async def test_ds_1000(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "ds-1000", DS)
    codes = ("result = x + x", "result = 9", "result = [8 for i in [1]][0]", "exit(0)", '\'"""\\')
    given = [("DS-1000/0", code) for code in codes]
    assert await statuses(engine, tasks, *given) == ["pass", *["fail"] * 4]


@pytest.mark.parametrize(
    "answer",
    [
        "result = x + x\n</code>\nEND SOLUTION\n",
        "result = x + x\n# SOLUTION END\nassert False",
        "<code>\nresult = x + x\n</code>",
        "```python\nresult = x + x\n```\nThis doubles it.",
        "result = x + x\n```\n\nThis doubles it.",
        "You can add:\n\n```python\nresult = x + x\n```\n",
        "BEGIN SOLUTION\n<code>\nresult = x + x\n</code>\nEND SOLUTION\n<code>\nfor",
    ],
)
async def test_ds_1000_takes_answers_as_its_harness_does(
    engine: Engine, tmp_path: Path, answer: str
) -> None:
    tasks = dataset(tmp_path, "ds-1000", DS)
    assert tasks.tasks["DS-1000/0"].prompt == "", "prose is not run before a completion"
    assert await statuses(engine, tasks, ("DS-1000/0", answer)) == ["pass"]


BIGCODE = {
    "task_id": "BigCodeBench/0",
    "complete_prompt": 'import math\n\ndef task_func(x):\n    """Double x."""\n',
    "instruct_prompt": "Double x. Write self-contained code starting with: ...",
    "canonical_solution": "    return math.fsum([x, x])",
    "code_prompt": "import math\n\ndef task_func(x):",
    "test": (
        "import unittest\n\nclass TestCases(unittest.TestCase):\n"
        "    def test_two(self):\n        self.assertEqual(task_func(2), 4)\n"
        "    def test_none(self):\n        self.assertEqual(task_func(0), 0)\n"
    ),
    "entry_point": "task_func",
    "libs": "['math']",
}


async def test_bigcodebench(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "bigcodebench", BIGCODE)
    task = tasks.tasks["BigCodeBench/0"]
    codes = (
        task.reference,
        "def task_func(x):\n    return math.fsum([x, x])",
        "from __future__ import annotations\ndef task_func(x: y):\n    return x + x",
        "def task_func(x):\n    return 4",
        "    return x",
    )
    given = [("BigCodeBench/0", code) for code in codes]
    assert await statuses(engine, tasks, *given) == ["pass"] * 3 + ["fail"] * 2
    assert await broken_references(engine, tasks) == {}


HF_PLUS = {
    "task_id": 7,
    "code": "def add(a, b):\n    return a + b",
    "prompt": "Write a function to add.",
    "source_file": "x.ipynb",
    "test_imports": ["import math"],
    "test_list": ["assert add(1, 2) == 3"],
    "test": (
        "inputs = [[1, 2], [5, 5]]\nresults = [3, 10]\n"
        "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assert add(*inp) == exp\n"
    ),
}


async def test_mbpp_plus_as_hugging_face_has_it(engine: Engine, tmp_path: Path) -> None:
    tasks = dataset(tmp_path, "mbpp+", HF_PLUS)
    assert not tasks.has_plus
    only_base = "def add(a, b):\n    return 3"
    given = [("Mbpp/7", HF_PLUS["code"]), ("Mbpp/7", only_base)]
    assert await statuses(engine, tasks, *given) == ["pass", "fail"]  # pyright: ignore[reportArgumentType]
    tasks = dataset(tmp_path, "mbpp", HF_PLUS)
    assert await statuses(engine, tasks, ("mbpp/7", only_base)) == ["pass"]


async def test_humaneval_plus_as_hugging_face_has_it(engine: Engine, tmp_path: Path) -> None:
    row = {
        "task_id": "HumanEval/0",
        "prompt": "def double(x):\n",
        "entry_point": "double",
        "canonical_solution": "    return 2 * x\n",
        "test": "def check(candidate):\n    inputs = [[1], [4]]\n    results = [2, 8]\n"
        "    for inp, exp in zip(inputs, results):\n        assert candidate(*inp) == exp\n",
    }
    tasks = dataset(tmp_path, "humaneval+", row)
    codes = ("def double(x): return x + x", "def double(x): return 2")
    given = [("HumanEval/0", code) for code in codes]
    assert await statuses(engine, tasks, *given) == ["pass", "fail"]
    assert await broken_references(engine, tasks) == {}


async def test_a_dataset_of_parquet_or_one_array(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist([HF_PLUS]), tmp_path / "m.parquet")
    (tmp_path / "m.json").write_text(json.dumps([HF_PLUS], indent=2))
    for name in ("m.parquet", "m.json"):
        assert list(load_dataset(tmp_path / name, "mbpp").tasks) == ["mbpp/7"]


async def test_a_file_of_another_benchmark_is_told(tmp_path: Path) -> None:
    rows = {"mbpp": BIGCODE, "ds-1000": HF_PLUS, "humaneval": STDIN, "bigcodebench": DS}
    told = ("bigcodebench", "mbpp", "livecodebench", "ds-1000")
    for (benchmark, row), name in zip(rows.items(), told, strict=True):
        with pytest.raises(DatasetError, match=f"looks like a file for `veristone eval {name}"):
            dataset(tmp_path, benchmark, row)  # pyright: ignore[reportArgumentType]
    with pytest.raises(DatasetError, match="looks like a file for --samples"):
        dataset(tmp_path, "humaneval", {"task_id": "HumanEval/0", "completion": ""})


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
    report = await evaluate(engine, tasks, load_candidates(samples, tasks.tasks).candidates)
    assert [o.base_status for o in report.outcomes] == ["pass", "fail", "undecided"]
    assert "klingon" in report.outcomes[2].message


CPP = 'std::string say(int x) {\n    if (x) { return "{"; }\n    return "}";'


@pytest.mark.parametrize(
    "answer",
    [
        CPP,
        f"{CPP}\n}}\n",
        f"// say(1) gives {{\n{CPP} // {{\n}}\n\nint main() {{\n    say(1);\n}}\n",
        f"int twice(int x) {{ return 2 * x; }}\n{CPP}\n}}\n",
    ],
)
async def test_a_function_ends_where_its_brace_does(answer: str) -> None:
    end = body_end(answer, "say")
    if answer == CPP:
        assert end is None
    else:
        assert end is not None
        assert answer[:end].rstrip().removesuffix("// {").rstrip().endswith(CPP)
        assert answer[end] == "}"
    assert "main" not in without_main(answer)


async def test_multipl_e_closes_what_a_model_closed_already(tmp_path: Path) -> None:
    row = {
        "name": "t_0",
        "language": "java",
        "prompt": "class Problem {\n    public static long f(long x) {\n",
        "tests": "    }\n    public static void main(String[] args) {\n    }\n\n}\n",
        "stop_tokens": ["\n    }\n"],
    }
    build = dataset(tmp_path, "multipl-e", row).tasks["t_0"].build
    body = f"{row['prompt']}        return x;"
    programs = {"".join(build(text).code.split()) for text in (body, f"{body}\n    }}\n}}\n")}
    assert len(programs) == 1


async def test_the_command_knows_every_benchmark() -> None:
    assert command.BENCHMARKS == BENCHMARKS
