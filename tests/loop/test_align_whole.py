"""Every recipe that comes with Veristone runs from corpus to report on miniature files.

The corpora and benchmarks are in the layouts of the real ones (`mini_corpora`); a fake writes
(`fake_teacher`, started as the recipe's server or standing somewhere as the recipe's teacher) and a
fake stands in for the training itself. Everything between is what a user runs: mining, type checks,
prompts, sandboxes, selection, data sets, evaluation, report.

One recipe runs as it does for a user, each step in a process of its own. The others' steps run in
this process: most of a small step's time is that of importing libraries.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fake_teacher import serve_in_thread
from fake_training import train
from mini_corpora import write_benchmarks, write_corpora

from veristone.cli.loop import step as do_step
from veristone.cli.main import main
from veristone.files import read_rows
from veristone.loop import run as loop_run
from veristone.loop.plan import Step
from veristone.loop.recipe import builtin_recipes

HERE = Path(__file__).parent
RECIPES = HERE.parents[1] / "recipes"
SERVER = [sys.executable, str(HERE / "fake_teacher.py"), "--port", "PORT", "--model", "MODEL"]
TRAINING = [sys.executable, str(HERE / "fake_training.py")]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are done here, in the run's folder, and what they print goes to their logs."""

    async def do(folder: Path, step: Step, log: Path, *_: object) -> int:
        file = loop_run.mark(Path(), step)
        with contextlib.chdir(folder), log.open("a") as out, contextlib.redirect_stdout(out):
            if step.kind != "training":
                return await do_step(file)
            train(file)
            return 0

    monkeypatch.setattr(loop_run, "_process", do)


def test_no_recipe_is_left_out() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    # The tiny loop has a model that is really trained: tests/cli/test_loop_command.py.
    for name in set(builtin_recipes()) - {"tiny-loop"}:
        assert f'run(tmp_path, "{name}"' in here, name
    whole = "".join(path.read_text(encoding="utf-8") for path in RECIPES.glob("*.toml"))
    for path in (RECIPES / "ablations").iterdir():
        assert f"./ablations/{path.name}" in whole, path


def run(tmp_path: Path, recipe: str, *changes: str) -> Path:
    """Run a recipe of ours as it is, but for who serves and who trains."""
    write_corpora(tmp_path / "data")
    write_benchmarks(tmp_path / "data")
    given = (f"server.command={json.dumps(SERVER)}", f"machine.launcher={json.dumps(TRAINING)}")
    words = [word for change in (*given, *changes) for word in ("--set", change)]
    folder = tmp_path / "run"
    asked = ["align", recipe, "-o", str(folder), "--data", str(tmp_path), "--gpus", "1"]
    assert main([*asked, *words, "--quiet"]) == 0
    assert "is not there" not in (folder / "report.html").read_text()
    return folder


def rows(folder: Path, variant: str = "main", number: int = 1) -> list[dict[str, Any]]:
    """The rows that a model was trained on."""
    files = sorted((folder / f"round-{number}/dataset/{variant}/rows/data").glob("train-*"))
    found = [row for file in files for row in pq.read_table(file).to_pylist()]  # pyright: ignore
    seen = json.loads((folder / f"round-{number}/training/{variant}/model/rows.json").read_text())
    assert seen["kept"] == len(found), "training reads every row"
    return found


def selected(folder: Path, variant: str = "main", number: int = 1) -> list[dict[str, Any]]:
    """The responses that were chosen."""
    path = folder / f"round-{number}/selection/{variant}/selected.jsonl"
    return [row.fields for row in read_rows(path)]


def decisions(found: list[dict[str, Any]]) -> set[str]:
    return {row["record"].get("verdict", {}).get("decision", "none") for row in found}


def languages(found: list[dict[str, Any]]) -> set[str]:
    return {row["record"].get("language", "python") for row in found}


@pytest.mark.usefixtures("in_this_process")
def test_starcoder2_instruct(tmp_path: Path) -> None:
    folder = run(tmp_path, "starcoder2-instruct")
    assert len(rows(folder)) >= 4
    assert decisions(selected(folder)) == {"pass"}
    for variant in ("no-execution-filter", "failures-only", "strong-tests"):
        assert 1 <= len(selected(folder, variant)) <= len(selected(folder))
    assert decisions(selected(folder, "failures-only")) == {"fail"}


def test_selfcodealign(tmp_path: Path) -> None:
    folder = run(tmp_path, "selfcodealign")
    found = rows(folder)
    assert len(found) >= 4
    assert all("assert" not in row["response"] for row in found)
    # Ended before their last line was written, steps go on with servers that have other ports.
    for name in ("seeds/main", "round-1/synthesis/main", "evaluation/base/mbpp+"):
        file = folder / name / "step.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"done": False}))
    run(tmp_path, "selfcodealign")
    assert rows(folder) == found


@pytest.mark.usefixtures("in_this_process")
def test_selfcodealigns_ablations(tmp_path: Path) -> None:
    folder = run(tmp_path, "selfcodealign-ablations", "synthesis.limit=6")
    size = len(selected(folder))
    assert size >= 3
    for variant in ("no-execution-filter", "failures-only", "no-concepts", "random-seeds"):
        assert len(selected(folder, variant)) <= size, variant
    assert len(selected(folder, "no-execution-filter")) == size
    assert decisions(selected(folder, "failures-only")) == {"fail"}
    snippets = [row["record"]["seed"] for row in selected(folder, "random-seeds")]
    assert {seed["shape"] for seed in snippets} == {"snippet"}
    assert not any("<reponame>" in seed["code"] for seed in snippets)


@pytest.mark.usefixtures("in_this_process")
def test_magicoder(tmp_path: Path) -> None:
    server = serve_in_thread("teacher")
    url = f"http://127.0.0.1:{server.server_port}/v1#teacher"
    folder = run(tmp_path, "magicoder", f"model.teacher={json.dumps(url)}")
    server.shutdown()
    server.server_close()
    first, second = selected(folder), selected(folder, number=2)
    others = {"cpp", "csharp", "java", "php", "rust", "shell", "swift", "typescript"}
    assert languages(first) == {"python", *others}, "what cannot be run is kept"
    assert decisions(first) == {"pass", "none"}
    assert languages(second) == languages(first), "an evolved task stays in its language"
    assert all(row["record"]["history"] for row in second)
    assert rows(folder)
    assert rows(folder, number=2)


@pytest.mark.usefixtures("in_this_process")
def test_magicoders_ablations(tmp_path: Path) -> None:
    server = serve_in_thread("teacher")
    url = f"http://127.0.0.1:{server.server_port}/v1"
    folder = run(tmp_path, "magicoder-ablations", f"model.teacher={json.dumps(url)}")
    server.shutdown()
    server.server_close()
    both, python = selected(folder), selected(folder, "python")
    others, pairs = selected(folder, "other-languages"), selected(folder, "documented-functions")
    assert languages(python) == {"python"}
    assert "python" not in languages(others)
    assert len(python) + len(others) == len(both)
    assert len(selected(folder, "unfiltered")) == len(both)
    assert languages(pairs) >= {"python", "cpp", "java", "rust", "typescript"}
    assert all("Return" in row["instruction"] or row["instruction"] for row in pairs)
