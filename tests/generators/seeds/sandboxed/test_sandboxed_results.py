"""Results of functions as text: what is equal, what is not, what has none."""

import math
from collections import Counter, OrderedDict, deque
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from veristone.generators.seeds.sandboxed.harness.behaviour_main import bits_of, text_of


class Point(NamedTuple):
    x: int
    y: int


class Colour(IntEnum):
    RED = 5


def countdown():
    yield from (3, 2, 1)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, True),
        (0, -0.0),
        (0.1 + 0.2, 0.3),
        (2.9999999999999996, 3),
        (1e-17, 0),
        (10**15, 1e15),
        (5, Colour.RED),
        ([1, 2], (1, 2)),
        ([3, 2, 1], countdown()),
        ([0, 1, 2], range(3)),
        ([1, 2], deque([1, 2])),
        (["a"], {"a": 1}.keys()),
        ({1, 2}, frozenset([2, 1])),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
        ({"a": 2}, Counter("aa")),
        ((1, 2), Point(1, 2)),
        (b"a", bytearray(b"a")),
        (math.nan, float("nan")),
    ],
)
def test_equal_results_have_equal_texts(left: Any, right: Any) -> None:
    assert text_of(left) == text_of(right)


UNLIKE: list[Any] = [
    None, 0, 1, -1, 0.5, 0.5000001, 10**30, 10**30 + 1, math.nan, math.inf, -math.inf, 1j, 1 + 1j,
    "", "0", "1", "null", "a", "ab", b"", b"a", [], [[]], [0], [1], ["1"], [1, 2], [2, 1], [12],
    ["a", "b"], ["ab"], [["a"], "b"], [["a", "b"]], [None], set(), {1}, {1, 2}, {}, {1: 2}, {2: 1},
    {1: {2: 3}}, {"a": []}, {"a": [], "b": []}, [{}], [set()], "\ud800",
]  # fmt: skip


def test_different_results_have_different_texts() -> None:
    assert len(set(map(text_of, UNLIKE))) == len(UNLIKE)


def loop() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", [object(), Fraction(1, 2), len, int, {1: object()}, loop()])
def test_other_results_have_none(value: Any) -> None:
    with pytest.raises((TypeError, RecursionError)):
        text_of(value)


@pytest.mark.parametrize(
    ("value", "bits"),
    [(None, 1), (True, 1), (0, 1), (1, 1), (2, 5), (-1, 5), (10**100, 64), (0.5, 9), ("", 1),
     ("ab", 9), ([], 1), ([1, 2], 9), ("a" * 100, 64)],
)  # fmt: skip
def test_bits_say_how_hard_a_guess_is(value: Any, bits: int) -> None:
    assert bits_of(text_of(value)) == bits
