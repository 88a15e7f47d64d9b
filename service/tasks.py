"""Tasks that a service offers, as environments for training do: by split and number.

A row of a file is a task: `prompt` is shown, `tests` say how an answer is judged and are not, in
any form that `veristone.forms.check_of` knows. `id` and `language` (Python where it is left out)
may be there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from veristone import DatasetError, InvalidSample
from veristone.files import read_table
from veristone.forms import check_of

__all__ = ["Task", "Tasks", "read_tasks"]


@dataclass(frozen=True, slots=True)
class Task:
    """One task, and where it stands."""

    split: str
    index: int
    id: str
    prompt: str
    tests: Any
    """Says how an answer is judged; never shown."""
    language: str

    def shown(self) -> dict[str, Any]:
        """Return what whoever solves it may see."""
        about = {"id": self.id, "split": self.split, "index": self.index}
        return about | {"prompt": self.prompt, "language": self.language}


class Tasks:
    """The tasks of a service, by split."""

    def __init__(self, splits: Mapping[str, Sequence[Task]]) -> None:
        self._splits = splits

    @property
    def splits(self) -> list[str]:
        """Names of the splits."""
        return list(self._splits)

    def of(self, split: str) -> Sequence[Task]:
        """Return the tasks of a split.

        Raises:
            InvalidSample: there is no such split.
        """
        if split not in self._splits:
            known = ", ".join(map(repr, self._splits)) or "none"
            raise InvalidSample(f"split: there is no {split[:80]!r}; there is {known}")
        return self._splits[split]

    def get(self, split: str, index: int) -> Task:
        """Return a task.

        Raises:
            InvalidSample: there is no such split, or it has no such task.
        """
        tasks = self.of(split)
        if not 0 <= index < len(tasks):
            raise InvalidSample(f"index: {split!r} has tasks 0 to {len(tasks) - 1}, no {index}")
        return tasks[index]


def read_tasks(files: Mapping[str, Path]) -> Tasks:
    """Read the tasks of each split from JSON Lines or Parquet.

    Raises:
        DatasetError: a file cannot be read, or a row is no task.
    """
    return Tasks({split: _tasks(split, path) for split, path in files.items()})


def _tasks(split: str, path: Path) -> Sequence[Task]:
    tasks: list[Task] = []
    for row in read_table(path):
        tests = row.require("tests")
        try:
            check_of(tests)
        except InvalidSample as error:
            raise DatasetError(f"{row.where}: {error}") from error
        name = str(row.fields.get("id", f"{split}-{len(tasks)}"))
        language = str(row.fields.get("language", "python"))
        tasks.append(Task(split, len(tasks), name, row.text("prompt"), tests, language))
    return tasks
