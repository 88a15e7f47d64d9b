"""What is audited: tasks with a gold solution, from a file of samples or from a benchmark."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from veristone import (
    AssertsCheck,
    Check,
    DatasetError,
    FunctionCheck,
    InteractiveCheck,
    InvalidSample,
    Limits,
    Sample,
    StdioCheck,
)
from veristone.files import read_bytes
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.runner import sample_for
from veristone.training.evaluation.samples import Candidate
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
    tests: str = ""
    """Text that names what of the solution is tested; empty: the whole of it."""
    program: bool = False
    """It is a program that is judged by what it reads and prints: in whatever language it is, one
    in Python that prints a constant can be judged in its place."""

    def stub(self, code: str) -> Sample:
        """Return the sample that judges a stub."""
        sample = self.sample(code)
        return msgspec.structs.replace(sample, language="python", id="") if self.program else sample


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
        return msgspec.structs.replace(sample, code=code, id="")

    changeable = apart and sample.language == "python"
    return _task(sample.id, sample.code, judged, sample.check, changeable=changeable)


def _task(
    name: str, gold: str, judged: Callable[[str], Sample], check: Check, *, changeable: bool
) -> AuditTask:
    program = isinstance(check, StdioCheck | InteractiveCheck)
    return AuditTask(name, gold, judged, changeable, _naming(check), program)


def _naming(check: Check) -> str:
    """Return the text in which a check names what it tests."""
    match check:
        case AssertsCheck(tests=tests):
            return tests
        case FunctionCheck(entry_point=name):
            return name
        case _:
            return ""


def of_benchmark(dataset: Dataset, limits: Limits) -> Iterator[AuditTask]:
    """Yield the tasks of a benchmark that have a canonical solution: that is the gold one."""
    for task in dataset.tasks.values():
        if task.reference:
            yield _of_task(task, dataset, limits)


def _of_task(task: Task, dataset: Dataset, limits: Limits) -> AuditTask:
    def judged(code: str) -> Sample:
        return sample_for(Candidate(task.task_id, code), dataset, limits)

    check = task.build(task.reference).check
    python = task.language == "python"
    return _task(task.task_id, task.reference, judged, check, changeable=python)
