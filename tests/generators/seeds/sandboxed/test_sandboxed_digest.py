"""Values as digests: what is equal, what is not, what has none, and what a value may try."""

import importlib
import math
import sys
from collections import Counter, OrderedDict, deque
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import veristone.generators.seeds.sandboxed.harness as harness


@pytest.fixture(scope="module")
def digests() -> Any:
    """The module, loaded as the sandbox does: from its folder."""
    folder = str(Path(harness.__file__).parent)
    sys.path.insert(0, folder)
    try:
        yield importlib.import_module("veristone_digest")
    finally:
        sys.path.remove(folder)
        sys.modules.pop("veristone_digest", None)


class Point(NamedTuple):
    x: int
    y: int


class Liar:
    """Equal to everything, and shows itself as anything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        raise SystemExit

    __str__ = __repr__


class LyingList(list[int]):
    def __iter__(self):
        return iter([1, 2, 3])

    def __len__(self):
        return 3


class LyingInt(int):
    def __add__(self, other):
        return 1

    __index__ = __int__ = __add__  # pyright: ignore


class LyingDict(dict[str, int]):
    def items(self):  # pyright: ignore
        return [("a", 1)]


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
        ([], LyingList()),
        (5, LyingInt(5)),
        ({}, LyingDict()),
    ],
)
def test_equal_results_have_equal_digests(left: Any, right: Any, digests: Any) -> None:
    assert digests.digest(left)[0] == digests.digest(right)[0]


UNLIKE: list[Any] = [
    None, 0, 1, -1, 0.5, 0.5000001, 10**30, 10**30 + 1, math.nan, math.inf, -math.inf, 1j, 1 + 1j,
    "", "0", "1", "None", "a", "ab", b"", b"a", [], [[]], [0], [1], ["1"], [1, 2], [2, 1], [12],
    ["a", "b"], ["ab"], [["a"], "b"], [["a", "b"]], [None], set(), {1}, {1, 2}, {}, {1: 2}, {2: 1},
    {1: {2: 3}}, {"a": []}, {"a": [], "b": []}, [{}], [set()], "n1;", "[n1;]", ["n1;"],
]  # fmt: skip


def test_different_results_have_different_digests(digests: Any) -> None:
    found = [digests.digest(value)[0] for value in UNLIKE]
    assert len(set(found)) == len(UNLIKE)
    assert {len(each) for each in found} == {digests.SIZE}


def endless():
    while True:
        yield 1


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(1000):
        value = [value]
    return value


def loop() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "make",
    [Liar, object, deep, loop, endless, lambda: "x" * 10**6, lambda: [1] * 10**6,
     lambda: Fraction(1, 2), lambda: len, lambda: int, lambda: {1: Liar()}, lambda: {Liar()},
     lambda: ["x" * 1000] * 1000],
)  # fmt: skip
def test_other_values_have_none(make: Any, digests: Any) -> None:
    with pytest.raises(digests.NoDigest):
        digests.digest(make())


@pytest.mark.parametrize(
    ("value", "bits"),
    [(None, 1), (True, 1), (0, 1), (1, 1), (2, 3), (-1, 2), (10**100, 32), (0.5, 16), ("", 1),
     ("ab", 9), ([], 2), ([1, 2], 6), ("a" * 100, 64), ({"a": 1}, 10)],
)  # fmt: skip
def test_bits_say_how_hard_a_guess_is(value: Any, bits: int, digests: Any) -> None:
    assert digests.digest(value)[1] == bits


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_a_copy_has_the_same_digest(value: Any) -> None:
    folder = str(Path(harness.__file__).parent)
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module("veristone_digest")
    finally:
        sys.path.remove(folder)
    copy = eval(repr(value), {"nan": math.nan, "inf": math.inf})
    assert module.digest(value) == module.digest(copy)
