"""Labelled sections, tags and lists of phrases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.synthesis.formats import concepts_in, sections, tagged

LABELS = ("Reasoning", "Implementation", "Explanation", "Tests")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Reasoning]\na\n\n[Implementation]\nb", [("Reasoning", "a"), ("Implementation", "b")]),
        ("a\n[Implementation]\nb", [("Reasoning", "a"), ("Implementation", "b")]),
        ("\n[Implementation]\nb", [("Implementation", "b")]),
        ("Sure!\n[Reasoning]\na", [("Reasoning", "a")]),
        ("**[Reasoning]**\na\n### [tests]:\nb", [("Reasoning", "a"), ("Tests", "b")]),
        ("a\n[Tests]\nb\n[Tests]\nc", [("Reasoning", "a"), ("Tests", "b"), ("Tests", "c")]),
        ("see [Tests] below", [("Reasoning", "see [Tests] below")]),
        ("a\n```\n[Tests]\n```", [("Reasoning", "a\n```\n[Tests]\n```")]),
        ("a\n    [Tests]", [("Reasoning", "a\n    [Tests]")]),
        ("a\r\n[Tests]\r\nb\r\n", [("Reasoning", "a"), ("Tests", "b")]),
        ("", []),
        ("[Reasoning]\n[Tests]\n", [("Reasoning", ""), ("Tests", "")]),
        ("a\n[Other]\nb", [("Reasoning", "a\n[Other]\nb")]),
        ("[Reasoning]\n    x\n", [("Reasoning", "    x")]),
    ],
)
def test_sections(text: str, expected: list[tuple[str, str]]) -> None:
    assert [tuple(section[:2]) for section in sections(text, LABELS)] == expected


def test_labels_of_two_words() -> None:
    text = "[Problem  description]\na\n[Solution]\nb"
    found = sections(text, ("Problem Description", "Solution"))
    assert [section.name for section in found] == ["Problem Description", "Solution"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<response>\na\n</response>\n<tests>\nb\n</tests>", [("response", "a"), ("tests", "b")]),
        ("a\n</response><tests>b", [("response", "a"), ("tests", "b")]),
        ("a</response>\n\n<tests>\n```\nb\n```", [("response", "a"), ("tests", "```\nb\n```")]),
        ("<Response>a</Response>noise<Tests>b</Tests>", [("response", "a"), ("tests", "b")]),
        ("a\n```\n<tests>\n```\n</response>", [("response", "a\n```\n<tests>\n```")]),
        ("a <b>bold</b> </response>", [("response", "a <b>bold</b> ".rstrip())]),
        ("a", [("response", "a")]),
        ("", []),
        ("<tests>b</tests>", [("tests", "b")]),
    ],
)
def test_tags(text: str, expected: list[tuple[str, str]]) -> None:
    found = tagged(text, ("response", "tests"))
    assert [(part.name, part.text) for part in found] == expected


def test_whether_a_tag_was_closed() -> None:
    found = tagged("a<tests>b", ("response", "tests"))
    assert [part.closed for part in found] == [False, False]
    found = tagged("a</response><tests>b</tests>", ("response", "tests"))
    assert [part.closed for part in found] == [True, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recursion, string formatting", ("recursion", "string formatting")),
        ("- recursion\n- lists (append, pop)\n", ("recursion", "lists (append, pop)")),
        ("1. recursion\n2) strings.", ("recursion", "strings")),
        ("Concepts: recursion; strings", ("recursion", "strings")),
        ('**Concepts:** `map`, "filter"', ("map", "filter")),
        ("Recursion, recursion, RECURSION", ("Recursion",)),
        ("C++ templates, C#, .NET, f(x", ("C++ templates", "C#", ".NET", "f(x")),
        ("a,,b,\n\n,c", ("a", "b", "c")),
        ("", ()),
        (" \n, ;", ()),
        ("编程, числа", ("编程", "числа")),
        ("3D geometry, 2-way merge", ("3D geometry", "2-way merge")),
    ],
)
def test_lists(text: str, expected: tuple[str, ...]) -> None:
    assert concepts_in(text) == expected


WILD = st.text(alphabet="[]<>/TestsReponacv \n`*#:,()", max_size=200) | st.text(max_size=200)


@given(WILD)
def test_no_text_makes_them_fail(text: str) -> None:
    for section in sections(text, LABELS):
        assert section.name in LABELS
    for part in tagged(text, ("response", "tests")):
        assert part.name in ("response", "tests")
    assert all(phrase.strip() for phrase in concepts_in(text))
