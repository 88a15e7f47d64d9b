"""`veristone train` as people type it; without torch unless marked."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import Mock

import pytest
from finetune_models import rows_of, write_jsonl

from veristone.cli.main import main
from veristone.training.finetune import tokenizer

ROOT = Path(__file__).resolve().parents[3]


def train(*arguments: object) -> int:
    return main(["train", *map(str, arguments)])


@pytest.mark.skipif(find_spec("transformers") is not None, reason="transformers is installed")
def test_a_dry_run_without_transformers_counts_samples(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ["--set", "batch_size=8", "--set", "device_batch_size=2", "--devices", 2]
    assert train("tiny", "--data", rows, "-o", tmp_path / "run", "--dry-run", *changes) == 0
    out = capsys.readouterr().out
    assert "48 samples read from rows.jsonl" in out
    assert "8 rows = 2 device(s) x 2 x 2 accumulation steps" in out
    assert "steps: 18, 6 an epoch" in out
    assert "transformers is not installed" in out
    assert not (tmp_path / "run").exists()


@pytest.mark.models
def test_a_dry_run_counts_tokens_and_loads_no_trainer(
    base: Path, rows: Path, tmp_path: Path
) -> None:
    write_jsonl(rows, [*rows_of(40), {"instruction": "x", "response": ""}])
    arguments = ["train", "tiny", "--data", rows, "--model", base, "-o", "run", "--dry-run"]
    code = (
        "import sys; from veristone.cli.main import main;"
        f"assert main({[str(each) for each in arguments]!r}) == 0;"
        "print('heavy', [n for n in ('trainer', 'model') if f'veristone.training.finetune.{n}' in"
        " sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "1 left out: empty_completion" in result.stdout
    assert "training: 40 samples in 40 rows" in result.stdout
    assert "of them learnt" in result.stdout
    assert result.stdout.endswith("heavy []\n")


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_it_says_what_to_install(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("tiny", "--data", rows, "--model", "m", "-o", tmp_path / "run") == 2
    assert "pip install 'veristone[train]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no preset of ours"),
        (["tiny", "--set", "lr=1"], "lr"),
        (["tiny", "--set", "lr"], "key=value"),
        (["tiny", "--devices", "2"], "--devices"),
        (["tiny", "--dry-run", "--devices", "0"], "--devices"),
        (["tiny", "--dry-run", "--devices", "3"], "multiple of 48"),
        (["tiny", "--dry-run", "--data", "gone.jsonl"], "gone.jsonl"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    rows: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Both environments say the same: the tokenizer is not what these are about.
    missing = ModuleNotFoundError("no transformers", name="transformers")
    monkeypatch.setattr(tokenizer, "quiet", Mock(side_effect=missing))
    data = [] if "--data" in arguments else ["--data", rows]
    assert train(*arguments, *data, "-o", tmp_path / "run") == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.models
def test_a_whole_run_by_command(base: Path, rows: Path, tmp_path: Path) -> None:
    arguments = ["-m", "veristone", "train", "tiny", "--data", rows, "--model", base, "-o", "run"]
    arguments += ["--set", "max_steps=2"]
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    for said in ("2 steps", "finished before"):
        result = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
        )
        assert result.returncode == 0, result.stderr
        assert said in result.stdout
        assert f"model: {Path('run/model')}" in result.stdout
        assert result.stderr == ""
    assert (tmp_path / "run/model/model.safetensors").exists()
