"""MBPP+ inputs get their Python types back, and go on the wire with tags."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import DatasetError
from veristone.sandbox_images.warden.values import decode
from veristone.training.evaluation.benchmarks.mbpp_inputs import restore_mbpp_args
from veristone.training.evaluation.benchmarks.values import encode_json, encode_value

CASES: list[tuple[str, list[Any], list[Any]]] = [
    ("Mbpp/2", [[3, 4], [5]], [(3, 4), (5,)]),
    ("Mbpp/63", [[[3, 5], [1, 7]]], [[(3, 5), (1, 7)]]),
    ("Mbpp/75", [[[6, 24], [7]], 6], [[(6, 24), (7,)], 6]),
    ("Mbpp/106", [[5, 6], [9, 10]], [[5, 6], (9, 10)]),
    ("Mbpp/115", [[[1, 2], [], {}]], [[{1, 2}, {}, {}]]),
    ("Mbpp/124", ["0", "(1+2j)"], [0.0, 1 + 2j]),
    ("Mbpp/250", [[10, 8], 10], [(10, 8), 10]),
    ("Mbpp/252", ["(3-4j)"], [3 - 4j]),
    ("Mbpp/259", [[[1, 3]], [[6, 7]]], [((1, 3),), ((6, 7),)]),
    ("Mbpp/278", [[1, [2, 3], "x"]], [(1, (2, 3), "x")]),
    ("Mbpp/307", [["HELLO", [5]], 2, 50], [("HELLO", [5]), 2, 50]),
    ("Mbpp/580", [[4, [5, [6]]]], [(4, (5, (6,)))]),
    ("Mbpp/722", [{"a": [6.2, 70]}, 6.0, 70], [{"a": (6.2, 70)}, 6.0, 70]),
    ("Mbpp/3", [[1, 2]], [[1, 2]]),
]


@pytest.mark.parametrize(("task_id", "raw", "expected"), CASES)
def test_types_come_back(task_id: str, raw: list[Any], expected: list[Any]) -> None:
    restored = restore_mbpp_args(task_id, raw)
    assert restored == expected
    assert repr(restored) == repr(expected)  # True == 1 and () != [], but {1: 2} == {1.0: 2}


@pytest.mark.parametrize("task_id", ["Mbpp/x", "Mbpp/", "HumanEval"])
def test_an_id_without_number_is_refused(task_id: str) -> None:
    with pytest.raises(DatasetError, match="task id"):
        restore_mbpp_args(task_id, [1])


@pytest.mark.parametrize(
    ("task_id", "args"),
    [("Mbpp/2", [1]), ("Mbpp/124", ["x", "y"]), ("Mbpp/750", [[1]]), ("Mbpp/115", [[[[1]]]])],
)
def test_a_wrong_shape_names_the_task(task_id: str, args: list[Any]) -> None:
    with pytest.raises(DatasetError, match=task_id):
        restore_mbpp_args(task_id, args)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ((1, (2,)), {"$tuple": [1, {"$tuple": [2]}]}),
        ({3, 1}, {"$set": [1, 3]}),
        (1 - 2j, {"$complex": [1.0, -2.0]}),
        (complex(math.inf, 0), {"$complex": [{"$float": "inf"}, 0.0]}),
        (-math.inf, {"$float": "-inf"}),
        (2**53, 2**53),
        (2**53 + 1, {"$int": "0x20000000000001"}),
        (-(10**30), {"$int": hex(-(10**30))}),
        (True, True),
        ({"a": [None]}, {"a": [None]}),
        ({"$tuple": 1}, {"$dict": [["$tuple", 1]]}),
        ("\ud800", {"$str": "eda080"}),
    ],
)
def test_wire_form(value: Any, wire: Any) -> None:
    assert encode_value(value) == wire
    assert decode(wire) == value
    assert type(decode(wire)) is type(value)


def test_nan_has_a_wire_form() -> None:
    assert encode_value(math.nan) == {"$float": "nan"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.lists(JSON))
def test_what_was_read_from_json_mostly_is_its_wire_form(values: list[Any]) -> None:
    assert repr(encode_json(values)) == repr([encode_value(value) for value in values])


def test_plain_values_are_not_copied() -> None:
    values = [1, -2.5, "text", [True, {"key": "a $value"}]]
    assert encode_json(values) is values


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        encode_value(b"")
