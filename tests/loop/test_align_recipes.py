"""The recipes that come with Veristone: every part that they name is there and is right."""

import subprocess
import sys
from pathlib import Path

import pytest
from veristone.cli.align import content

from veristone.loop.plan import plan
from veristone.loop.recipe import builtin_recipes, load_align_recipe


def test_there_are_recipes() -> None:
    assert builtin_recipes() == [
        "magicoder",
        "selfcodealign",
        "starcoder2-instruct",
        "tiny-loop",
    ]


@pytest.mark.parametrize("name", builtin_recipes())
def test_every_part_is_read(name: str) -> None:
    steps = plan(load_align_recipe(Path(name)), content)
    named = [step for step in steps if step.kind not in ("evaluation", "dataset")]
    assert named
    assert all(step.content for step in named)


@pytest.mark.parametrize("name", builtin_recipes())
def test_a_dry_run_prints_steps_costs_and_commands(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "veristone", "align", name, "--dry-run", "--gpus", "8"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "round-1/training/main" in result.stdout.replace("\n", "")
    assert "together" in result.stdout
    assert "veristone train" in result.stdout
    assert not list(tmp_path.iterdir()), "a dry run writes nothing"


def test_a_recipe_with_a_part_that_is_not_there_is_refused_before_anything_runs(
    tmp_path: Path,
) -> None:
    (tmp_path / "r.toml").write_text(
        '[model]\nmodel = "m"\n[seeds]\nfile = "s.jsonl"\n[synthesis]\nrecipe = "nowhere"\n'
        '[training]\npreset = "tiny"\n'
    )
    command = [sys.executable, "-m", "veristone", "align", "r.toml", "-o", "run"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "nowhere: no such file, and no recipe of ours" in result.stderr
    assert not (tmp_path / "run").exists()
