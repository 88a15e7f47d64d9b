"""Numbers: separators, digits, and nothing to divide by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.pages.numbers import (
    DASH,
    compact,
    count,
    duration,
    odds,
    points,
    quantile,
    ranked,
    rate,
    share,
    significant,
    size,
)


def test_thousands_are_separated():
    assert count(22_311_478) == "22,311,478"


@pytest.mark.parametrize(
    ("part", "whole", "decimals", "text"),
    [
        (5_359_051, 22_311_478, 1, "24.0%"),
        (248_934, 22_311_478, 2, "1.12%"),
        (0, 10, 1, "0%"),
        (10, 10, 1, "100%"),
        (1, 1_000_000, 1, "<0.1%"),
        (1, 1_000_000, 2, "<0.01%"),
        (999_999, 1_000_000, 1, ">99.9%"),
        (9_999, 10_000, 2, "99.99%"),
        (0, 0, 1, DASH),
        (3, 0, 1, DASH),
        (3, 2, 1, "150.0%"),
    ],
)
def test_share(part: int, whole: int, decimals: int, text: str):
    assert share(part, whole, decimals) == text


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(1, 3))
def test_only_nothing_is_0_and_only_all_is_100_per_cent(part: int, whole: int, decimals: int):
    text = share(part, whole, decimals)
    digits = text.strip("<>%")
    assert (float(digits) == 0) == (part == 0)
    assert (float(digits) == 100) == (part == whole) or part > whole


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (248_934, 22_311_478, "1 in 90"),
        (1, 2, "1 in 2"),
        (2, 3, "1 in 1.5"),
        (1, 10**6, "1 in 1,000,000"),
        (0, 3, DASH),
        (0, 0, DASH),
    ],
)
def test_odds(part: int, whole: int, text: str):
    assert odds(part, whole) == text


@pytest.mark.parametrize(
    ("items", "seconds", "text"),
    [
        (318, 1.0, "318"),
        (45_600, 10.0, "4,560"),
        (79, 10.0, "7.9"),
        (31, 1000.0, "0.031"),
        (5, 0.0, DASH),
        (0, 5.0, DASH),
    ],
)
def test_rate(items: int, seconds: float, text: str):
    assert rate(items, seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, DASH),
        (0.01, "<0.1 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 00 min"),
        (14_700, "4 h 05 min"),
        (86_399, "1 d 00 h"),
        (183_600, "2 d 03 h"),
    ],
)
def test_duration(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("content_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (2**20 - 1, "1.0 MiB"),
        (10**18, "888.2 PiB"),
    ],
)
def test_size(content_bytes: int, text: str):
    assert size(content_bytes) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.1, "0.1"),
        (500, "500"),
        (5e5, "500k"),
        (1e7, "10M"),
        (1e9, "1B"),
        (1500, "1.5k"),
    ],
)
def test_compact(value: float, text: str):
    assert compact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123, "+12.3"),
        (-0.0041, "−0.4"),
        (0.0, "0.0"),
        (0.0004, "0.0"),
        (-0.0004, "0.0"),
        (1, "+100.0"),
    ],
)
def test_points_are_signed(value: float, text: str) -> None:
    assert points(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.51234, "0.512"),
        (1.8e-5, "1.8e-5"),
        (-0.00015, "-1.5e-4"),
        (12345.6, "12,346"),
        (1e308, "1e308"),
        (0, "0"),
    ],
)
def test_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


def test_quantiles():
    lines = {1: 50, 2: 45, 9: 5}
    parts = (0.0, 0.5, 0.51, 0.95, 0.96, 1.0)
    assert [quantile(lines, part) for part in parts] == [1, 1, 2, 2, 9, 9]


def test_largest_first_then_by_name():
    assert ranked({"b": 1, "a": 1, "c": 2, "zero": 0}) == [("c", 2), ("a", 1), ("b", 1)]
