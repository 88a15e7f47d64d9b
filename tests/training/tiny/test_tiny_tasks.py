"""Tasks for the tiny model: right where they say so, and held apart between splits."""

import ast
import re
from typing import get_args

import pytest

from veristone.training.tiny.tasks import HIDDEN_TESTS, Split, Task, sample_tasks
from veristone.training.tiny.templates import templates, value_of

SPLITS: tuple[Split, ...] = get_args(Split)
RECORDED = Task(
    id="tiny-held_out-7-000000",
    template="initial",
    name="calm_vine",
    instruction="Write a function calm_vine(t) that returns the first letter of t.",
    solution="def calm_vine(t):\n    return t[0]",
    mistakes=("def calm_vine(t):\n    return t[-1]", "def calm_vine(t):\n    return t[1:]"),
    example_tests=(
        "assert calm_vine('abc') == 'a'",
        "assert calm_vine('dog') == 'd'",
        "assert calm_vine('a') == 'a'",
    ),
    hidden_tests=(
        "assert calm_vine('fom') == 'f'",
        "assert calm_vine('c') == 'c'",
        "assert calm_vine('efpjam') == 'e'",
        "assert calm_vine('mpmbdc') == 'm'",
        "assert calm_vine('ogojko') == 'o'",
        "assert calm_vine('k') == 'k'",
        "assert calm_vine('mflpll') == 'm'",
        "assert calm_vine('fdppj') == 'f'",
    ),
)


def holds(program: str, tests: tuple[str, ...]) -> bool:
    """Run our own one-line functions; nothing that a model wrote."""
    names: dict[str, object] = {}
    exec(program, names)
    try:
        for test in tests:
            exec(test, names)
    except (AssertionError, ArithmeticError, IndexError, TypeError):
        return False
    return True


@pytest.mark.parametrize("split", SPLITS)
def test_solutions_pass_and_mistakes_fail_the_hidden_tests(split: Split) -> None:
    for task in sample_tasks(3, 300, split):
        assert len(set(task.hidden_tests)) == HIDDEN_TESTS
        assert len(set(task.example_tests)) == 3
        assert holds(task.solution, task.hidden_tests + task.example_tests), task
        for mistake in task.mistakes:
            assert not holds(mistake, task.hidden_tests), (task.instruction, mistake)


def test_every_template_can_be_told_from_its_mistakes() -> None:
    seen = {task.template for split in SPLITS for task in sample_tasks(0, 600, split)}
    assert seen == set(templates())
    assert len(seen) >= 32


def test_a_task_depends_on_nothing_but_seed_split_and_index() -> None:
    few, many = sample_tasks(1, 10, "align"), sample_tasks(1, 50, "align")
    assert many[:10] == few
    assert sample_tasks(2, 10, "align") != few
    assert len({task.id for split in SPLITS for task in sample_tasks(1, 50, split)}) == 150
    assert sample_tasks(1, 0, "align") == []


def test_tasks_stay_what_they_were() -> None:
    """Recorded, so that a change of tasks, which changes every loop's numbers, is seen."""
    (task,) = sample_tasks(7, 1, "held_out")
    assert (task.id, task.instruction) == (RECORDED.id, RECORDED.instruction)
    assert (task.solution, task.hidden_tests) == (RECORDED.solution, RECORDED.hidden_tests)


def test_splits_share_no_names_and_no_constants() -> None:
    names: dict[Split, set[str]] = {}
    constants: dict[Split, set[tuple[str, ...]]] = {}
    for split in SPLITS:
        tasks = sample_tasks(0, 2000, split)
        names[split] = {task.name for task in tasks}
        constants[split] = {numbers for task in tasks if (numbers := _constants(task))}
        assert len(names[split]) > 50
    for one, other in (SPLITS[:2], SPLITS[1:], SPLITS[::2]):
        assert not names[one] & names[other]
        assert not constants[one] & constants[other]


def _constants(task: Task) -> tuple[str, ...]:
    has_some = templates()[task.template].k
    numbers = re.findall(r"\d+", task.instruction)
    return (task.template, *sorted(numbers)) if has_some else ()


def test_programs_are_python_and_define_the_function() -> None:
    for task in sample_tasks(5, 200, "pretrain"):
        for program in (task.solution, *task.mistakes):
            (function,) = ast.parse(program).body
            assert isinstance(function, ast.FunctionDef)
            assert function.name == task.name


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="'test' is none of pretrain, align, held_out"):
        sample_tasks(0, 1, "test")  # pyright: ignore[reportArgumentType]


def test_an_expression_that_fails_has_no_value_of_its_own() -> None:
    assert value_of("xs[3]", ["xs"], ([1],)) is IndexError
    assert value_of("x // 0", ["x"], (1,)) is ZeroDivisionError
    assert value_of("[i + 1 for i in xs]", ["xs"], ([1, 2],)) == [2, 3]
