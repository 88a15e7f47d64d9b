"""Who passes what, and who agrees with whom."""

import json
from pathlib import Path

import pytest

from veristone import InvalidSample, Limits
from veristone.audit.matrix import Question, agreement, fill
from veristone.cli.main import main
from veristone.engine import Engine
from veristone.files import lock

ENGINE = ["--backend", "bubblewrap", "--sandboxes", "1"]
SOLUTIONS = {
    "def f(x):\n    return 2 * x": "11100",
    "def f(x):\n    return x + x": "11100",
    "def f(x):\n    while x > 2:\n        pass\n    return 2 * x": "10100",
    "import os\ndef f(x):\n    if x == 3:\n        os._exit(0)\n    return 2 * x": "10100",
    "import sys\nsys.exit(0)": "00000",
    "raise SystemExit": "00000",
    "def f(": "00000",
    "while True:\n    pass": "00000",
    "def f(x):\n    return 5": "00010",
    "class f:\n    def __init__(self, x): pass\n    def __eq__(self, other): return True": "00000",
}
TESTS = [
    "assert f(1) == 2",
    "assert f(3) == 6",
    "x = 2\nassert f(x) == 4\nassert f(0) == 0",
    "assert f(2) == 5",
    "assert g(1)",
]


@pytest.mark.asyncio(loop_scope="module")
async def test_every_solution_meets_every_test(engine: Engine) -> None:
    question = Question(
        id="a", solutions=list(SOLUTIONS), tests=TESTS, limits=Limits(cpu_s=0.5, wall_s=30.0)
    )
    found = await fill(question, engine)
    assert dict(zip(SOLUTIONS, found.passes, strict=True)) == SOLUTIONS
    assert found.best == 0
    assert found.groups[0].solutions == (0, 1)
    assert found.groups[0].tests == (0, 1, 2)
    assert found.groups[1].solutions == (2, 3)
    # One run each, and one more for each test that ended a process.
    assert found.runs <= len(SOLUTIONS) + 6


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("test", ["assert f(", "", "from math import *\nassert f(1)"])
async def test_a_test_that_is_none_is_refused(test: str, engine: Engine) -> None:
    question = Question(id="a", solutions=["def f(x): return x"], tests=["assert f(1)", test])
    with pytest.raises(InvalidSample):
        await fill(question, engine)


def test_groups() -> None:
    found = agreement(["110", "011", "110", "1?0", "000", "110"])
    assert [(group.solutions, group.tests, group.score) for group in found] == [
        ((0, 2, 5), (0, 1), 6),
        ((1,), (1, 2), 2),
    ]
    assert agreement(["000", "???"]) == []


def test_the_command_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [
        {"id": f"q{at}", "solutions": ["def f(x): return x"], "tests": [f"assert f({at}) == {at}"]}
        for at in range(3)
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["matrix", str(source), "-o", str(output), *ENGINE]
    assert main(words) == 0
    whole = output.read_bytes()
    assert [json.loads(line)["passes"] for line in whole.splitlines()] == [["1"]] * 3
    assert main(words) == 2
    assert "--resume" in capsys.readouterr().err
    output.write_bytes(whole[: len(whole) // 2])
    assert main([*words, "--resume"]) == 0
    assert output.read_bytes() == whole
    source.write_text(source.read_text().replace("q0", "other"))
    assert main([*words, "--resume"]) == 2
    assert "not of this input" in capsys.readouterr().err
    source.write_text('{"id": "a", "solutions": [], "test": []}\n')
    assert main([*words, "--overwrite"]) == 2
    assert "in.jsonl:1" in capsys.readouterr().err


def test_the_questions_are_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "q", "solutions": [], "tests": []}\n')
    words = ["matrix", str(source), "-o", str(source), "--backend", "bubblewrap"]
    assert main([*words, "--overwrite"]) == 2
    assert "name another file" in capsys.readouterr().err
    assert source.read_text() == '{"id": "q", "solutions": [], "tests": []}\n'


def test_an_output_that_another_run_writes_to_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": "q", "solutions": [], "tests": []}\n')
    output.write_text("half a day's work\n")
    with output.open("rb") as other:
        lock(other, "free")
        words = ["matrix", str(source), "-o", str(output), *ENGINE]
        assert main([*words, "--overwrite"]) == 2
    assert "another run writes to it" in capsys.readouterr().err
    assert output.read_text() == "half a day's work\n"
