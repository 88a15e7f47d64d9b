"""Printed text against expected text, mode by mode."""

import math
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import Comparator
from veristone.engine.judge.text import difference, same_text

Mode = Literal["exact", "lines", "tokens", "floats", "decimals", "unordered"]
MODES: list[Mode] = ["exact", "lines", "tokens", "floats", "decimals", "unordered"]
TEXTS = st.text(st.sampled_from("ab1.- \t\r\n\x0c\u2028"), max_size=12)


def modes_that_accept(actual: str, expected: str) -> set[str]:
    return {mode for mode in MODES if same_text(actual, expected, Comparator(mode=mode))}


ALL = set(MODES)
NOT_EXACT = ALL - {"exact"}
WORDS = {"tokens", "floats"}


@pytest.mark.parametrize(
    ("actual", "expected", "accepting"),
    [
        ("a\n", "a\n", ALL),
        ("", "", ALL),
        ("a", "a\n", NOT_EXACT),
        ("a\n\n\n", "a", NOT_EXACT),
        ("a  \nb\t\n", "a\nb\n", NOT_EXACT),
        ("a\r\nb\r\n", "a\nb\n", NOT_EXACT),
        ("", "\n", NOT_EXACT),
        (" \n", "", NOT_EXACT),
        ("a\n\nb", "a\nb", WORDS),
        (" a", "a", WORDS | {"decimals"}),
        ("a  b", "a b", WORDS),
        ("a\nb", "a b", WORDS),
        ("a\u2028b", "a\nb", set[str]()),
        ("15\u3000\x85", "15", set[str]()),
        ("a\x0cb", "a\nb", WORDS),
        ("b\na\n", "a\nb\n", {"unordered"}),
        ("a\na\nb", "a\nb\nb", set[str]()),
        ("b a", "a b", set[str]()),
        ("a", "", set[str]()),
        ("", "a", set[str]()),
        ("A", "a", set[str]()),
        ("1.0", "1", {"floats", "decimals"}),
        ("1.0000001", "1", {"floats"}),
        ("1e0", "1", {"floats", "decimals"}),
        ("1.00001", "1", set[str]()),
        ("1000001", "1000000", set[str]()),
        ("1000001.0", "1000000", set[str]()),
        ("999999.99999", "1000000", {"floats"}),
        ("1000001", "1000000.0", {"floats"}),
        ("9007199254740993", "9007199254740992", set[str]()),
        ("9" * 5000, "+00" + "9" * 5000, {"floats", "decimals"}),
        ("9" * 5000 + ".5", "9" * 5000 + ".25", set[str]()),
        ("-0", "0", {"floats", "decimals"}),
        ("0.5e1", "5", {"floats", "decimals"}),
        ("1_0", "10", set[str]()),
        ("\uff11\uff10", "10", set[str]()),
        ("33.333333%", "33.3333333%", {"floats"}),
        ("(0.5000001,", "(0.5,", {"floats"}),
        ("0.5%", "0.5", set[str]()),
        ("-nan", "nan", {"floats"}),
        ("infinity", "inf", set[str]()),
        ("Inf", "inf", {"floats"}),
        ("1e999", "inf", set[str]()),
        ("nan", "NaN", {"floats"}),
        ("nan", "0", set[str]()),
        ("0", "nan", set[str]()),
        ("inf", "Infinity", set[str]()),
        ("-inf", "inf", set[str]()),
        ("1e308", "inf", set[str]()),
        ("inf", "1e308", set[str]()),
        ("1 2", "1", set[str]()),
        ("x 1.0", "x 1", {"floats"}),
        ("x1.0", "x1", set[str]()),
        ("0x10", "16", set[str]()),
        ("0.30\n2", "0.3\n2.0", {"floats", "decimals"}),
        ("0.3 2", "0.3\n2", WORDS),
        ("0.30000001", "0.3", {"floats"}),
        ("x 1.0 ", "x 1", {"floats"}),
        ("1e99999", "1e99999.0", set[str]()),
    ],
)
def test_which_modes_accept(actual: str, expected: str, accepting: set[str]) -> None:
    assert modes_that_accept(actual, expected) == accepting


def test_what_is_no_utf8_equals_no_text() -> None:
    for mode in MODES:
        assert not same_text(b"\xff\n", "\ufffd\n", Comparator(mode=mode))
        assert same_text("\ufffd\n".encode(), "\ufffd\n", Comparator(mode=mode))


@given(TEXTS, st.sampled_from(MODES))
def test_a_text_equals_itself(text: str, mode: Mode) -> None:
    assert same_text(text, text, Comparator(mode=mode))


@given(TEXTS, TEXTS, st.sampled_from(MODES))
def test_it_does_not_matter_who_is_expected(left: str, right: str, mode: Mode) -> None:
    rule = Comparator(mode=mode, rtol=0.0)
    assert same_text(left, right, rule) == same_text(right, left, rule)


@given(TEXTS, TEXTS)
def test_modes_go_from_strict_to_loose(left: str, right: str) -> None:
    accepting = modes_that_accept(left, right)
    for strict, loose in (("exact", "lines"), ("lines", "tokens"), ("tokens", "floats")):
        assert strict not in accepting or loose in accepting
    assert "lines" not in accepting or "unordered" in accepting


@given(st.floats(), st.floats(), st.floats(0, 1), st.floats(0, 1))
def test_floats_are_close_as_in_numpy(
    actual: float, expected: float, atol: float, rtol: float
) -> None:
    rule = Comparator(mode="floats", atol=atol, rtol=rtol)
    if math.isfinite(actual) and math.isfinite(expected):
        wanted = abs(actual - expected) <= atol + rtol * abs(expected)
    else:
        wanted = actual == expected or (math.isnan(actual) and math.isnan(expected))
    assert same_text(repr(actual), repr(expected), rule) == (
        wanted or repr(actual) == repr(expected)
    )


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        ("1\n3\n", "1\n2\n", "line 2: expected '2', got '3'"),
        ("1\n", "1\n2\n", "expected 2 lines, got 1"),
        ("1\n2\n3", "1\n", "expected 1 lines, got 3"),
        ("a", "a ", "differs in white space"),
        ("", "x", "line 1: expected 'x', got ''"),
    ],
)
def test_the_difference_in_one_line(actual: str, expected: str, said: str) -> None:
    assert difference(actual, expected) == said


@given(TEXTS, TEXTS)
def test_a_difference_is_short(left: str, right: str) -> None:
    said = difference(left * 1000, right * 1000)
    assert len(said) < 900  # 60 characters of each, escaped
    assert "\n" not in said
