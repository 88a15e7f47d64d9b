"""Whiskers and curves: where things are drawn, and that names are escaped."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.loop.report.drawing.curves import Dot, Series, curves, legend
from veristone.loop.report.drawing.whiskers import Whisker, around, whiskers

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(FINITE, max_size=20))
def test_an_axis_holds_zero_and_every_value(values: list[float]) -> None:
    scale = around(values)
    assert scale.low <= 0 <= scale.high
    slack = 1e-6 * (scale.high - scale.low)
    assert all(scale.low - slack <= value <= scale.high + slack for value in values)
    assert 2 <= len(scale.ticks) <= 8


def test_a_dot_lies_where_its_value_is() -> None:
    drawn = str(whiskers([Whisker("a", 0, 25, 50, "25%", "25%")], around([0, 100]), "t", "axis"))
    assert re.search(r'<circle class="plain" cx="25%"', drawn)
    assert re.search(r'x1="0%" x2="50%"', drawn)
    assert "zero" not in drawn


def test_zero_is_marked_where_both_signs_are() -> None:
    rows = [Whisker("a", -10, 5, 20, "+5", "+5")]
    drawn = str(whiskers(rows, around([-10, 20]), "t", "points"))
    assert re.search(r'class="zero" x1="33.33%"', drawn)


def test_labels_are_escaped() -> None:
    name = "<script>"
    rows = [Whisker(name, 0, 1, 2, name, name)]
    drawn = whiskers(rows, around([2]), name, name)
    drawn += curves([Series(name, [Dot(0, 1, 1, 1)])], name, name, name) + legend([name, name])
    assert name not in str(drawn)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 10**7), FINITE), min_size=1, max_size=9),
        min_size=1,
        max_size=8,
    )
)
def test_curves_of_any_values_are_drawn(lines: list[list[tuple[int, float]]]) -> None:
    series = [
        Series(str(n), [Dot(x, y, y - 1, y + 1) for x, y in sorted(line)])
        for n, line in enumerate(lines)
    ]
    drawn = str(curves(series, "t", "step", "told"))
    assert drawn.count('class="curve') == len(lines)
    assert "nan" not in drawn
    assert "inf" not in drawn
    for x in re.findall(r'cx="([-0-9.]+)%"', drawn):
        assert 0 <= float(x) <= 100


@pytest.mark.parametrize(("number", "bands"), [(1, 1), (4, 4), (5, 0)])
def test_many_lines_have_no_bands(number: int, bands: int) -> None:
    dots = [Dot(1, 1, 0, 2), Dot(2, 2, 1, 3)]
    drawn = str(curves([Series(str(n), dots) for n in range(number)], "t", "x", "told"))
    assert drawn.count('class="band') == bands


def test_a_single_line_needs_no_legend() -> None:
    assert legend(["a"]) == ""
    assert str(legend(["a"] * 8)).count("dashed") == 2
