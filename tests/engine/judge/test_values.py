"""Values that came back against values that were expected: Python's equality, and no crash."""

import array
import collections
import dataclasses
import datetime
import enum
import functools
import itertools
import json
import math
import pathlib
import re
import threading
import time
import types
import uuid
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from veristone import FunctionCheck
from veristone.engine.jobs import Large
from veristone.engine.judge.render import show
from veristone.engine.judge.values import (
    Incomparable,
    accepted,
    explain,
    has_nan,
    incomparable,
    same,
)
from veristone.sandbox_images.warden import values

PRIME = 2**61 - 1
"""Python hashes an int modulo this: its multiples all have hash 0."""


def wire(value: Any) -> Any:
    return msgspec.json.decode(json.dumps(values.encode(value), allow_nan=False))


def check(**settings: Any) -> FunctionCheck:
    return FunctionCheck(entry_point="f", calls=[], **settings)


# Equality ---------------------------------------------------------------------------------

# Few different leaves, so that equal values of different types meet often.
LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, 1, 2, 1.0, 0.5, -0.0, 2**70, float(2**70), 10**400, 1 + 0j, 1j),
        *(math.inf, -math.inf, "", "1", "a", "\ud800", "$int", b"a", bytearray(b"a")),
        *(Decimal(1), Decimal("0.5"), Decimal("1E+5000"), Decimal("Infinity")),
        *(Fraction(1, 2), Fraction(1)),
        *(range(0), range(1), range(1, 1), range(0, 3, 2), range(0, 4, 2)),
    ]
)
HASHABLE_LEAVES = LEAVES.filter(lambda leaf: type(leaf) is not bytearray)
HASHABLE = st.recursive(
    HASHABLE_LEAVES,
    lambda inner: st.lists(inner, max_size=2).map(tuple) | st.frozensets(inner, max_size=2),
    max_leaves=4,
)
VALUES = st.recursive(
    LEAVES | HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, VALUES)
@example([1, 2], (1, 2))
@example({1, 2}, frozenset({2, 1}))
@example({True: "a"}, {1.0: "a"})
@example({(1, frozenset({Decimal(1)}))}, {(True, frozenset({1.0}))})
@example({0.5, 2}, {Fraction(1, 2), Decimal(2)})
@example({-0.0}, {0})
@example({range(0)}, {range(5, 5)})
def test_equal_here_is_equal_in_python(left: Any, right: Any) -> None:
    assert same(wire(left), wire(right)) == (left == right)


@given(VALUES)
def test_a_value_equals_itself_and_its_copy(value: Any) -> None:
    assert same(wire(value), wire(value))
    assert accepted(wire(value), wire(value), check())


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, [math.nan, 1], (math.nan,), {"a": math.nan}, {math.nan}),
        *(Decimal("NaN"), complex(math.nan, 1), {(math.nan, 1): 2}),
    ],
    ids=repr,
)
def test_nan_equals_nan(value: Any) -> None:
    """A solution that returns what the reference returns is right."""
    assert same(wire(value), wire(value))


def test_nan_equals_nothing_else() -> None:
    for other in (0.0, 1, None, "nan", math.inf, Decimal(0)):
        assert not same(wire(math.nan), wire(other))
        assert not same(wire([math.nan]), wire([other]))
        assert not same(wire({math.nan}), wire({other}))


def test_a_whole_number_is_exact_within_any_tolerance() -> None:
    rule = check(atol=1e-6)
    for large in (2_000_000_000, 2**53, 10**30):
        assert accepted(wire(large), wire(large), rule)
        assert not accepted(wire(large), wire(large + 1), rule)
        assert not accepted(wire([large, 0.5]), wire([large + 1, 0.5]), rule)


@dataclasses.dataclass
class Point:
    x: Any
    note: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: Any


class Plain:
    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)

    def __repr__(self) -> str:
        return "Plain()"


class Slots:
    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


