"""Readers of benchmark and samples files, in the formats that human-eval and EvalPlus define."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from veristone import DatasetError
from veristone.files import Row, read_bytes, read_rows
from veristone.training.evaluation.mbpp_inputs import restore_mbpp_args
from veristone.training.evaluation.suites import SUITES
from veristone.training.evaluation.task import Task

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Candidate",
    "Dataset",
    "Task",
    "has_plus",
    "load_candidates",
    "load_dataset",
]

Benchmark = Literal[
    "humaneval", "humaneval+", "mbpp", "mbpp+", "multipl-e", "livecodebench", "ds-1000"
]
BENCHMARKS: tuple[Benchmark, ...] = get_args(Benchmark)


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


def load_dataset(path: Path, benchmark: Benchmark) -> Dataset:
    """Read a benchmark file (JSON Lines, plain or gzipped).

    Raises:
        DatasetError: a line is malformed, a task comes twice, or the file is another benchmark's.
    """
    content = read_bytes(path)
    tasks: dict[str, Task] = {}
    for row in read_rows(path, content):
        task = _read_task(row, benchmark)
        if task.task_id in tasks:
            raise DatasetError(f"{row.where}: task {task.task_id!r} comes a second time")
        tasks[task.task_id] = task
    if not tasks:
        raise DatasetError(f"{path}: no tasks in this file")
    return Dataset(benchmark=benchmark, path=path, md5=_md5(content), tasks=tasks)


def _read_task(row: Row, benchmark: Benchmark) -> Task:
    if benchmark in SUITES:
        return SUITES[benchmark](row)
    task_id = row.text("task_id")
    if (benchmark == "mbpp+") != task_id.startswith("Mbpp/"):
        raise DatasetError(f"{row.where}: {task_id!r} is no task of {benchmark}")
    prompt, entry_point = row.text("prompt"), row.text("entry_point")
    if benchmark == "humaneval":
        solution = row.fields.get("canonical_solution")
        return Task(
            task_id=task_id,
            prompt=prompt,
            entry_point=entry_point,
            canonical_solution=solution if isinstance(solution, str) else "",
            test=row.text("test"),
        )
    if "base_input" not in row.fields:
        raise DatasetError(
            f"{row.where}: the field 'base_input' is missing: {benchmark} needs the file that "
            "EvalPlus publishes (HumanEvalPlus.jsonl or MbppPlus.jsonl)"
        )
    return Task(
        task_id=task_id,
        prompt=prompt,
        entry_point=entry_point,
        canonical_solution=row.text("canonical_solution"),
        base_input=_read_inputs(row, "base_input"),
        plus_input=_read_inputs(row, "plus_input"),
        atol=_read_atol(row),
    )


def _read_inputs(row: Row, field: str) -> tuple[list[Any], ...]:
    value = row.require(field)
    # EvalPlus only iterates, so an empty object is as good as an empty list there.
    if value == {}:
        return ()
    if not isinstance(value, list):
        raise DatasetError(f"{row.where}: {field!r} must be a list of argument lists")
    inputs = cast("list[Any]", value)
    if not all(isinstance(args, list) for args in inputs):
        raise DatasetError(f"{row.where}: {field!r} must be a list of argument lists")
    if row.text("task_id").startswith("Mbpp/"):
        _check_shapes(row, inputs)
    return tuple(inputs)


def _check_shapes(row: Row, inputs: list[Any]) -> None:
    # Tried here for the sake of the line number, and so that no run ends half-way.
    try:
        for args in inputs:
            restore_mbpp_args(row.text("task_id"), args)
    except DatasetError as error:
        raise DatasetError(f"{row.where}: {error}") from error


def _read_atol(row: Row) -> float:
    value = row.require("atol")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise DatasetError(f"{row.where}: 'atol' must be a number of 0 or more, not {value!r}")
    return float(value)


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
