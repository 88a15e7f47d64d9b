"""Exact duplicates: what is equal, and who is the first."""

import pytest
from duplicate_cases import decide_all, real_functions, rejections, seed
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.steps import Rejected


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a = 1", "a = 1", True),
        ("a = 1", "a  =\t1\r\n", True),
        ("f(a, b)", "f(a,\n  b)", True),
        ("a\u00a0=\u20031", "a=1", True),
        ("a = 1", "a = 2", False),
        ("a = 1", "a = 1  # one", False),
        ("a = b", "A = b", False),
        ("", "\n", True),
        ("\ud800", "\ud801", False),
    ],
)
def test_whitespace_does_not_count(one: str, other: str, equal: bool) -> None:
    first, second = seed(one), seed(other)
    outcomes = decide_all(ExactDuplicates(), [first, second])
    assert outcomes == [first, Rejected("duplicate", first.id) if equal else second]


def test_languages_differ() -> None:
    both = [seed("f(x);", "java"), seed("f(x);", "cpp")]
    assert decide_all(ExactDuplicates(), both) == both


@settings(max_examples=40, deadline=None)
@given(
    codes=st.lists(st.sampled_from(["a", "b ", "c", " b", "a\n", "d"]), max_size=20),
    stop=st.integers(0, 20),
)
def test_the_first_of_equals_stays(codes: list[str], stop: int) -> None:
    seeds = [seed(code) for code in codes]
    first: dict[str, str] = {}
    expected = []
    for one in seeds:
        key = one.code.strip()
        expected.append(Rejected("duplicate", first[key]) if key in first else one)
        first.setdefault(key, one.id)
    assert decide_all(ExactDuplicates(), seeds, stop) == expected


def test_real_functions_as_a_dictionary_finds_them() -> None:
    seeds = real_functions(3000)
    seen: set[str] = set()
    expected: list[bool] = []
    for one in seeds:
        expected.append("".join(one.code.split()) in seen)
        seen.add("".join(one.code.split()))
    assert sum(expected) > 20
    outcomes = decide_all(ExactDuplicates(), seeds)
    assert [found is not None for found in rejections(outcomes)] == expected
