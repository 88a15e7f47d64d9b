"""A run's folder: what it holds, and whether a run goes on there.

training.json      the journal (see `journal`)
checkpoints/       what an interrupted run goes on from
model/             the result, there only when it is whole
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from veristone import ConfigError
from veristone.training.finetune.config import NEUTRAL
from veristone.training.finetune.journal import Journal, read_journal

__all__ = ["RunFolder", "latest_checkpoint"]


class RunFolder:
    """The places of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path / "training.json"
        self.checkpoints = path / "checkpoints"
        self.model = path / "model"
        self.partial = path / ".model"
        """Where the model is written before it moves to its place."""

    def begin(self, fresh: Journal, *, redo: bool) -> Journal:
        """Return the journal to go on with: the one that is there, or `fresh`.

        Removes what a kill left half done. With `redo`, removes the earlier run.

        Raises:
            ConfigError: the folder holds another run, or a folder called `model` of somebody else.
        """
        old = read_journal(self.journal)
        if old is None and self.model.exists():
            raise ConfigError(f"{self.model} is there and no run of ours made it")
        if redo:
            self.journal.unlink(missing_ok=True)
            for folder in (self.checkpoints, self.model):
                shutil.rmtree(folder, ignore_errors=True)
            old = None
        shutil.rmtree(self.partial, ignore_errors=True)
        if old is None:
            return fresh
        difference = _difference(old, fresh)
        if difference:
            raise ConfigError(
                f"{self.path} holds a run with other settings ({difference}):"
                " give another folder, or --overwrite to throw that run away"
            )
        return old


def latest_checkpoint(folder: Path) -> tuple[Path | None, int]:
    """Return the youngest whole checkpoint and its step; None and 0 where there is none.

    `trainer_state.json` is what transformers writes last. A checkpoint without it was cut short by
    a kill, and is removed.
    """
    best: tuple[Path | None, int] = (None, 0)
    for path in folder.glob("checkpoint-*"):
        try:
            step = int(json.loads((path / "trainer_state.json").read_bytes())["global_step"])
        except (FileNotFoundError, ValueError):
            shutil.rmtree(path)
            continue
        best = max(best, (path, step), key=lambda one: one[1])
    return best


def _difference(old: Journal, new: Journal) -> str:
    """Say in a few words what differs between two runs; nothing where they are one."""
    found = _unequal(old.settings, new.settings)
    if found:
        return found
    if old.template != new.template:
        return "the template is another"
    if old.data.get("digest") != new.data.get("digest"):
        return "the data is not what the run began with"
    return "" if old.digest == new.digest else "made by another version of Veristone"


def _unequal(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    for key in sorted({*old, *new} - NEUTRAL):
        if old.get(key) != new.get(key):
            return f"{key} was {old.get(key)} and is {new.get(key)}"
    return ""
