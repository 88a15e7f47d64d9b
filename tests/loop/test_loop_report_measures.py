"""What the report computes, against plain ways to compute it."""

import math
import random
import re
from collections import Counter
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone.loop.report.measures import nearest, paired, thinned

TEXTS = st.lists(st.text("ab cdé_1\n", max_size=40), min_size=1, max_size=6)


def plain_cosine(one: str, other: str, texts: list[str]) -> float:
    """TF-IDF with dictionaries, as the formula is written."""

    def words(text: str) -> Counter[str]:
        return Counter(re.findall(r"\w\w+", text.lower()))

    def weights(text: str) -> dict[str, float]:
        found = {}
        for word, number in words(text).items():
            having = sum(word in words(each) for each in texts)
            found[word] = number * (math.log((1 + len(texts)) / (1 + having)) + 1)
        return found

    a, b = weights(one), weights(other)
    lengths = math.hypot(*a.values()) * math.hypot(*b.values())
    return sum(a[word] * b.get(word, 0.0) for word in a) / lengths if lengths else 0.0


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_cosines_are_those_of_the_formula(items: list[str], rows: list[str]) -> None:
    found = nearest(rows, [items])[0]
    assert len(found) == len(rows)
    for row, best in zip(rows, found, strict=True):
        expected = [plain_cosine(row, item, items + rows) for item in items]
        assert best.cosine == pytest.approx(max(expected), abs=1e-9)
        assert expected[best.place] == pytest.approx(max(expected), abs=1e-9)


def test_a_copy_of_a_task_is_the_most_similar() -> None:
    text = "Return the longest common prefix of a list of strings."
    rows = [f"Write function number {n} that sums values." for n in range(600)]
    found = nearest([*rows, text], [["Sort a list.", text]])
    assert found[0][-1] == (1, pytest.approx(1.0))
    assert max(one.cosine for one in found[0][:-1]) < 0.9


def test_paired_differences_are_surer_than_their_sides() -> None:
    """Tasks of very different difficulty, one model always a little better."""
    draw = random.Random(1)
    other = {str(n): draw.random() * 0.9 for n in range(200)}
    one = {task: share + 0.05 for task, share in other.items()}
    found = paired(one, other)
    assert found is not None
    assert found.mean == pytest.approx(0.05)
    assert found.high - found.low < 0.001


def test_paired_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draw = random.Random(2)
    held = 0
    for _ in range(100):
        one = {str(n): float(draw.random() < 0.6) for n in range(80)}
        other = {str(n): float(draw.random() < 0.45) for n in range(80)}
        found = paired(one, other)
        assert found is not None
        held += found.low <= 0.15 <= found.high
    assert 88 <= held <= 100


def test_paired_takes_only_common_tasks() -> None:
    assert paired({"a": 1.0}, {"b": 0.0}) is None
    found = paired({"a": 1.0, "b": 0.0}, {"b": 1.0, "c": 1.0})
    assert found is not None
    assert (found.mean, found.tasks) == (-1.0, 1)


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=300))
def test_thinned_curves_keep_the_range(values: list[float | None]) -> None:
    found = thinned(enumerate(values), most=7)
    finite = [value for value in values if value is not None]
    assert len(found) <= 7
    assert bool(found) == bool(finite)
    if finite:
        assert min(point.low for point in found) == min(finite)
        assert max(point.high for point in found) == max(finite)
        assert [point.step for point in found] == sorted(point.step for point in found)


def test_a_short_curve_is_not_thinned() -> None:
    found = thinned((n, n / 2) for n in range(5))
    assert [(one.step, one.mean) for one in found] == [(n, n / 2) for n in range(5)]


def test_means_are_means() -> None:
    found = thinned(((n, float(n % 10)) for n in range(100)), most=10)
    assert [one.mean for one in found] == [fmean(range(10))] * 10
