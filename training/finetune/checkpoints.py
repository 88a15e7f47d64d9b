"""Which checkpoint a run goes on from: the youngest that was written to its end.

transformers writes a checkpoint file by file, so one that a kill cut short looks like any other. A
file `complete` is put into it last, and what lacks it is thrown away.
"""

import re
import shutil
from pathlib import Path

__all__ = ["COMPLETE", "latest", "mark_complete", "prune", "step_of", "sweep"]

COMPLETE = "complete"

_NAME = re.compile(r"checkpoint-(\d+)")


def latest(folder: Path) -> Path | None:
    """Return the youngest complete checkpoint."""
    found = _complete(folder)
    return found[max(found)] if found else None


def step_of(checkpoint: Path) -> int:
    """Return the optimizer step that a checkpoint was made after."""
    match = _NAME.fullmatch(checkpoint.name)
    assert match is not None
    return int(match[1])


def sweep(folder: Path) -> None:
    """Remove checkpoints that were cut short."""
    kept = set(_complete(folder).values())
    for path in _all(folder).values():
        if path not in kept:
            shutil.rmtree(path)


def mark_complete(checkpoint: Path) -> None:
    """Say that every file of a checkpoint is there."""
    (checkpoint / COMPLETE).touch()


def prune(folder: Path, keep: int) -> None:
    """Remove all but the `keep` youngest complete checkpoints."""
    found = _complete(folder)
    for step in sorted(found)[:-keep]:
        # Without its mark first: a kill in the middle must not leave half a checkpoint that counts.
        (found[step] / COMPLETE).unlink()
        shutil.rmtree(found[step])


def _all(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    found = {path: _NAME.fullmatch(path.name) for path in folder.iterdir()}
    return {int(match[1]): path for path, match in found.items() if match}


def _complete(folder: Path) -> dict[int, Path]:
    return {step: path for step, path in _all(folder).items() if (path / COMPLETE).is_file()}
