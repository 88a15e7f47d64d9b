"""The validators' sources, run on examples as the engine would run them."""

import math
from typing import Any

import pytest

from veristone.training.evaluation.benchmarks.oracles import validator_for


def accepts(
    benchmark: str,
    entry_point: str,
    args: list[Any],
    output: Any,
    expected: Any,
    atol: float = 0.0,
) -> bool:
    source = validator_for(benchmark, entry_point, atol)
    assert source is not None
    space: dict[str, Any] = {}
    exec(source, space)
    answer = space["accept"](args, output, expected)
    assert type(answer) is bool
    return answer


@pytest.mark.parametrize(
    ("output", "accepted"),
    [
        (-0.5, True),
        (-0.50001, True),
        (-0.6, False),
        (5.0, False),  # not even where the reference itself said so
        (math.nan, False),
        (math.inf, False),
        (1e300, False),
        (None, False),
        ("0", False),
        ([-0.5], False),
        (complex(-0.5, 0), False),
    ],
)
def test_find_zero_looks_at_the_polynomial(output: Any, accepted: bool) -> None:
    assert accepts("humaneval+", "find_zero", [[1, 2]], output, 7.25, 1e-4) is accepted


def test_find_zero_of_higher_degree() -> None:
    coefficients = [-6, 11, -6, 1]
    assert accepts("humaneval+", "find_zero", [coefficients], 3.0000001, 1.0, 1e-4)
    assert not accepts("humaneval+", "find_zero", [coefficients * 200], 1e9, 1.0, 1e-4)


@pytest.mark.parametrize("output", [True, False, None, "anything"])
def test_are_equivalent_takes_anything(output: Any) -> None:
    assert accepts("mbpp+", "are_equivalent", [36, 57], output, False)


def test_sum_div_may_be_zero() -> None:
    assert accepts("mbpp+", "sum_div", [8], 7, 7)
    assert accepts("mbpp+", "sum_div", [8], 0, 7)
    assert not accepts("mbpp+", "sum_div", [8], 6, 7)


def test_surface_area_with_either_height() -> None:
    assert accepts("mbpp+", "surface_Area", [3, 4], 33, 33)
    # 9 + 6 * sqrt(1.5^2 + 4^2) = 34.63
    assert accepts("mbpp+", "surface_Area", [3, 4], 35, 33)
    assert not accepts("mbpp+", "surface_Area", [3, 4], 34, 33)
    assert not accepts("mbpp+", "surface_Area", [3, 4], "35", 33)


def test_digit_distance_with_padding() -> None:
    assert accepts("mbpp+", "digit_distance_nums", [1, 2], 1, 1)
    assert accepts("mbpp+", "digit_distance_nums", [23, 156], 1 + 3 + 3, 99)
    assert not accepts("mbpp+", "digit_distance_nums", [23, 156], 8, 99)
    # A sign is no digit: the exception there accepts nothing, but equality still does.
    assert not accepts("mbpp+", "digit_distance_nums", [-2, 1], 7, 3)
    assert accepts("mbpp+", "digit_distance_nums", [-2, 1], 3, 3)


@pytest.mark.parametrize(
    "entry_point",
    [
        "similar_elements",
        "find_char_long",
        "common_in_nested_lists",
        "extract_singly",
        "larg_nnum",
        "intersection_array",
        "find_dissimilar",
        "Diff",
    ],
)
def test_sets_are_compared_without_order(entry_point: str) -> None:
    assert accepts("mbpp+", entry_point, [], [3, 1, 1], (1, 3))
    assert not accepts("mbpp+", entry_point, [], [3], [1, 3])
    assert not accepts("mbpp+", entry_point, [], None, [])
    assert not accepts("mbpp+", entry_point, [], [[1]], [[1]])  # EvalPlus cannot hash it either


def test_ordinary_comparison_follows_where_floats_are_expected() -> None:
    assert accepts("mbpp+", "Diff", [], [0.1 + 0.2], [0.3])
    assert not accepts("mbpp+", "Diff", [], (0.1 + 0.2,), [0.3])  # another type
    assert not accepts("mbpp+", "Diff", [], [0.1 + 0.2, 1.0], [0.3])
    assert not accepts("mbpp+", "Diff", [], [math.nan], [0.3])
    assert accepts("mbpp+", "sum_div", [8], 7, 8, 1.0)
    assert not accepts("mbpp+", "sum_div", [8], 7.0, 8, 1.0)


@pytest.mark.parametrize("entry_point", ["check_str", "text_match_three", "text_starta_endb"])
@pytest.mark.parametrize(
    ("output", "expected", "accepted"),
    [
        (True, object(), True),
        (object(), True, True),
        (None, None, True),
        (False, None, True),
        (True, None, False),
        (None, True, False),
        ("Not matched!", None, False),
        (False, False, False),  # a reference that answers False did answer something
    ],
)
def test_something_or_nothing(entry_point: str, output: Any, expected: Any, accepted: bool) -> None:
    assert accepts("mbpp+", entry_point, ["ac"], output, expected) is accepted


def test_most_tasks_have_no_validator() -> None:
    assert validator_for("humaneval+", "has_close_elements", 0) is None
    assert validator_for("humaneval+", "Diff", 0) is None
    assert validator_for("mbpp+", "find_zero", 0) is None
