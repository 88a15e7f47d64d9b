"""Axes, bars, histograms, intervals and curves: any number has a place, labels are text."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hostile_text import HOSTILE
from hypothesis import example, given, settings
from hypothesis import strategies as st

from veristone.generators.pages.drawing import (
    Bar,
    Bars,
    Bin,
    Curves,
    Dot,
    Group,
    Histogram,
    Plot,
    Scale,
    Series,
    Whisker,
    Whiskers,
    around,
    columns,
    linear,
    logarithmic,
    ranked_bars,
)
from veristone.generators.pages.page import render_page
from veristone.generators.pages.sections import Figures, Report, Section
from veristone.text import line

FINITE = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.lists(st.floats(5e-324, allow_infinity=False), min_size=1, max_size=8)


def drawn(plot: Plot) -> ET.Element:
    """The figure as it stands on a page; that it can be parsed is a part of every test."""
    section = Section("s", "S", [Figures([plot])])
    html = render_page(
        Report(title="T", kind="K", name="", headline="H", findings=[], sections=[section])
    )
    figure = re.search("<figure>.*</figure>", html, re.DOTALL)
    assert figure is not None
    assert not re.search(r'"(nan|inf|-inf)', figure[0])
    inputs = re.sub("(<input [^>]*)>", r"\1/>", figure[0])
    return ET.fromstring(re.sub(" checked/>", "/>", inputs))


def classes(root: ET.Element, tag: str) -> list[str]:
    return [node.get("class") or "" for node in root.iter(tag)]


@given(POSITIVE, st.sampled_from([linear, logarithmic]))
@example([5e-324], linear)
@example([5e-324], logarithmic)
@example([5e-324, 1.7e308], logarithmic)
def test_axes_keep_order_and_show_every_value(
    values: list[float], kind: Callable[[list[float]], Scale]
):
    scale = kind(values)
    positions = [scale.position(value) for value in sorted(values)]
    assert positions == sorted(positions)
    assert positions[0] >= 0
    assert positions[-1] == pytest.approx(100) or scale.log or max(values) < 1e-100
    assert scale.position(0) == 0
    assert scale.position(scale.high) == 100
    assert 1 <= len(scale.ticks) <= 6
    assert list(scale.ticks) == sorted(scale.ticks)
    assert all(math.isfinite(tick) for tick in scale.ticks)


@given(st.lists(st.integers(1, 10**9), min_size=1))
def test_axes_of_counts_have_whole_ticks(values: list[int]):
    for scale in (linear(values), logarithmic(values)):
        assert all(tick == int(tick) for tick in scale.ticks)


@given(st.lists(FINITE, max_size=20))
@example([5e-324])
@example([-1.7e308, 1.7e308])
def test_an_axis_holds_zero_and_every_value(values: list[float]) -> None:
    scale = around(values)
    assert scale.low <= 0 <= scale.high
    slack = 1e-8 * (scale.high - scale.low)
    inside = [value for value in values if abs(value) < 1e100]
    assert all(scale.low - slack <= value <= scale.high + slack for value in inside)
    positions = [scale.position(value) for value in sorted(values)]
    assert positions == sorted(positions)
    assert all(0 <= position <= 100 for position in positions)
    assert 1 <= len(scale.ticks) <= 8


def test_on_a_logarithmic_axis_a_thousandth_is_still_seen():
    scale = logarithmic([22_311_478, 22_311])
    assert 10 < scale.position(22_311) < 50
    assert linear([22_311_478, 22_311]).position(22_311) < 1
    values = [[22_311_478, 0, 22_311], [3, 1], [0]]
    plots = [Bars(title="", groups=[Group([Bar("", v, "") for v in some])]) for some in values]
    assert [plot.log_first for plot in plots] == [True, False, False]


def test_bars_are_as_long_as_their_values():
    rows = [Bar("all", 8, "8", "100%"), Bar("some", 2, "2", "25.0%", behind=8), Bar("no", 0, "0")]
    root = drawn(Bars(title="Title", groups=[Group(rows)], axis="things"))
    widths = [rect.get("width") for rect in root.iter("rect")]
    assert widths == ["2", "100%", "100%", "2", "25%"]
    assert root.findtext(".//svg/desc") == "all: 8 100%; some: 2 25.0%; no: 0"
    texts = [text.text for text in root.iter("text")]
    assert texts[:3] == ["all", "8", "100%"]
    assert texts[-6:] == ["0", "2", "4", "6", "8", "things"]


@pytest.mark.parametrize("text", HOSTILE)
def test_labels_are_text_and_nothing_else(text: str):
    label = line(text)
    group = Group([Bar(label, 1, label, label)], label, label, label)
    plots = [
        Bars(title=label, groups=[group], axis=label, note=label, both=True, apart=True),
        Histogram(title=label, bins=[Bin(label, label, True, 1)], axis=label, note=label),
        Whiskers(title=label, rows=[Whisker(label, -1, 0, 1, label)], axis=label),
        Curves(title=label, series=[Series(label, [Dot(0, 1, 1, 1)])] * 2, axis=label),
    ]
    for plot in plots:
        root = drawn(plot)
        names = {name for node in root.iter() for name in node.attrib}
        assert not {name for name in names if name.startswith("on") or "href" in name}
        assert not {"script", "img"} & {node.tag for node in root.iter()}


@pytest.mark.parametrize(
    ("text", "share", "wide", "narrow"),
    [("1", "2%", 41, 27), ("22,311,478", "2%", 32, 18), ("1", "", 49, 35)],
)
def test_a_long_label_is_cut_to_the_room_and_whole_in_the_tooltip(
    text: str, share: str, wide: int, narrow: int
):
    root = drawn(Bars(title="T", groups=[Group([Bar("n" * 60, 1, text, share)])]))
    labels = {node.get("class"): node.text for node in root.iter("text")}
    assert labels["name on-wide"] == "n" * (wide - 1) + "…"
    assert labels["name on-narrow"] == "n" * (narrow - 1) + "…"
    assert root.findtext(".//g/title") == f"{'n' * 60}: {text} {share}"


def test_wide_letters_take_two_columns_and_short_labels_stand_once():
    rows = [Bar("漢" * 60, 1, "1", "2%"), Bar("short", 1, "1", "2%")]
    root = drawn(Bars(title="T", groups=[Group(rows)]))
    texts = [(node.get("class"), node.text) for node in root.iter("text")]
    assert ("name on-narrow", "漢" * 12 + "…") in texts
    assert ("name", "short") in texts


@pytest.mark.parametrize(("number", "last"), [(15, "l14"), (16, "l15"), (17, "2 others")])
def test_one_bar_never_stands_for_one_other(number: int, last: str):
    found = [(f"l{index:02}", 1) for index in range(number)]
    assert ranked_bars(found, 17, "kept")[-1].label == last


@given(st.dictionaries(st.integers(1, 10**7), st.integers(0, 10**6), max_size=40))
def test_everything_is_in_one_column(lines: dict[int, int]):
    found = columns(lines, "lines")
    assert sum(column.number for column in found) == sum(lines.values())
    assert len(found) <= 31
    if found:
        assert all((found[0].edge, found[-1].edge))


@pytest.mark.parametrize(
    ("lines", "numbers", "edges"),
    [
        ({}, [], []),
        ({4: 0}, [], []),
        ({1: 2}, [2], ["1"]),
        ({1: 1, 3: 5}, [1, 0, 5], ["1", "2", "3"]),
        ({0: 3, 2: 1}, [3, 0, 1], ["0", "1", "2"]),
    ],
)
def test_columns(lines: dict[int, int], numbers: list[int], edges: list[str]):
    found = columns(lines, "lines")
    assert [column.number for column in found] == numbers
    assert [column.edge for column in found] == edges


def test_the_longest_hundredth_shares_the_last_column():
    last = columns({5: 50, 44: 49, 4000: 1}, "lines")[-1]
    assert last == Bin("44 or more lines: 50 (50.0%)", "44+", False, 50)


def test_a_dot_lies_where_its_value_is_and_zero_where_both_signs_are() -> None:
    rows = [Whisker("a", 0, 25, 100, "25% [0, 100]")]
    root = drawn(Whiskers(title="t", rows=rows, axis="x"))
    assert [node.get("cx") for node in root.iter("circle")] == ["25%"]
    assert {"25% [0, 100]", "25%"} <= {node.text for node in root.iter("text")}
    assert "zero" not in classes(root, "line")
    rows = [Whisker("a", -10, 5, 20, "+5")]
    root = drawn(Whiskers(title="t", rows=rows, axis="points"))
    zero = next(node for node in root.iter("line") if node.get("class") == "zero")
    assert zero.get("x1") == "33.33%"


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 10**7), FINITE), min_size=1, max_size=9),
        min_size=1,
        max_size=8,
    )
)
def test_curves_of_any_values_are_drawn(lines: list[list[tuple[int, float]]]) -> None:
    series = [
        Series(str(n), [Dot(x, y, y, y) for x, y in sorted(some)], True)
        for n, some in enumerate(lines)
    ]
    root = drawn(Curves(title="t", series=series, axis="step"))
    assert sum("curve" in each for each in classes(root, "path")) == len(lines)
    for node in root.iter("circle"):
        assert 0 <= float((node.get("cx") or "").rstrip("%")) <= 100
        assert 0 <= float(node.get("cy") or "") <= 190


@pytest.mark.parametrize(
    ("number", "bands", "dashed"), [(1, 1, 0), (4, 4, 0), (5, 0, 0), (8, 0, 2)]
)
def test_many_lines_have_no_bands_and_in_the_end_dashes(
    number: int, bands: int, dashed: int
) -> None:
    series = [Series(str(n), [Dot(1, 1, 0, 2), Dot(2, 2, 1, 3)]) for n in range(number)]
    root = drawn(Curves(title="t", series=series, axis="x"))
    assert sum("band" in each for each in classes(root, "path")) == bands
    assert sum("dashed" in each for each in classes(root, "span")) == dashed
    assert len(classes(root, "span")) == (number if number > 1 else 0)
