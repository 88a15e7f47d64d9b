"""Which calls of a task are made."""

import math
import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.sandboxed.guard import (
    BORROWED,
    ENOUGH_BITS,
    MOST_CALLS,
    OWN_CALLS,
    Answer,
    borrow,
    choose,
    expressions,
    information,
)
from veristone.generators.seeds.sandboxed.tasks import Task


def table(text: str) -> dict[int, Answer]:
    """`a8` is answer a, worth 8 bits; `.` none."""
    words = enumerate(text.split())
    return {n: Answer(word[0], int(word[1:])) for n, word in words if word != "."}


@pytest.mark.parametrize(
    ("answers", "own", "calls"),
    [
        # Its own calls are enough.
        ("a9 b9 c9", 3, [0, 1, 2]),
        ("a9 b9 c9 d9", 3, [0, 1, 2]),
        (". a9 . b9", 4, [1, 3]),
        # At most so many of its own, different answers first.
        ("a9 " * 14 + "b9 c9", 16, [*range(10), 14, 15]),
        # They are not: the rarest answers of the others.
        ("a1 a1 a1 b1 b1 b1 a1", 3, []),
        ("a1 a1 a1 " + "a1 " * 20 + "b1 " * 20, 3, [*range(10), *range(23, 30)]),
        ("a9 . b1 c9", 1, [0, 2, 3]),
        ("a1 a1 a1", 3, []),
        ("a64", 1, []),
        ("a64 a64", 1, []),
        (". .", 1, []),
        ("", 0, []),
    ],
)
def test_which_calls_are_made(answers: str, own: int, calls: list[int]) -> None:
    assert choose(table(answers), own) == calls


@given(
    st.dictionaries(st.integers(0, 60), st.sampled_from([Answer(name, 3) for name in "abc"])),
    st.integers(0, 40),
)
def test_chosen_calls_are_what_was_promised(answers: dict[int, Answer], own: int) -> None:
    chosen = choose(answers, own)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= MOST_CALLS
    assert sum(number < own for number in chosen) >= min(
        OWN_CALLS, sum(number < own for number in answers), len(chosen)
    )
    assert not chosen or information([answers[number] for number in chosen]) >= ENOUGH_BITS


def test_the_order_of_answers_is_what_must_be_guessed() -> None:
    def bits(**counts: int) -> float:
        return information([Answer(name, 1) for name in Counter(counts).elements()])

    assert bits(t=9) == 0
    assert bits(t=1, f=9) == pytest.approx(2 + math.log2(10))
    assert bits(t=5, f=5) == pytest.approx(2 + math.log2(252))


def task(*calls: Any, shape: str = "int") -> Task:
    pickled = [pickle.dumps(call, protocol=4) for call in calls]
    return Task("t", "f", "", pickled, own=len(calls), shapes=[shape] * len(calls))


def test_inputs_are_borrowed_from_tasks_of_the_same_shape() -> None:
    tasks = [task((1,), (2,)), task((2,), (3,), (4,)), task(("a",), shape="str")]
    found = [[pickle.loads(call)[0] for call in calls] for calls in borrow(tasks)]
    assert found == [[3], [1], []]


def test_what_is_borrowed_is_bounded_and_spread() -> None:
    tasks = [task((i,), (-i,)) for i in range(1, 500)]
    first = [pickle.loads(call)[0] for call in borrow(tasks)[0]]
    assert len(first) == BORROWED
    assert max(first) > 400


def test_trivial_functions_compile_and_are_different() -> None:
    found = list(expressions())
    assert len(set(found)) == len(found)
    for parameters, expression in found:
        compile(f"lambda {parameters}: {expression}", "trivial", "eval")
