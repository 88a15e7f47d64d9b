"""Exact duplicates: what is equal, and who is the first."""

import time
from pathlib import Path

import pytest
from duplicate_cases import decide_all, real_functions, rejections, seed
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone.generators.seeds.duplicates.exact import ExactDuplicates, normalise
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Rejected

PLAIN = 'def f(a):\n    """Add one."""\n    return a + 1\n'


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
def test_whitespace_does_not_count(tmp_path: Path, one: str, other: str, equal: bool) -> None:
    first, second = seed(one), seed(other)
    outcomes = decide_all(ExactDuplicates(), [first, second], tmp_path, [2])
    assert outcomes == [first, Rejected("duplicate", first.id) if equal else second]


def test_languages_differ(tmp_path: Path) -> None:
    both = [seed("f(x);", "java"), seed("f(x);", "cpp")]
    assert decide_all(ExactDuplicates(), both, tmp_path, [1]) == both


JAVA = """/**
 * {0}
 * {1}
 *
 * @param a the number
 */
int f(int a) {{
    return a + 1;
}}
"""


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (seed(PLAIN, docstring="Add one."), seed(PLAIN.replace("one", "1"), docstring="Add 1."), 1),
        (
            seed(JAVA.format("Adds", "one."), "java", "Adds\none.\n\n@param a the number"),
            seed(JAVA.format("One", "more"), "java", "One\nmore\n\n@param a the number"),
            1,
        ),
        # The code differs.
        (
            seed(PLAIN, docstring="Add one."),
            seed(PLAIN.replace("+ 1", "+ 2"), docstring="Add one."),
            0,
        ),
        # Words are not glued together where documentation was.
        (seed('ab "x" c', docstring="x"), seed('a "x" bc', docstring="x"), 0),
        # Escapes: the documentation does not stand there as it is, so all is compared.
        (seed('"""caf\\xe9"""\na', docstring="café"), seed('"""cafe"""\na', docstring="cafe"), 0),
        # No words in it.
        (seed('"""..."""\na', docstring="..."), seed('"""!"""\na', docstring="!"), 0),
    ],
)
def test_documentation_can_be_left_out(tmp_path: Path, one: Seed, other: Seed, equal: int) -> None:
    for docstring, expected in ((False, bool(equal)), (True, False)):
        step = ExactDuplicates(docstring=docstring)
        outcomes = decide_all(step, [one, other], tmp_path / str(docstring), [2])
        assert isinstance(outcomes[1], Rejected) is expected


@pytest.mark.parametrize(
    ("code", "docstring", "expected"),
    [
        ("a b c d", "b c", "a\0d"),
        ("a b c", "a b c", "\0"),
        ("ab b", "b", "ab\0"),
        ("a b", "c", "ab"),
        ("a a a b", "a b", "aa\0"),
        ("", "a", ""),
    ],
)
def test_documentation_is_a_run_of_whole_words(code: str, docstring: str, expected: str) -> None:
    assert normalise(code, docstring) == expected


def test_hostile_documentation_takes_no_longer() -> None:
    began = time.process_time()
    normalise("a " * 10**6 + "b", "a " * (10**6 // 2) + "c")
    assert time.process_time() - began < 10


@settings(max_examples=40, deadline=None)
@given(
    codes=st.lists(st.sampled_from(["a", "b ", "c", " b", "a\n", "d"]), max_size=20),
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=6),
)
def test_the_first_of_equals_stays(
    tmp_path_factory: pytest.TempPathFactory, codes: list[str], sizes: list[int]
) -> None:
    seeds = [seed(code) for code in codes]
    first: dict[str, str] = {}
    expected = []
    for one in seeds:
        key = one.code.strip()
        expected.append(Rejected("duplicate", first[key]) if key in first else one)
        first.setdefault(key, one.id)
    folder = tmp_path_factory.mktemp("exact")
    assert decide_all(ExactDuplicates(), seeds, folder, sizes) == expected


def test_real_functions_as_a_dictionary_finds_them(tmp_path: Path) -> None:
    seeds = real_functions(3000)
    seen: set[str] = set()
    expected: list[bool] = []
    for one in seeds:
        expected.append("".join(one.code.split()) in seen)
        seen.add("".join(one.code.split()))
    assert sum(expected) > 20
    outcomes = decide_all(ExactDuplicates(), seeds, tmp_path, [1100])
    assert [found is not None for found in rejections(outcomes)] == expected