ZONE = datetime.timezone(datetime.timedelta(hours=2))
NOON = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)
LONG = [*range(2_000)]
EQUAL: list[tuple[Any, Any]] = [
    (collections.deque([1, 2]), collections.deque([1, 2], maxlen=5)),
    (collections.OrderedDict(a=1, b=2), {"b": 2, "a": 1}),
    ({"b": 2, "a": 1}, collections.OrderedDict(a=1, b=2)),
    (collections.Counter("aab"), {"a": 2, "b": 1}),
    (collections.Counter(a=1, b=0), collections.Counter(a=1)),
    (types.MappingProxyType({"a": 1}), {"a": 1}),
    (collections.UserDict(a=1), {"a": 1}),
    (collections.ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}),
    (collections.UserList([1]), [1]),
    (collections.UserString("a"), "a"),
    (collections.defaultdict(int, a=1), {"a": 1}),
    (memoryview(b"ab"), b"ab"),
    (bytearray(b"ab"), b"ab"),
    (array.array("i", [1, 2]), array.array("d", [1.0, 2.0])),
    (NOON, NOON.astimezone(ZONE)),
    (datetime.date(2026, 1, 2), datetime.date(2026, 1, 2)),
    (datetime.timedelta(days=1), datetime.timedelta(hours=24)),
    ({datetime.date(2026, 1, 2)}, {datetime.date(2026, 1, 2)}),
    (Point(1, "a"), Point(1, "b")),
    ({Frozen((1, 2))}, {Frozen((1, 2))}),
    (Plain(a=[1]), Plain(a=[1])),
    (Slots(1), Slots(1)),
    (Colour.RED, Colour.RED),
    ({Colour.RED: 1}, {Colour.RED: 1}),
    (ValueError("x"), ValueError("x")),
    (re.compile("a+", re.I), re.compile("a+", re.I)),
    (pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath("a") / "b"),
    (uuid.UUID(int=7), uuid.UUID(int=7)),
    (int, int),
    (len, len),
    (functools.partial(max, 1), functools.partial(max, 1)),
    (slice(1, 2), slice(1, 2)),
    (iter([1, 2]), (n for n in (1, 2))),
    (zip([1], [2], strict=True), zip([1], [2], strict=True)),
    (map(str, [1]), iter(["1"])),
    ({"a": 1}.values(), {"b": 1}.values()),
    ({"a": 1}.items(), {"a": 1}.items()),
    (itertools.count(), itertools.count()),
    (numpy.longdouble(0.5), 0.5),
    (numpy.longdouble("0.1"), numpy.longdouble("0.1")),
    (numpy.array([numpy.longdouble("0.1")]), numpy.array([numpy.longdouble("0.1")])),
    (numpy.array(["a"]), numpy.array(["a"])),
    (numpy.datetime64("2026-01-02"), datetime.date(2026, 1, 2)),
]
UNEQUAL: list[tuple[Any, Any]] = [
    (collections.deque([*LONG, 1]), collections.deque([*LONG, 2])),
    (collections.deque([1]), [1]),
    (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    (collections.Counter(a=1, b=0), {"a": 1}),
    (array.array("i", [*LONG, 1, *LONG]), array.array("i", [*LONG, 2, *LONG])),
    (array.array("i", [1]), [1]),
    (Point(numpy.array([*LONG, 1, *LONG])), Point(numpy.array([*LONG, 2, *LONG]))),
    (NOON, NOON.replace(tzinfo=ZONE)),
    (NOON, NOON.replace(tzinfo=None)),
    (datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2)),
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (Plain(a=1), Plain()),
    (Plain(), "Plain()"),
    (Slots(1), Slots(2)),
    (Colour.RED, Colour.BLUE),
    (Colour.RED, 1),
    (ValueError("x"), ValueError("y")),
    (ValueError("x"), TypeError("x")),
    (re.compile("a+"), re.compile("a+", re.I)),
    (int, float),
    (int, "int"),
    (iter([1, 2]), iter([1, 3])),
    (iter([1, 2]), [1, 2]),
    (iter(range(20_000)), iter(range(10_000))),
    (numpy.longdouble("0.1"), 0.1),
    (numpy.longdouble("0.1"), numpy.longdouble("0.2")),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_copies_are_equal_where_python_says_so(left: Any, right: Any) -> None:
    left, right = wire(left), wire(right)
    assert same(left, right)
    assert same(right, left)
    assert explain(left) is None


@pytest.mark.parametrize(("left", "right"), UNEQUAL)
def test_copies_differ_in_what_no_repr_shows(left: Any, right: Any) -> None:
    left, right = wire(left), wire(right)
    assert not same(left, right)
    assert not same(right, left)


def adder(number: int) -> Callable[[int], int]:
    return lambda other: other + number


def test_functions_are_equal_where_their_code_and_what_they_hold_is() -> None:
    assert same(wire(adder(1)), wire(adder(1)))
    assert not same(wire(adder(1)), wire(adder(2)))
    assert not same(wire(adder(1)), 3)
    other: Callable[[int], int] = lambda number: 1 + number  # noqa: E731
    with pytest.raises(Incomparable):
        same(wire([adder(1)]), wire([other]))
    assert not same(wire([adder(1), 2]), wire([other, 3]))


def test_what_has_no_copy_equals_nothing() -> None:
    with open("/dev/null", "rb") as file:
        for thing in (file, threading.Lock()):
            form = wire([thing])
            assert incomparable(form)
            assert incomparable({"a": [form]})
            assert not same(form, form)
            assert explain(form)
    assert incomparable(wire({"$object": 1})) is None


def test_a_forged_form_of_an_object_is_not_believed() -> None:
    assert not same({"$object": ["m.C", "C()"]}, {"$object": ["m.C", "C()"]})


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": [0.3]}, {"a": [0.1 + 0.2]}),
        (("a", 0.3), ("a", 0.1 + 0.2)),
        ([1, 0.3], [1, 0.1 + 0.2]),
        (Point(0.3), Point(0.1 + 0.2)),
        (collections.deque([0.3]), collections.deque([0.1 + 0.2])),
        ({0.3, 1.0}, {0.1 + 0.2, 1.0}),
        (iter([0.3]), iter([0.1 + 0.2])),
        (numpy.longdouble("0.3"), 0.3 + 1e-9),
    ],
)
def test_tolerance_wherever_a_float_stands(expected: Any, actual: Any) -> None:
    expected, actual = wire(expected), wire(actual)
    assert not accepted(expected, actual, check())
    assert accepted(expected, actual, check(float_atol=1e-6))
    assert accepted(expected, actual, check(atol=1e-6))
    assert not accepted(expected, actual, check(atol=1e-20, rtol=0))


