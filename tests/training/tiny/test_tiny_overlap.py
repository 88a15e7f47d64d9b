"""Nothing that judges the tiny model is shown to it, and what is shown is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.training.tiny import files
from veristone.training.tiny.corpus import Document, documents
from veristone.training.tiny.model import LOOP
from veristone.training.tiny.overlap import Overlap, Shown, find_overlap
from veristone.training.tiny.tasks import Split, Task, sample_tasks

TASK = Shown(
    "Write a function red_fox(x) that returns 'a' if x is above 5 and 'b' otherwise.",
    "def red_fox(x):\n    return 'a' if x > 5 else 'b'",
)
RENAMED = Shown(
    "Write a function old_elm(num) that returns 'a' if num is above 5 and 'b' otherwise.",
    "def old_elm(num):\n    return 'a' if num > 5 else 'b'",
)
OTHER = Shown(
    "Write a function old_elm(num) that gives 'c' when num is above 5, else 'b'.",
    "def old_elm(num):\n    return 'c' if num > 5 else 'b'",
)


def test_names_make_no_other_task() -> None:
    assert find_overlap([TASK], [RENAMED]) == Overlap(1, 1, 1)
    assert not find_overlap([TASK], [OTHER])


def test_each_part_counts_by_itself() -> None:
    """A solution that answered something else is shown all the same."""
    assert find_overlap([TASK], [OTHER._replace(code=RENAMED.code)]) == Overlap(solutions=1)
    other_words = "Write a function f(y) that gives 'b' when y is below 5, else 'a'."
    assert find_overlap([TASK], [Shown(other_words, "")]) == Overlap(constants=1)
    assert find_overlap([TASK, TASK], [RENAMED._replace(code="")]) == Overlap(2, 0, 2)


@pytest.mark.parametrize(("seed", "n"), [(0, LOOP.documents), (1, 1000), (2, 1000), (3, 1000)])
def test_nothing_held_out_stands_in_pre_training_or_in_an_instruction(seed: int, n: int) -> None:
    """Of the first seed all of the text; `make loop` looks at all of every seed. Solutions of the
    instructions count as well: a model that answers rightly shows them."""
    held_out = [
        Shown(task.instruction, task.solution)
        for split in files.HELD_OUT
        for task in sample_tasks(seed, 200, split)
    ]
    shown = [Shown(one.instruction, one.code) for one in documents(seed, n)]
    for task in sample_tasks(seed, 400, "align"):
        shown += [Shown(task.instruction, code) for code in (task.solution, *task.mistakes)]
    assert find_overlap(held_out, shown) == Overlap(0, 0, 0)


def whole(task: Task) -> Document:
    return Document(task.instruction, task.solution, "", "")


def instruction_alone(task: Task) -> Document:
    return replace(whole(task), code="")


def solution_alone(task: Task) -> Document:
    return replace(whole(task), instruction="Write a function f(s).")


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (whole, "1 by their instructions, 1 by their solutions"),
        (instruction_alone, "1 by their instructions, 0 by their solutions"),
        (solution_alone, "0 by their instructions, 1 by their solutions"),
    ],
)
@pytest.mark.parametrize("split", files.HELD_OUT)
def test_a_held_out_task_in_the_corpus_is_refused_before_anything_is_learned(
    split: Split,
    plant: Callable[[Task], Document],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted = plant(sample_tasks(0, 5, split)[3])

    def corpus(seed: int, n: int) -> list[Document]:
        return [*documents(seed, min(n, 100)), planted]

    monkeypatch.setattr(files, "documents", corpus)
    with pytest.raises(ConfigError, match=said):
        files.write_loop_files(tmp_path, seed=0, instructions=10, held_out=5)
    assert not list(tmp_path.iterdir())
