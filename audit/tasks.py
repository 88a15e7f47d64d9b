"""What is audited: tasks with a gold solution, from a file of samples or from a benchmark."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from veristone import (
    AssertsCheck,
    DatasetError,
    FunctionCheck,
    InvalidSample,
    Limits,
    Sample,
    StdioCheck,
)
from veristone.files import read_bytes
from veristone.generators.code.names import defines
from veristone.generators.code.python import parses
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.task import Task

__all__ = ["AuditTask", "of_benchmark", "of_samples"]

Read = Callable[[bytes], Sample]


@dataclass(frozen=True, slots=True)
class AuditTask:
    """A task, and how any solution of it is judged."""

    name: str
    gold: str
    """The solution that is held to be right."""
    sample: Callable[[str], Sample]
    """Makes the sample that judges a solution."""
    changeable: bool
    """Whether the gold solution is Python apart from its tests, so that stubs and mutants of it
    say something about them."""


def of_samples(path: Path, read: Read) -> Iterator[AuditTask]:
    """Yield the tasks of a file of samples, each of which holds a gold solution.

    Args:
        path: JSON Lines.
        read: makes a sample of a line, or raises `InvalidSample`.

    Raises:
        DatasetError: there is no such file, a line is no sample, or an id comes twice.
    """
    seen: set[str] = set()
    for number, line in enumerate(read_bytes(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            sample = read(line)
        except InvalidSample as error:
            raise DatasetError(f"{path}:{number}: {error}") from error
        if sample.id in seen:
            raise DatasetError(f"{path}:{number}: {sample.id!r} stands there twice")
        seen.add(sample.id)
        yield _of_sample(sample)


def _of_sample(sample: Sample) -> AuditTask:
    apart = isinstance(sample.check, AssertsCheck | FunctionCheck | StdioCheck)

    def judged(code: str) -> Sample:
        return _with_code(sample, code)

    return AuditTask(sample.id, sample.code, judged, apart and sample.language == "python")


def _with_code(sample: Sample, code: str) -> Sample:
    return Sample(
        code=code,
        check=sample.check,
        language=sample.language,
        limits=sample.limits,
        files=sample.files,
        env=sample.env,
    )


def of_benchmark(dataset: Dataset, limits: Limits) -> Iterator[AuditTask]:
    """Yield the tasks of a benchmark that have a canonical solution: that is the gold one."""
    for task in dataset.tasks.values():
        if task.canonical_solution:
            yield _of_task(task, limits)


def _of_task(task: Task, limits: Limits) -> AuditTask:
    def judged(code: str) -> Sample:
        program = task.build(code)
        return Sample(code=program.code, check=program.check, language=task.language, limits=limits)

    return AuditTask(task.task_id, _gold(task), judged, task.language == "python")


def _gold(task: Task) -> str:
    """Return the canonical solution as a whole program: some are bodies that a prompt begins."""
    code = task.canonical_solution
    if task.language == "python":
        whole = parses(code) and (not task.entry_point or defines(code, task.entry_point))
    else:
        whole = not task.prompt or code.startswith(task.prompt)
    return code if whole else task.prompt + code