def test_nan_is_found_at_any_depth() -> None:
    assert has_nan(wire({"a": [(1, math.nan)]}))
    assert not has_nan(wire({"a": ['{"$float":"nan"}', 1.0]}))
    assert has_nan(Large(b'[{"$float":"nan"}]'))


def test_what_cannot_be_in_a_set_is_in_no_set() -> None:
    assert not same({"$set": [[1]]}, {"$set": [[1]]})
    assert not same({"$dict": [[[1], 2]]}, {"$dict": [[[1], 2]]})


def test_arrays() -> None:
    array = {"$ndarray": ["float64", [1.0, 2.0]]}
    assert same(array, {"$ndarray": ["float64", [1.0, 2.0]]})
    assert same(array, {"$ndarray": ["int64", [1, 2]]})
    assert not same(array, {"$ndarray": ["float64", [1.0, 2.5]]})
    assert not same(array, [1.0, 2.0])
    assert not same(array, {"$ndarray": 3})
    assert not same({"$ndarray": 3}, {"$ndarray": 3})
    near = {"$ndarray": ["float64", [1.0, 2.0 + 1e-9]]}
    assert accepted(array, near, check(atol=1e-6))
    assert accepted(array, near, check(float_atol=1e-6))
    assert not accepted(array, near, check())


# Tolerances -------------------------------------------------------------------------------


def is_floats(value: Any) -> bool:
    """evalplus 0.3.1, evalplus/eval/__init__.py, without arrays."""
    if isinstance(value, float):
        return True
    if isinstance(value, list | tuple):
        return all(isinstance(item, float) for item in value)
    return False


def allclose(out: Any, exp: Any, rtol: float, atol: float) -> bool:
    """numpy.allclose for numbers and for nested lists of the same shape."""
    if isinstance(exp, list | tuple):
        return len(out) == len(exp) and all(
            allclose(a, b, rtol, atol) for a, b in zip(out, exp, strict=True)
        )
    if math.isinf(out) or math.isinf(exp):
        return out == exp
    return abs(out - exp) <= atol + rtol * abs(exp)


