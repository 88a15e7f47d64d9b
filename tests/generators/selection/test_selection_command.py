"""`veristone select` and `veristone dataset` as people use them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from selection_records import failing, passing, read_lines, write_responses

from veristone.cli.main import main

LIGHT = """
[[duplicates]]
of = "tree"
[products]
preferences = 1
"""
SCORED = """
[gates]
min_strength = 0.3
[scores]
mutants = 3
[choice]
by = "strength"
"""


ONE_SANDBOX = ["--backend", "bubblewrap", "--sandboxes", "1", "--quiet", "-o"]


def responses(tmp_path: Path, groups: int = 8) -> Path:
    records = [
        record
        for n in range(groups)
        for record in (
            passing(
                f"g{n:03d}/0",
                code=f"def double(x):\n    return x * 2 + {n}\n",
                tests=f"assert double(3) == {6 + n}\n",
            ),
            failing(f"g{n:03d}/1", code=f"def double(x):\n    return x * 3 + {n}\n"),
        )
    ]
    return write_responses(tmp_path / "responses.jsonl", records)


def recipe(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_from_responses_to_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, mine = responses(tmp_path), recipe(tmp_path, LIGHT)
    out, made = str(tmp_path / "s"), str(tmp_path / "set")
    assert main(["select", str(mine), str(path), "-o", out]) == 0
    printed = capsys.readouterr().out
    assert "same_tree" in printed
    assert "selected 8" in printed
    assert main(["dataset", out, "-o", made, "--validation", "0.3"]) == 0
    assert "preferences: " in capsys.readouterr().out
    card = (tmp_path / "set" / "README.md").read_text()
    assert "### Instruction" in card
    assert main(["dataset", out, "-o", made, "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["starcoder2-instruct", "selfcodealign"])
def test_built_in_recipes(tmp_path: Path, name: str) -> None:
    path = responses(tmp_path)
    assert main(["select", name, str(path), "-o", str(tmp_path / "s"), "--quiet"]) == 0
    rows = read_lines(tmp_path / "s" / "selected.jsonl")
    assert rows, "something is selected"
    assert "tests" not in rows[0].get("sections", [])


def test_what_cannot_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, mine = responses(tmp_path), recipe(tmp_path, LIGHT)
    out = ["-o", str(tmp_path / "s")]
    for arguments, message in (
        (["select", "none.toml", str(path), *out], "no such file, and no recipe of ours"),
        (["select", str(mine), str(tmp_path / "none"), *out], "there is no such file"),
        (["select", str(mine), str(mine), *out], "mine.toml:2"),
        (["select", str(mine), str(path), *out, "--benchmark", "x"], "NAME=FILE"),
        (["select", str(mine), str(path), *out, "--benchmark", "x=/none"], "x would not be"),
        (["select", str(mine), str(path), "-o", str(path)], "responses.jsonl"),
        (["dataset", str(tmp_path / "none"), *out], "no finished selection"),
        (["dataset", str(path), *out], "no finished selection"),
        (["dataset", str(tmp_path), "--template", "none", *out], "no template of ours"),
    ):
        assert main(arguments) == 2, arguments
        assert message in capsys.readouterr().err


def test_nothing_selected_is_told_by_the_status(tmp_path: Path) -> None:
    path = write_responses(tmp_path / "r.jsonl", [failing("a/0")])
    mine = recipe(tmp_path, LIGHT)
    assert main(["select", str(mine), str(path), "-o", str(tmp_path / "s"), "--quiet"]) == 1


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A selection that nobody interrupted, in a folder with what it was made from."""
    folder = tmp_path_factory.mktemp("undisturbed")
    path, mine = responses(folder, 60), recipe(folder, SCORED)
    assert main(["select", str(mine), str(path), *ONE_SANDBOX, str(folder / "whole")]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.bubblewrap
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_selection_goes_on(
    undisturbed: Path, tmp_path: Path, how: signal.Signals
) -> None:
    inputs = [str(undisturbed / name) for name in ("mine.toml", "responses.jsonl")]
    command = [sys.executable, "-m", "veristone", "select", *inputs, *ONE_SANDBOX]
    log = tmp_path / "s" / "work" / "scores.jsonl"
    with subprocess.Popen([*command, str(tmp_path / "s")], stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if log.exists() and log.stat().st_size > 1000:
                break
            time.sleep(0.01)
        os.kill(process.pid, how)
        process.communicate(timeout=30)
    assert process.returncode != 0
    assert not (tmp_path / "s" / "funnel.json").exists()
    before = log.read_bytes()
    before = before[: before.rfind(b"\n") + 1]
    assert len(before) > 500
    subprocess.run([*command, str(tmp_path / "s")], check=True, timeout=100)
    assert log.read_bytes().startswith(before)
    for name in ("selected.jsonl", "rejected.jsonl", "funnel.json"):
        assert (tmp_path / "s" / name).read_bytes() == (undisturbed / "whole" / name).read_bytes()
