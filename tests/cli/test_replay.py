"""`veristone replay`: recorded verdicts are computed again."""

import json
from pathlib import Path
from typing import Any

import pytest

from veristone.cli.main import main

ROWS: list[dict[str, Any]] = [
    {"id": "right", "code": "print(1)"},
    {"id": "wrong", "code": "assert False"},
    {"id": "tested", "code": "x = 1", "check": {"kind": "asserts", "tests": "assert x == 1"}},
    {"code": 5},
    {"code": "print(2)", "check": {"kind": "program", "stdout": "2\n"}},
]
BACKEND = ("--backend", "bubblewrap", "--sandboxes", "1")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Samples, one of which is none, and their verdicts."""
    samples, verdicts = tmp_path / "samples.jsonl", tmp_path / "verdicts.jsonl"
    samples.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert (
        main(
            ["verify", str(samples), "-o", str(verdicts), "--strength", "stub", "--quiet", *BACKEND]
        )
        == 1
    )
    return samples, verdicts


def replay(files: tuple[Path, Path]) -> int:
    return main(["replay", *map(str, files), *BACKEND])


def test_the_same_verdicts(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    first = json.loads(files[1].read_text().splitlines()[0])
    assert first["provenance"]["sample"].startswith("sha256:")
    assert first["provenance"]["image"].startswith("veristone/python:")
    assert first["provenance"]["python"].count(".") == 2
    assert replay(files) == 0
    assert capsys.readouterr().out == "0 of 4 verdicts differ\n"


def test_a_verdict_that_is_another_now(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.loads(line) for line in files[1].read_text().splitlines()]
    lines[1] |= {"reason": "passed", "decision": "pass", "version": "0.0.1"}
    lines[0]["provenance"]["cpu_factor"] = 1.25
    files[1].write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"id": "half')
    assert replay(files) == 1
    said = capsys.readouterr().out
    assert "version was 0.0.1" in said
    assert "cpu_factor was 1.25, is 1.00" in said
    assert "wrong" in said
    assert "1 of 4 verdicts differ" in said


def test_verdicts_of_other_samples_are_refused(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    text = files[0].read_text()
    files[0].write_text(text.replace("print(1)", "print(3)"))
    assert replay(files) == 2
    assert "verdicts.jsonl:1: 'right' was made of another sample" in capsys.readouterr().err
    files[0].write_text(text.splitlines()[0])
    assert replay(files) == 2
    assert "more records" in capsys.readouterr().err