def evalplus(out: Any, exp: Any, atol: float, float_atol: float) -> bool:
    """The end of `unsafe_execute`: exact, else close with the same type and length."""
    exact_match = out == exp
    if not exact_match and atol == 0 and is_floats(exp):
        atol = float_atol
    if not exact_match and atol != 0:
        if type(out) is not type(exp):
            return False
        if isinstance(exp, list | tuple) and len(out) != len(exp):
            return False
        try:
            return allclose(out, exp, 1e-07, atol)
        except (TypeError, ValueError):
            return False
    return exact_match


NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, -0.0, math.inf, -math.inf, 1e-7])
SHIFTS = st.sampled_from([0.0, 1e-12, 5e-7, 9.9e-7, 1.01e-6, 1e-5, 1e-3, 1.0])
FLAT = st.lists(st.tuples(NUMBERS, SHIFTS | NUMBERS), max_size=5)
SHAPES: list[Callable[[list[Any]], Any]] = [
    lambda items: items[0] if items else 0.0,
    list,
    tuple,
    lambda items: [items, items],
    lambda items: [tuple(items)],
    lambda items: [*items, 1],
    lambda items: {"a": items},
    set,
]


@given(
    FLAT,
    st.sampled_from(SHAPES),
    st.sampled_from(SHAPES) | st.none(),
    st.sampled_from([0.0, 1e-6, 1e-3]),
    st.sampled_from([0.0, 1e-6]),
)
def test_accepted_is_the_rule_of_evalplus_wherever_a_float_stands(
    items: list[tuple[float, float]],
    shape: Callable[[list[Any]], Any],
    other: Callable[[list[Any]], Any] | None,
    atol: float,
    float_atol: float,
) -> None:
    expected = shape([number for number, _ in items])
    actual = (other or shape)([number + shift for number, shift in items])
    ours = accepted(wire(expected), wire(actual), check(atol=atol, float_atol=float_atol))
    theirs = bool(evalplus(actual, expected, atol, float_atol))
    assert ours == (theirs or near(actual, expected, atol or float_atol))


def near(out: Any, exp: Any, atol: float) -> bool:
    """What is accepted beyond EvalPlus: floats in containers that are alike."""
    if atol == 0:
        return bool(out == exp)
    if isinstance(exp, float | int):
        return isinstance(out, float | int) and (out == exp or allclose(out, exp, 1e-7, atol))
    if type(out) is not type(exp) or len(out) != len(exp):
        return bool(out == exp)
    if isinstance(exp, dict):
        return out.keys() == exp.keys() and all(near(out[key], exp[key], atol) for key in exp)
    order = sorted if isinstance(exp, set) else list
    return all(near(a, b, atol) for a, b in zip(order(out), order(exp), strict=True))


@pytest.mark.parametrize(
    ("expected", "actual", "atol", "right"),
    [
        (1.0, 1.0000005, 1e-6, True),
        (1.0, 1.0000015, 1e-6, False),
        (1e9, 1e9 + 50, 1e-6, True),  # rtol 1e-7 of a thousand million is a hundred
        (1.0, 1, 1e-6, True),  # equal
        (1.5, Fraction(3, 2), 1e-6, True),  # equal
        (1.0, True, 0.0, True),
        (2, 2.0000001, 1e-6, False),  # another type
        ([1.0], (1.0000001,), 1e-6, False),
        ([1.0, 2.0], [1.0], 1e-6, False),
        ([[1.0], [2.0]], [[1.0], [2.0, 2.0]], 1e-6, False),
        ("1.0", "1.0000001", 1e-6, False),
        (None, 0.0, 1e-6, False),
        (Decimal(1), Decimal("1.0000001"), 1e-3, False),
        (Fraction(1), Fraction(10**9 + 1, 10**9), 1e-3, False),
        (1j, 1j + 1e-9, 1e-6, True),
        (10**400, 10**400 + 1, 1e-6, False),
        (1.0, 10**400, 1e-6, False),
        (math.nan, math.nan, 1e-6, True),
        (math.nan, 1.0, 1e-6, False),
        (math.inf, 1e308, 1e-6, False),
        (math.inf, -math.inf, 1e-6, False),
        ([], [1.0], 1e-6, False),
    ],
    ids=repr,
)
def test_tolerances(expected: Any, actual: Any, atol: float, right: bool) -> None:
    assert accepted(wire(expected), wire(actual), check(atol=atol)) is right


def test_without_a_tolerance_close_is_wrong() -> None:
    assert not accepted(1.0, 1.0 + 1e-15, check())
    assert not accepted([1.0], [1.0 + 1e-15], check())


