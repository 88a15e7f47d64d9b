"""Tasks for the tiny model: right where they say so, and held apart between splits."""

import ast
import itertools
import re
from typing import get_args

import pytest

from veristone.training.tiny.tasks import HIDDEN_TESTS, Split, sample_tasks
from veristone.training.tiny.templates import templates

SPLITS: tuple[Split, ...] = get_args(Split)
RECORDED = (
    "tiny-held_out-7-000000",
    "Write a function calm_vine(s) with p = 'F' and q = 'E' that returns s without its first"
    " letter, then p and q.",
    "def calm_vine(s):\n    p = 'F'\n    q = 'E'\n    return s[1:] + p + q",
    (
        "assert calm_vine('PV') == 'VFE'",
        "assert calm_vine('UM') == 'MFE'",
        "assert calm_vine('XB') == 'BFE'",
        "assert calm_vine('DZ') == 'ZFE'",
        "assert calm_vine('CU') == 'UFE'",
        "assert calm_vine('QO') == 'OFE'",
        "assert calm_vine('GS') == 'SFE'",
        "assert calm_vine('OU') == 'UFE'",
    ),
)
"""Id, instruction, solution and hidden tests of a task."""


def holds(program: str, tests: tuple[str, ...]) -> bool:
    """Run our own one-line functions; nothing that a model wrote."""
    names: dict[str, object] = {}
    exec(program, names)
    try:
        for test in tests:
            exec(test, names)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("split", SPLITS)
def test_solutions_pass_and_mistakes_fail_the_hidden_tests(split: Split) -> None:
    for task in sample_tasks(3, 300, split):
        assert len(set(task.hidden_tests)) == HIDDEN_TESTS
        assert sum(line.startswith("assert ") for line in task.example_tests) == 2
        assert holds(task.solution, task.hidden_tests + task.example_tests), task
        for mistake, believed in zip(task.mistakes, task.mistaken_tests, strict=True):
            assert not holds(mistake, task.hidden_tests), (task.instruction, mistake)
            assert holds(mistake, believed), (task.instruction, mistake)


def test_what_is_held_out_is_of_the_tuned_families_or_of_none_of_them() -> None:
    seen = {split: {task.template for task in sample_tasks(0, 600, split)} for split in SPLITS}
    assert seen["pretrain"] == set(templates())
    assert seen["align"] == seen["held_out"]
    assert seen["untuned"] == seen["pretrain"] - seen["align"]
    assert len(seen["align"]) >= 10
    assert len(seen["untuned"]) >= 3


def test_a_task_depends_on_nothing_but_seed_split_and_index() -> None:
    few, many = sample_tasks(1, 10, "align"), sample_tasks(1, 50, "align")
    assert many[:10] == few
    assert sample_tasks(2, 10, "align") != few
    assert len({task.id for split in SPLITS for task in sample_tasks(1, 50, split)}) == 200
    assert sample_tasks(1, 0, "align") == []


def test_tasks_stay_what_they_were() -> None:
    """Recorded, so that a change of tasks, which changes every loop's numbers, is seen."""
    (task,) = sample_tasks(7, 1, "held_out")
    assert (task.id, task.instruction, task.solution, task.hidden_tests) == RECORDED


def test_no_pair_of_letters_and_no_name_is_of_two_splits() -> None:
    """What is held out has the constants of nothing else, in any family and any order."""
    letters: dict[str, set[frozenset[str]]] = {}
    names: dict[str, set[str]] = {}
    for split in SPLITS:
        tasks = sample_tasks(0, 2000, split)
        apart = "held_out" if split == "untuned" else split
        letters.setdefault(apart, set()).update(
            frozenset(re.findall(r"[pq] = '(\w)'", task.instruction)) for task in tasks
        )
        names.setdefault(apart, set()).update(task.name for task in tasks)
    assert set(letters) == {"pretrain", "align", "held_out"}
    for one, other in itertools.combinations(letters, 2):
        assert not letters[one] & letters[other]
        assert not names[one] & names[other]
    assert {len(pair) for found in letters.values() for pair in found} == {2}
    assert min(map(len, letters.values())) > 40
    assert min(map(len, names.values())) > 50


def test_programs_are_python_and_define_the_function() -> None:
    for task in sample_tasks(5, 200, "pretrain"):
        for program in (task.solution, *task.mistakes):
            (function,) = ast.parse(program).body
            assert isinstance(function, ast.FunctionDef)
            assert function.name == task.name


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="'test' is none of pretrain, align, held_out"):
        sample_tasks(0, 1, "test")  # pyright: ignore[reportArgumentType]
