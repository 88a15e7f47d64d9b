"""The files that the small alignment loop starts from: a base model, instructions, hidden tests."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from veristone.files import write_whole
from veristone.training.tiny.model import LOOP, Preset, make_tiny_model
from veristone.training.tiny.tasks import Task, sample_tasks

__all__ = ["write_loop_files"]


def write_loop_files(
    folder: Path,
    *,
    seed: int,
    instructions: int,
    held_out: int,
    preset: Preset = LOOP,
) -> None:
    """Write `base/` (a model), `instructions.jsonl` and `hidden.jsonl` into `folder`.

    What is there already is kept. Hidden tests stand in MBPP's format, for tasks whose names and
    constants occur neither in pre-training nor in the instructions.
    """
    asked = [
        {"id": task.id, "instruction": task.instruction}
        for task in _distinct(sample_tasks(seed, instructions, "align"))
    ]
    _write(folder / "instructions.jsonl", asked)
    hidden = [_mbpp(task) for task in _distinct(sample_tasks(seed, held_out, "held_out"))]
    _write(folder / "hidden.jsonl", hidden)
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
