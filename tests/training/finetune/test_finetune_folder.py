"""A run's folder: only whole checkpoints count, and no run takes another's place."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from veristone import ConfigError
from veristone.training.finetune.folder import RunFolder, latest_checkpoint
from veristone.training.finetune.journal import (
    Attempt,
    Evaluation,
    Journal,
    Step,
    read_journal,
    write_journal,
)


def checkpoint(folder: Path, step: int, state: str = '{"global_step": STEP}') -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").touch()
    if state:
        (path / "trainer_state.json").write_text(state.replace("STEP", str(step)))
    return path


def journal(**changes: Any) -> Journal:
    values: dict[str, Any] = {
        "digest": "d",
        "settings": {"seed": 1, "keep": 2},
        "template": {"system": "s"},
        "versions": {},
        "data": {"digest": "x"},
        "model": {},
        "plan": {},
    }
    return Journal(**{**values, **changes})


def step(number: int) -> Step:
    return Step(
        step=number,
        epoch=0.1,
        loss=1.0,
        learning_rate=1e-5,
        grad_norm=None,
        tokens=number,
    )


def test_the_youngest_whole_checkpoint_is_taken(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path / "nothing") == (None, 0)
    checkpoint(tmp_path, 9)
    newest = checkpoint(tmp_path, 10)
    cut_short = [checkpoint(tmp_path, 11, ""), checkpoint(tmp_path, 12, '{"global_st')]
    assert latest_checkpoint(tmp_path) == (newest, 10)
    assert not any(path.exists() for path in cut_short), "what a kill cut short goes"


def test_a_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "training.json"
    assert read_journal(path) is None
    one = journal(steps=[step(1), step(2), step(3)], attempts=[])
    one.attempts.append(
        Attempt(started_at="now", devices=["cpu"], processes=1, from_step=0, to_step=3)
    )
    one.evaluations.append(Evaluation(step=3, loss=2.0, tokens=4))
    write_journal(path, one)
    found = read_journal(path)
    assert found == one
    assert [each.name for each in tmp_path.iterdir()] == ["training.json"]


def test_a_foreign_journal_is_refused(tmp_path: Path) -> None:
    for text in ("", "{}", "[1]", "\x00"):
        (tmp_path / "training.json").write_text(text)
        with pytest.raises(ConfigError, match="is not ours"):
            read_journal(tmp_path / "training.json")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {"seed": 2, "keep": 2}}, "seed was 1 and is 2"),
        ({"template": {"system": "t"}}, "template"),
        ({"data": {"digest": "y"}}, "data"),
        ({"digest": "e"}, "another version"),
    ],
)
def test_another_run_in_the_folder_is_refused_or_thrown_away(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    folder = RunFolder(tmp_path)
    write_journal(folder.journal, journal())
    checkpoint(folder.checkpoints, 3)
    folder.model.mkdir()
    with pytest.raises(ConfigError, match=said):
        folder.begin(journal(**changes), redo=False)
    assert folder.model.exists()
    fresh = journal(**changes)
    assert folder.begin(fresh, redo=True) is fresh
    assert not folder.model.exists()
    assert not folder.checkpoints.exists()


def test_settings_that_do_not_decide_the_result_may_change(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_journal(folder.journal, journal(steps=[step(1)]))
    found = folder.begin(journal(settings={"seed": 1, "keep": 5}), redo=False)
    assert found.steps == [step(1)]


@pytest.mark.parametrize("redo", [False, True])
def test_a_model_of_somebody_else_is_never_removed(tmp_path: Path, redo: bool) -> None:
    folder = RunFolder(tmp_path)
    folder.model.mkdir()
    with pytest.raises(ConfigError, match="no run of ours"):
        folder.begin(journal(), redo=redo)
    assert folder.model.exists()


def test_the_journal_is_plain_json(tmp_path: Path) -> None:
    write_journal(tmp_path / "training.json", journal(steps=[step(1)]))
    found = msgspec.json.decode((tmp_path / "training.json").read_bytes())
    assert found["steps"][0]["loss"] == 1.0
    assert found["state"] == "running"
