"""The files that the small alignment loop starts from: a base model, instructions, hidden tests."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from veristone import ConfigError
from veristone.files import write_whole
from veristone.training.tiny.corpus import documents
from veristone.training.tiny.model import LOOP, Preset, make_tiny_model
from veristone.training.tiny.overlap import Shown, find_overlap
from veristone.training.tiny.tasks import Split, Task, sample_tasks

__all__ = ["HELD_OUT", "OVERLAP", "write_loop_files"]

HELD_OUT: Final[tuple[Split, ...]] = ("held_out", "untuned")
"""Splits that judge; each has a file of its name."""
OVERLAP: Final = "overlap.json"
"""What pre-training and instructions show of them, counted: nothing."""


def write_loop_files(
    folder: Path,
    *,
    seed: int,
    instructions: int,
    held_out: int,
    preset: Preset = LOOP,
) -> None:
    """Write `base/` (a model), `instructions.jsonl`, `held_out.jsonl` and `untuned.jsonl`.

    The last two have `held_out` tasks each, with their hidden tests, in MBPP's format. What is
    there already is kept.

    Raises:
        ConfigError: the pre-training text or the instructions show something of a held-out task.
    """
    asked = _distinct(sample_tasks(seed, instructions, "align"))
    judging = {split: _distinct(sample_tasks(seed, held_out, split)) for split in HELD_OUT}
    shown = [Shown(one.instruction, one.code) for one in documents(seed, preset.documents)]
    shown += [Shown(task.instruction, "") for task in asked]
    tasks = [
        Shown(task.instruction, task.solution) for split in HELD_OUT for task in judging[split]
    ]
    if overlap := find_overlap(tasks, shown):
        raise ConfigError(f"in pre-training or instructions {overlap}")
    write_whole(folder / OVERLAP, json.dumps(asdict(overlap)) + "\n")
    rows = [{"id": task.id, "instruction": task.instruction} for task in asked]
    _write(folder / "instructions.jsonl", rows)
    for split, found in judging.items():
        _write(folder / f"{split}.jsonl", [_mbpp(task) for task in found])
    base = folder / "base"
    if not base.exists():
        make_tiny_model(base, preset=preset, seed=seed)


def _distinct(tasks: Iterable[Task]) -> list[Task]:
    """Leave out tasks that were drawn before: equal instructions ask for the same."""
    return list({task.instruction: task for task in tasks}.values())


def _mbpp(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "text": task.instruction,
        "instruction": task.instruction,
        "code": task.solution,
        "test_list": list(task.hidden_tests),
    }


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    write_whole(path, "".join(json.dumps(row) + "\n" for row in rows))
