"""The form of code: what is the same program, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.normal import normal_form

PLAIN = """\
def total(items, start=0):
    result = start
    for item in items:
        result += item
    return result
"""


def same(one: str, other: str) -> bool:
    return normal_form(one, "python") == normal_form(other, "python")


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("total", "add_up").replace("result", "r").replace("item", "x"),
        PLAIN.replace("items, start=0", "items: list[int], start: int = 0"),
        PLAIN.replace(":\n    result", ':\n    """Add."""\n    result', 1),
        PLAIN.replace("result = start", "result: int = start  # where it begins"),
        PLAIN.replace("    ", "\t"),
        "# Adds.\n\n\n" + PLAIN,
    ],
)
def test_wording_does_not_matter(other: str) -> None:
    assert other != PLAIN
    assert same(PLAIN, other)


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("=0", "=1"),
        PLAIN.replace("+=", "-="),
        PLAIN.replace("return result", "return start"),
        PLAIN.replace("for item in items", "for item in sorted(items)"),
        PLAIN.replace("def total", "async def total"),
    ],
)
def test_what_is_done_matters(other: str) -> None:
    assert not same(PLAIN, other)


def test_names_from_outside_and_constants_stay() -> None:
    assert not same("def f(x):\n    return max(x)", "def f(x):\n    return min(x)")
    assert not same("import os\n", "import re\n")
    assert not same("x = 1", "x = 1.0")
    assert not same("x = 1", "x = True")
    assert not same("def f(s):\n    return s.upper()", "def f(s):\n    return s.lower()")
    assert same("import os as a\na.getcwd()", "import os as b\nb.getcwd()")


def test_two_names_are_not_one() -> None:
    assert not same("def f(a, b):\n    return a - b", "def f(a, b):\n    return b - a")
    assert not same("def f(a, b):\n    return a, a", "def f(a, b):\n    return a, b")


def test_methods_and_special_methods() -> None:
    one = "class A:\n    def push(self, x):\n        self.items = x\na = A()\na.push(1)"
    assert same(one, one.replace("push", "add").replace("items", "things"))
    assert not same(one.replace("push", "__eq__"), one.replace("push", "__lt__"))


def test_matching_names_patterns() -> None:
    one = "match x:\n    case [a, *b]:\n        print(a, b)"
    assert same(one, one.replace("a", "q").replace("cqse", "case").replace("mqtch", "match"))


def test_what_cannot_be_parsed_is_its_own_form() -> None:
    assert normal_form("def f(", "python") == "def f("
    assert normal_form("SELECT 1", "sql") == "SELECT 1"
    deep = "(" * 3000 + ")" * 3000
    assert normal_form(deep, "python") == deep
    chain = "x = " + "1 + " * 3000 + "1"
    assert normal_form(chain, "python")


@given(st.text(max_size=200), st.sampled_from(["python", "javascript"]))
def test_every_text_has_a_form(code: str, language: str) -> None:
    assert normal_form(code, language) == normal_form(code, language)