def test_float_atol_is_for_floats_alone() -> None:
    rule = check(float_atol=1e-6)
    assert accepted(1.0, 1.0 + 1e-9, rule)
    assert accepted([1.0], [1.0 + 1e-9], rule)
    assert accepted([1.0, 1], [1.0 + 1e-9, 1], rule)
    assert not accepted(["1.0"], ["1.000000001"], rule)


# Hostile forms ----------------------------------------------------------------------------

TAGS = [
    "$tuple", "$set", "$frozenset", "$bytes", "$int", "$float", "$complex", "$str", "$dict",
    "$range", "$ndarray", "$decimal", "$fraction", "$object", "$nothing", "$",
]  # fmt: skip
CONTENT = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["zz", "0x1", "nan", "sNaN", "1e999999999", "-Infinity", "1_0", "float64"])
)
FORMS = st.recursive(
    CONTENT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(TAGS), inner, min_size=1, max_size=1)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=8,
)
ALL_RULES = [check(), check(atol=1e-6), check(float_atol=1e-6)]


@given(FORMS, FORMS)
def test_no_form_raises(expected: Any, actual: Any) -> None:
    assert same(expected, actual) in (True, False)
    for rule in ALL_RULES:
        assert accepted(expected, actual, rule) in (True, False)
    explain(expected)
    assert len(show(actual)) <= 80


@given(VALUES, FORMS)
def test_a_form_equals_a_value_only_if_it_decodes_to_it(value: Any, form: Any) -> None:
    if same(wire(value), form):
        assert values.decode(form) == value


HOSTILE: list[Any] = [
    {"$nothing": 1},
    {"$set": [[1, 2]]},
    {"$set": [{"$set": [1]}]},
    {"$set": 3},
    {"$set": "ab"},
    {"$set": {"a": 1}},
    {"$frozenset": None},
    {"$tuple": 3},
    {"$tuple": {"a": 1}},
    {"$int": "zz"},
    {"$int": 3},
    {"$int": None},
    {"$float": "x"},
    {"$float": [1]},
    {"$complex": []},
    {"$complex": {}},
    {"$complex": [[], []]},
    {"$decimal": "sNaN"},
    {"$decimal": {}},
    {"$decimal": [1, 2, 3]},
    {"$fraction": [1, 0]},
    {"$fraction": "1/2"},
    {"$dict": 3},
    {"$dict": [1]},
    {"$dict": [[1]]},
    {"$dict": [[[1], 1]]},
    {"$dict": [[1, 2, 3]]},
    {"$ndarray": 3},
    {"$ndarray": []},
    {"$ndarray": ["float64"]},
    {"$ndarray": {"0": 1}},
    {"$range": 3},
    {"$range": [1, 2, 0]},
    {"$range": ["a"]},
    {"$bytes": 3},
    {"$str": "f"},
    {"$str": 3},
    {"$object": 3},
]
EXPECTED: list[Any] = [
    wire(value)
    for value in (
        *(None, True, 1, 1.5, "a", "\ud800", b"a", 2**70, math.nan, 1j, Decimal(1), Fraction(1, 2)),
        *(
            {"a", "b"},
            [1],
            (1,),
            {1},
            frozenset({1}),
            {1: 2},
            {"a": 1},
            range(3),
            [],
            (),
            set[int](),
            {},
        ),
    )
] + [{"$ndarray": ["float64", [1.0]]}, {"$ndarray": ["float64", None]}]


@pytest.mark.parametrize("form", HOSTILE, ids=str)
def test_what_is_no_value_equals_no_value(form: Any) -> None:
    for expected in EXPECTED:
        assert not same(expected, form), expected
        assert not same([expected], [form])
        for rule in ALL_RULES:
            assert not accepted(expected, form, rule), expected
    assert len(show(form)) <= 80


def deep(levels: int, tag: str | None = None) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {tag: [value]} if tag else [value]
    return value


