"""Benchmark files, read into tasks."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from veristone import ConfigError, DatasetError
from veristone.files import read_bytes
from veristone.training.evaluation.benchmarks import Benchmark, reader_of, told_by
from veristone.training.evaluation.benchmarks.evalplus import FLOAT_ATOL
from veristone.training.evaluation.reading import rows_of
from veristone.training.evaluation.task import Task

__all__ = ["Dataset", "Task", "load_dataset"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A benchmark file. `md5` is that of its unpacked content, as EvalPlus records it."""

    benchmark: Benchmark
    path: Path
    md5: str
    tasks: Mapping[str, Task]

    @property
    def has_plus(self) -> bool:
        """True where the file has EvalPlus's base and plus tests, each by itself."""
        together = any(task.base_with_plus for task in self.tasks.values())
        return self.benchmark.endswith("+") and not together

    @property
    def in_order(self) -> list[str]:
        """The tasks in the order in which the benchmark's own harness lists answers."""
        return sorted(self.tasks) if self.benchmark == "livecodebench" else list(self.tasks)

    def only(self, task_ids: Collection[str]) -> "Dataset":
        """Return the benchmark with these tasks alone, in its own order."""
        tasks = {name: task for name, task in self.tasks.items() if name in task_ids}
        return replace(self, tasks=tasks)

    def since(self, date: str) -> "Dataset":
        """Return the benchmark with the tasks of this day (YYYY-MM-DD) and later ones.

        Raises:
            ConfigError: it is no day.
            DatasetError: its tasks have no dates, or none is that late.
        """
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", date):
            raise ConfigError(f"{date!r} is no day: give YYYY-MM-DD")
        if not any(task.date for task in self.tasks.values()):
            raise DatasetError(
                f"{self.path}: its tasks have no dates; --since is for livecodebench"
            )
        found = self.only({task.task_id for task in self.tasks.values() if task.date >= date})
        if not found.tasks:
            raise DatasetError(f"{self.path}: no task since {date}")
        return found


def load_dataset(path: Path, benchmark: Benchmark, float_atol: float = FLOAT_ATOL) -> Dataset:
    """Read a benchmark file (JSON Lines or JSON, plain or compressed, or Parquet).

    Args:
        path: of the file.
        benchmark: which one it is.
        float_atol: EvalPlus's tolerance for floats of tasks that have none of their own.

    Raises:
        DatasetError: a line is malformed, a task comes twice, or the file is another benchmark's.
    """
    read = reader_of(benchmark, float_atol)
    tasks: dict[str, Task] = {}
    for row in rows_of(path):
        try:
            task = read(row)
        except DatasetError as error:
            told = told_by(row.fields)
            if tasks or not told or benchmark in told.split():
                raise
            hint = "--samples" if told == "samples" else f"`veristone eval {told}`"
            raise DatasetError(f"{error} (it looks like a file for {hint})") from error
        if task.task_id in tasks:
            raise DatasetError(f"{row.where}: task {task.task_id!r} comes a second time")
        tasks[task.task_id] = task
    if not tasks:
        raise DatasetError(f"{path}: no tasks in this file")
    md5 = hashlib.md5(read_bytes(path), usedforsecurity=False).hexdigest()
    return Dataset(benchmark=benchmark, path=path, md5=md5, tasks=tasks)
