"""The recipes that come with Veristone: every part that they name is there and is right."""

from pathlib import Path

import pytest

from veristone.cli.main import main
from veristone.loop.align import content
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
def test_a_dry_run_prints_steps_and_costs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["align", name, "--dry-run", "--gpus", "8"]) == 0
    shown = capsys.readouterr().out
    assert "round-1/training/main: fine-tune" in shown
    assert "makes round-1/training/main/model" in shown
    assert "together" in shown
    assert not list(tmp_path.iterdir()), "a dry run writes nothing"


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("nowhere", "nowhere: no such file, and no recipe of ours"),
        ("starcoder2-instruct", "the recipe names files that are not there: "),
    ],
)
def test_what_is_not_there_is_refused_before_anything_runs(
    recipe: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "s.jsonl").touch()
    (tmp_path / "r.toml").write_text(
        f'[model]\nmodel = "m"\n[seeds]\nfile = "s.jsonl"\n[synthesis]\nrecipe = "{recipe}"\n'
        '[training]\npreset = "tiny"\n[[evaluation]]\nbenchmark = "humaneval"\n'
        'dataset = "he.jsonl"\n'
    )
    monkeypatch.chdir(tmp_path)
    assert main(["align", "r.toml", "-o", "run"]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
