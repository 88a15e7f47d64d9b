"""`veristone audit`, as it is called."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from veristone.cli.main import main

GOLD = "def twice(n):\n    return 2 * n\n"


def rows(*tests: str) -> list[dict[str, Any]]:
    return [
        {"id": f"t/{at}", "code": GOLD, "check": {"kind": "asserts", "tests": each}}
        for at, each in enumerate(tests)
    ]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def findings(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]


def run(*words: object) -> int:
    return main(["audit", *map(str, words), "--backend", "bubblewrap", "--sandboxes", "1"])


def test_a_file_of_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, vacuous, wrong = (
        "assert twice(2) == 4\nassert twice(0) == 0",
        "assert twice(2) is not None",
        "assert twice(2) == 5",
    )
    dataset = write(tmp_path / "tasks.jsonl", rows(sound, vacuous, wrong))
    assert run(dataset) == 1
    said = capsys.readouterr().out
    assert "vacuous" in said
    assert "gold_fails" in said
    folder = tmp_path / "tasks_audit"
    assert [each["faults"] for each in findings(folder) if "faults" in each] == [
        ["vacuous"],
        ["gold_fails"],
    ]
    page = (folder / "report.html").read_text()
    assert "1 of 3 tasks have no fault" in page
    assert "--task t/1" in page
    facts = json.loads((folder / "audit.json").read_text())
    assert facts["faults"] == {"gold_fails": 1, "vacuous": 1}

    before = (folder / "findings.jsonl").stat().st_mtime_ns
    assert run(dataset) == 1  # nothing is left to do
    assert (folder / "findings.jsonl").stat().st_mtime_ns >= before
    assert len(findings(folder)) == 3
    assert run(dataset, "--mutants", 3) == 2
    assert "other questions" in capsys.readouterr().err
    assert run(dataset, "--mutants", 3, "--overwrite") == 1


def test_one_task_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = write(
        tmp_path / "tasks.jsonl", rows("assert twice(2) == 4", "assert twice(2) is not None")
    )
    assert run(dataset, "--task", "t/1") == 1
    assert json.loads(capsys.readouterr().out)["faults"] == ["vacuous"]
    assert run(dataset, "--task", "t/7") == 2
    assert "there is no task 't/7'" in capsys.readouterr().err
    assert not (tmp_path / "tasks_audit").exists()


def test_a_benchmark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "task_id": "HumanEval/0",
        "prompt": 'def twice(n):\n    """Double.\n\n    >>> twice(3)\n    7\n    """\n',
        "entry_point": "twice",
        "canonical_solution": "    return 2 * n\n",
        "test": "def check(f):\n    assert f(2) == 4\n    assert f(-1) == -2\n",
    }
    dataset = write(tmp_path / "HumanEval.jsonl", [row])
    assert run(dataset, "--benchmark", "humaneval") == 1
    assert findings(tmp_path / "HumanEval_audit")[0]["faults"] == ["examples"]
    assert run(dataset, "--benchmark", "humanevil") == 2
    assert "humaneval" in capsys.readouterr().err


def test_lines_that_are_no_samples_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = write(tmp_path / "tasks.jsonl", [*rows("assert twice(1) == 2"), {"cod": "x"}])
    assert run(dataset) == 2
    assert "tasks.jsonl:2" in capsys.readouterr().err
    dataset = write(tmp_path / "twice.jsonl", [*rows("assert 1"), *rows("assert 1")])
    assert run(dataset) == 2
    assert "'t/0' stands there twice" in capsys.readouterr().err


def test_an_interrupted_audit_goes_on(tmp_path: Path) -> None:
    slow = "import time\ntime.sleep(.3)\n" + GOLD
    lines = rows(*["assert twice(2) == 4\nassert twice(3) == 6"] * 6)
    dataset = write(tmp_path / "tasks.jsonl", [line | {"code": slow} for line in lines])
    words = [sys.executable, "-m", "veristone", "audit", str(dataset), "--backend", "bubblewrap"]
    words += ["--sandboxes", "1", "--mutants", "0"]
    folder = tmp_path / "tasks_audit"
    first = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (folder / "findings.jsonl").exists() or not findings(folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGINT)
    assert first.wait(30) == 130
    first.communicate()
    done = findings(folder)
    assert 0 < len(done) < 6
    with (folder / "findings.jsonl").open("a") as file:
        file.write('{"task_id": "t/')  # as a killed run leaves it
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert findings(folder)[: len(done)] == done
    assert [each["task_id"] for each in findings(folder)] == [f"t/{at}" for at in range(6)]
