"""A run's folder: what it holds, who may work in it, and whether a run goes on.

training.json      the journal (see `journal`)
checkpoints/       what an interrupted run goes on from (see `checkpoints`)
model/             the result, there only when it is whole
lock               held while a process works here
"""

import fcntl
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from veristone import ConfigError
from veristone.training.finetune.checkpoints import sweep
from veristone.training.finetune.config import NEUTRAL
from veristone.training.finetune.journal import Journal, read_journal

__all__ = ["RunFolder"]


class RunFolder:
    """The places of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path / "training.json"
        self.checkpoints = path / "checkpoints"
        self.model = path / "model"
        self.partial = path / ".model"
        """Where the model is written before it moves to its place."""

    @contextmanager
    def only_one(self) -> Generator[None]:
        """Keep every other run out; a killed one keeps nobody out.

        Raises:
            ConfigError: another process works there, or the folder cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "lock").touch()
        except OSError as error:
            raise ConfigError(f"{self.path}: {error.strerror}") from error
        with open(self.path / "lock", "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(f"{self.path}: another process works on this run") from None
            yield

    def begin(self, fresh: Journal, *, redo: bool) -> Journal:
        """Return the journal to go on with: the one that is there, or `fresh`.

        Removes what a kill left half done. With `redo`, removes the earlier run.

        Raises:
            ConfigError: the folder holds another run, or a folder called `model` of somebody else.
        """
        if redo:
            self._clear()
        old = read_journal(self.journal)
        if old is None:
            if self.model.exists():
                raise ConfigError(f"{self.model} is there and no run of ours made it")
            return fresh
        difference = _difference(old, fresh)
        if difference:
            raise ConfigError(
                f"{self.path} holds a run with other settings ({difference}):"
                " give another folder, or --overwrite to throw that run away"
            )
        sweep(self.checkpoints)
        shutil.rmtree(self.partial, ignore_errors=True)
        return old

    def _clear(self) -> None:
        if read_journal(self.journal) is None and (self.model.exists()):
            raise ConfigError(f"{self.model} is there and no run of ours made it")
        self.journal.unlink(missing_ok=True)
        for folder in (self.checkpoints, self.model, self.partial):
            if folder.exists():
                shutil.rmtree(folder)


def _difference(old: Journal, new: Journal) -> str:
    """Say in a few words what differs between two runs; nothing where they are one."""
    found = _unequal(old.settings, new.settings, NEUTRAL)
    if found:
        return found
    if old.template != new.template:
        return "the template is another"
    if old.data.get("digest") != new.data.get("digest"):
        return "the data is not what the run began with"
    return "" if old.digest == new.digest else "made by another version of Veristone"


def _unequal(old: Mapping[str, Any], new: Mapping[str, Any], skip: frozenset[str]) -> str:
    for key in sorted({*old, *new} - skip):
        if old.get(key) != new.get(key):
            return f"{key} was {old.get(key)} and is {new.get(key)}"
    return ""