COLLIDING = [{"$int": hex(index * PRIME)} for index in range(1, 50_001)]
LARGE: dict[str, tuple[Any, Any]] = {
    "colliding set": ({"$set": list(range(50_000))}, {"$set": COLLIDING}),
    "colliding set, both": ({"$set": COLLIDING}, {"$set": [*COLLIDING[1:], 0]}),
    "colliding keys": (
        {"$dict": [[index, 0] for index in range(50_000)]},
        {"$dict": [[key, 0] for key in COLLIDING]},
    ),
    "colliding set in a set": (
        {"$set": [{"$frozenset": [1]}]},
        {"$set": [{"$frozenset": COLLIDING}]},
    ),
    "colliding tuples": (
        {"$set": list(range(50_000))},
        {"$set": [{"$tuple": [item]} for item in COLLIDING]},
    ),
    "long int": ({"$decimal": "1"}, {"$int": "f" * 20_000_000}),
    "long int and float": (1.5, {"$int": "f" * 20_000_000}),
    "long int and fraction": ({"$fraction": [1, 3]}, {"$int": "f" * 20_000_000}),
    "long fraction": (
        {"$fraction": [1, 3]},
        {"$fraction": [{"$int": "f" * 4_000_000}, {"$int": "e" * 4_000_000}]},
    ),
    "long decimal": (5, {"$decimal": "9" * 20_000_000}),
    "decimal with a large exponent": (5, {"$decimal": "1E+999999999"}),
    "decimal in a set": ({"$set": [5]}, {"$set": [{"$decimal": "1E+999999999"}]}),
    "decimal near a fraction": ({"$fraction": [1, 3]}, {"$decimal": "1E-999999"}),
    "long float": (1.0, {"$float": "1" * 20_000_000}),
    "long text": ("a", "a" * 20_000_000),
    "long bytes": ({"$bytes": "YQ=="}, {"$bytes": "YQ==" * 5_000_000}),
    "long range": ({"$range": [0, 3, 1]}, {"$range": [0, {"$int": "f" * 1_000_000}, 1]}),
    "long list": ([1], [1] * 2_000_000),
    "deep list": ([1], deep(900)),
    "deep both": (deep(900), deep(901)),
    "deep tuple": ({"$tuple": [1]}, deep(450, "$tuple")),
    "deep set": ({"$set": [1]}, deep(450, "$set")),
    "deep frozenset in a set": ({"$set": [1]}, {"$set": [deep(450, "$frozenset")]}),
    "deep complex": (1.0, deep(450, "$complex")),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_made_to_be_slow_is_refused_quickly(name: str) -> None:
    expected, actual = LARGE[name]
    started = time.process_time()
    assert not same(expected, actual)
    assert not accepted(expected, actual, check(atol=1e-6))
    assert len(show(actual)) <= 80
    # Quadratic work on any of these takes minutes.
    assert time.process_time() - started < 3.0


# Messages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1, -1.5, "a'b", b"a", 2**70, 1j, math.inf, "\ud800", range(3)),
        *([1, [2]], (1,), (), (1, 2), {1}, set[int](), {"a": 1}, {1: (2,)}, {}),
        *(Decimal("1.50"), Fraction(1, 2)),
    ],
    ids=repr,
)
def test_values_are_shown_as_python_shows_them(value: Any) -> None:
    assert show(wire(value)) == repr(value)


def test_what_is_long_is_cut() -> None:
    assert show(list(range(1000))) == repr(list(range(1000)))[:77] + "..."
    assert show("x" * 1000) == "'" + "x" * 76 + "..."
    assert show({"$int": "f" * 100_000}).startswith("$int(fff")


def test_what_is_deep_is_cut() -> None:
    assert show(deep(30)) == "[" * 21 + "..." + "]" * 21


def test_objects_are_shown_by_type_and_repr() -> None:
    assert show({"$object": ["m.Kind", "text"]}) == "<m.Kind: text>"


@pytest.mark.parametrize(
    "form", [{"$set": 3}, {"$nothing": 1}, {"$int": "zz"}, [{"$complex": []}], {"a": {"$dict": 1}}]
)
def test_an_expected_value_that_is_none_is_explained(form: Any) -> None:
    assert explain(form)


@pytest.mark.parametrize(
    "form", [(1, 2), {1, 2}, b"a", [{"a": (1,)}], object()], ids=lambda form: type(form).__name__
)
def test_a_python_value_in_place_of_a_form_is_explained(form: Any) -> None:
    assert "docs/wire.md" in (explain(form) or "")


@given(VALUES)
def test_a_value_needs_no_explanation(value: Any) -> None:
    assert explain(wire(value)) is None
