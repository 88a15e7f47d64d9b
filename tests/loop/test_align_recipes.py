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
        "magicoder-ablations",
        "selfcodealign",
        "selfcodealign-ablations",
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
    assert main(["align", name, "--dry-run", "--gpus", "1"]) == 0
    shown = capsys.readouterr().out
    assert "round-1/training/main: fine-tune" in shown
    assert "makes round-1/training/main/model" in shown
    assert "together" in shown
    assert not list(tmp_path.iterdir()), "a dry run writes nothing"


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("nowhere", "nowhere: no such file, and no recipe of ours"),
        ("starcoder2-instruct", "what the recipe names is not there:\n  "),
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


def test_everything_that_is_missing_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    given = ["align", "magicoder", "--set", 'model.model="./base"']
    wanted = [
        "data/starcoderdata/python (source of seeds)",
        "data/the-stack-dedup/data/swift (source of seeds)",
        "data/ds1000.jsonl.gz (benchmark DS-1000, to be kept out of the data)",
        "data/MbppPlus.jsonl.gz (mbpp+ of evaluation)",
        "base (model)",
        "the program vllm ([server] command): pip install 'veristone[vllm]'",
    ]
    assert main([*given, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert main([*given, "-o", "run"]) == 2
    refused = capsys.readouterr().err
    for name in wanted:
        assert name in shown
        assert name in refused
    assert not (tmp_path / "run").exists()
    (tmp_path / "data/starcoderdata/python").mkdir(parents=True)
    assert main([*given, "--dry-run"]) == 0
    assert wanted[0] not in capsys.readouterr().out


def test_a_dry_run_says_how_models_would_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--gpus", "8", "--set", "server.tensor_parallel=2"]
    assert main(["align", "starcoder2-instruct", "--dry-run", *given]) == 0
    shown = capsys.readouterr().out
    assert "--port PORT --tensor-parallel-size 2 --data-parallel-size 4 --dtype bfloat16" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gpus", "24"], "batch_size 512 is no multiple of 2 rows on each of 24 GPUs"),
        (["--gpus", "2", "--set", "server.tensor_parallel=4"], "there are 2 GPUs"),
        (["--set", "model.teacher=gpt-4"], "'gpt-4' is no model. Known forms: http://HOST"),
        (["--set", "training.parallel=fsdp"], "Adafactor does not work on weights that FSDP"),
        (["--set", "server.prt=1"], "server.prt: there is no such setting"),
        (["--set", "nonsense"], "--set nonsense: write it as key=value"),
    ],
)
def test_what_cannot_run_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["align", "magicoder", "--dry-run", *words]) == 2
    assert said in capsys.readouterr().err
