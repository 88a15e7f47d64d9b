"""Which calls of a task are made, and what of the answers is believed."""

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.sandboxed.probes import (
    BORROWED,
    MOST_CALLS,
    Answer,
    answers_of,
    borrow,
    choose,
    information,
)
from veristone.generators.seeds.sandboxed.tasks import Task
from veristone.generators.seeds.sandboxed.trivial import expressions

DIGESTS = st.text("abcdefgh", min_size=8, max_size=8) | st.just("")


@given(st.lists(DIGESTS))
def test_answers_are_read_as_they_are_written(answers: list[str]) -> None:
    text = "".join(answer or "." for answer in answers)
    assert answers_of(text, len(answers)) == answers


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), (".", 0), ("..", 1), (".", 2), ("abcdefg", 1), ("abcdefghi", 1), ("." * 10**6, 3)],
)
def test_other_texts_are_no_answers(text: str, count: int) -> None:
    assert answers_of(text, count) is None


@given(st.text(), st.integers(0, 20))
def test_no_text_breaks_the_reader(text: str, count: int) -> None:
    answers = answers_of(text, count)
    assert answers is None or len(answers) == count


def table(text: str) -> list[Answer]:
    """`a8` is answer a, worth 8 bits; `a8!` one that trivial function 1 gives too; `.` none."""
    found: list[Answer] = []
    for word in text.split():
        name, bits = word[0], word[1:].rstrip("!?")
        mask = word.count("!") + 2 * word.count("?")
        found.append(Answer() if name == "." else Answer(name, int(bits), mask))
    return found


@pytest.mark.parametrize(
    ("answers", "own", "calls"),
    [
        # Its own calls are enough.
        ("a8 b8 c8", 3, [0, 1, 2]),
        ("a8 b8 c8 d8", 3, [0, 1, 2]),
        (". a8 . b8", 4, [1, 3]),
        # At most six of its own, different answers first.
        ("a8 a8 a8 a8 a8 a8 b8 c8", 8, [0, 1, 2, 3, 6, 7]),
        # They are not: the rarest answers of the others.
        ("a1 a1 a1 b1 b1 b1 a1", 3, "guessable"),
        ("a1 a1 a1 a1 a1 b1 b1 b1 b1 b1 b1 a1", 3, [*range(10)]),
        ("a8 . b1 c9", 1, [0, 2]),
        # A trivial function gives them: what it does not give.
        ("a8! b8! c8! d8", 3, [0, 1, 2, 3]),
        ("a8! b8! c8? d8? e8", 2, [0, 1, 2]),
        ("a8!? b8!? c8! d8? e8!?", 2, [0, 1, 2, 3]),
        ("a8! b8! c8!", 3, "trivial"),
        ("a8! b8! c8!", 1, "trivial"),
        ("a1 a1 a1", 3, "guessable"),
        ("a64", 1, "guessable"),
        ("a64 a64", 1, "guessable"),
        (". .", 1, "no_answers"),
        ("", 0, "no_answers"),
    ],
)
def test_which_calls_are_made(answers: str, own: int, calls: list[int] | str) -> None:
    choice = choose(table(answers), own, probes=6, enough=9)
    assert (choice.fault or choice.calls) == calls


@given(
    st.lists(
        st.builds(Answer, st.sampled_from(["", *"abc"]), st.integers(1, 5), st.integers(0, 3))
    ),
    st.integers(0, 9),
)
def test_chosen_calls_are_what_was_promised(answers: list[Answer], own: int) -> None:
    choice = choose(answers, own, probes=6, enough=9)
    assert bool(choice.calls) != bool(choice.fault)
    assert choice.calls == sorted(set(choice.calls))
    assert len(choice.calls) <= MOST_CALLS
    mask = -1
    for index in choice.calls:
        assert answers[index].digest
        mask &= answers[index].trivial
    assert not choice.calls or mask == 0


def test_the_order_of_answers_is_what_must_be_guessed() -> None:
    worth = {"t": 1, "f": 1}
    assert information({"t": 9}, worth) == 0
    assert information({"t": 1, "f": 9}, worth) == pytest.approx(2 + math.log2(10))
    assert information({"t": 5, "f": 5}, worth) == pytest.approx(2 + math.log2(252))


def task(*calls: Any, shape: str = "int") -> Task:
    return Task(
        id="t",
        entry_point="f",
        program="",
        arity=1,
        calls=tuple(pickle.dumps(call, protocol=4) for call in calls),
        own=len(calls),
        shapes=(shape,) * len(calls),
    )


def test_inputs_are_borrowed_from_tasks_of_the_same_shape() -> None:
    tasks = [task((1,), (2,)), task((2,), (3,), (4,)), task(("a",), shape="str")]
    found = [[pickle.loads(call)[0] for call in calls] for calls in borrow(tasks)]
    assert found == [[3], [1], []]


def test_what_is_borrowed_is_bounded_and_spread() -> None:
    tasks = [task((i,), (-i,)) for i in range(1, 500)]
    first = [pickle.loads(call)[0] for call in borrow(tasks)[0]]
    assert len(first) == BORROWED
    assert max(first) > 400


@pytest.mark.parametrize("arity", [0, 1, 2, 3, 4])
def test_trivial_functions_compile_and_are_different(arity: int) -> None:
    found = expressions(arity)
    assert len(set(found)) == len(found)
    assert bool(found) == (0 < arity < 4)
    for expression in found:
        compile(expression, "trivial", "eval")
