"""Axes, bars and histograms."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_funnels import HOSTILE

from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report.histogram import columns, quantile
from veristone.generators.seeds.report.plots import Bar, Bin, Group, bars, histogram
from veristone.generators.seeds.report.scale import Scale, linear, logarithmic, wide
from veristone.generators.seeds.report.sections import licences_plot
from veristone.text import line

Kind = Callable[[list[float]], Scale]
VALUES = st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=8)


@given(VALUES, st.sampled_from([linear, logarithmic]))
def test_axes_keep_order_and_show_every_value(values: list[float], kind: Kind):
    scale = kind(values)
    positions = [scale.position(value) for value in sorted(values)]
    assert positions == sorted(positions)
    assert positions[0] >= 0
    assert positions[-1] == pytest.approx(100) or scale.log
    assert scale.position(scale.high) == pytest.approx(100)
    assert 1 <= len(scale.ticks) <= 6
    assert list(scale.ticks) == sorted(set(scale.ticks))
    assert all(scale.low <= tick <= scale.high * (1 + 1e-9) for tick in scale.ticks)


@given(st.lists(st.integers(1, 10**9), min_size=1))
def test_axes_of_counts_have_whole_ticks(values: list[int]):
    for scale in (linear(values), logarithmic(values)):
        assert all(tick == int(tick) for tick in scale.ticks)


@pytest.mark.parametrize("kind", [linear, logarithmic])
@pytest.mark.parametrize("values", [[], [0], [0, 0.0], [1]])
def test_axes_of_next_to_nothing(kind: Kind, values: list[float]):
    scale = kind(values)
    assert scale.position(0) == 0
    assert scale.high > scale.low


def test_on_a_logarithmic_axis_a_thousandth_is_still_seen():
    scale = logarithmic([22_311_478, 22_311])
    assert 10 < scale.position(22_311) < 50
    assert linear([22_311_478, 22_311]).position(22_311) < 1
    assert [wide(some) for some in ([22_311_478, 0, 22_311], [3, 1], [0])] == [True, False, False]


def test_bars_are_as_long_as_their_values():
    rows = [Bar("all", 8, "8", "100%"), Bar("some", 2, "2", "25.0%", behind=8), Bar("no", 0, "0")]
    root = ET.fromstring(bars([Group("", "", "", rows)], linear([8]), "Title", "things"))
    widths = [rect.get("width") for rect in root.iter("rect")]
    assert widths == ["2", "100%", "100%", "2", "25%"]
    assert root.findtext("title") == "Title"
    assert root.findtext("desc") == "all: 8 100%; some: 2 25.0%; no: 0"
    texts = [text.text for text in root.iter("text")]
    assert texts[:3] == ["all", "8", "100%"]
    assert texts[-6:] == ["0", "2", "4", "6", "8", "things"]


@pytest.mark.parametrize("text", HOSTILE)
def test_labels_are_text_and_nothing_else(text: str):
    label = line(text)
    row = Bar(label, 1, label, label)
    made = bars([Group(label, label, label, [row])], linear([1]), label, label)
    made += histogram([Bin(label, label, True, 1)], label, label, label)
    root = ET.fromstring(f"<r>{made}</r>")
    assert {node.tag for node in root.iter()} == {
        *("r", "svg", "title", "desc", "g", "text", "rect", "line")
    }
    names = {name for node in root.iter() for name in node.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name}


@pytest.mark.parametrize(
    ("text", "share", "wide", "narrow"),
    [("1", "2%", 41, 27), ("22,311,478", "2%", 32, 18), ("1", "", 49, 35)],
)
def test_a_long_label_is_cut_to_the_room_and_whole_in_the_tooltip(
    text: str, share: str, wide: int, narrow: int
):
    made = bars([Group("", "", "", [Bar("n" * 60, 1, text, share)])], linear([1]), "T", "")
    root = ET.fromstring(made)
    labels = {node.get("class"): node.text for node in root.iter("text")}
    assert labels["name on-wide"] == "n" * (wide - 1) + "…"
    assert labels["name on-narrow"] == "n" * (narrow - 1) + "…"
    assert root.findtext("g/title") == f"{'n' * 60}: {text} {share}"


def test_wide_letters_take_two_columns_and_short_labels_stand_once():
    rows = [Bar("漢" * 60, 1, "1", "2%"), Bar("short", 1, "1", "2%")]
    root = ET.fromstring(bars([Group("", "", "", rows)], linear([1]), "T", ""))
    texts = [(node.get("class"), node.text) for node in root.iter("text")]
    assert ("name on-narrow", "漢" * 12 + "…") in texts
    assert ("name", "short") in texts


@pytest.mark.parametrize(("number", "last"), [(15, "l14"), (16, "l15"), (17, "2 others")])
def test_one_bar_never_stands_for_one_other(number: int, last: str):
    funnel = Funnel(seeds=17, licences={f"l{index:02}": 1 for index in range(number)})
    plot = licences_plot(funnel)
    assert plot is not None
    assert ET.fromstring(plot.linear).findall("g")[-1].findtext("text") == last


LINES = st.dictionaries(st.integers(1, 10**7), st.integers(0, 10**6), max_size=40)


@given(LINES)
def test_every_seed_is_in_one_column(lines: dict[int, int]):
    found = columns(lines, "lines")
    assert sum(column.number for column in found) == sum(lines.values())
    assert len(found) <= 31
    if found:
        ET.fromstring(histogram(found, "T", "lines", "told"))
        assert all((found[0].edge, found[-1].edge))


@pytest.mark.parametrize(
    ("lines", "numbers", "edges"),
    [
        ({}, [], []),
        ({4: 0}, [], []),
        ({1: 2}, [2], ["1"]),
        ({1: 1, 3: 5}, [1, 0, 5], ["1", "2", "3"]),
        # Columns of five; the longest hundredth shares the last.
        ({5: 50, 44: 49, 4000: 1}, [0, 50, *[0] * 20, 49], None),
    ],
)
def test_columns(lines: dict[int, int], numbers: list[int], edges: list[str] | None):
    found = columns(lines, "lines")
    if edges is not None:
        assert [column.number for column in found] == numbers
        assert [column.edge for column in found] == edges
    else:
        assert found[-1].edge == "44+"
        assert found[-1].number == 50
        assert found[-1].label == "44 or more lines: 50 (50.0%)"


def test_quantiles():
    lines = {1: 50, 2: 45, 9: 5}
    assert [quantile(lines, part) for part in (0.0, 0.5, 0.51, 0.95, 0.96, 1.0)] == [
        1,
        1,
        2,
        2,
        9,
        9,
    ]
