"""Python's names and programs, words, and grammars of other languages."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.synthesis.checks.code import code_of, program
from veristone.generators.synthesis.checks.imports import foreign_imports
from veristone.generators.synthesis.checks.stubs import stub
from veristone.generators.synthesis.checks.tests import suite
from veristone.generators.synthesis.parsing.fences import fences
from veristone.generators.synthesis.parsing.grammars import grammar_accepts
from veristone.generators.synthesis.parsing.python import (
    defined_names,
    imported_names,
    joined,
    parses,
    without_imports_of,
)
from veristone.generators.synthesis.parsing.words import folded, rouge_l, words


def test_names_of_a_module() -> None:
    module = ast.parse(
        "import os, numpy as np\nfrom a.b import c as d\n"
        "def f(): g = 1\nclass A: b = 2\nx = (y, *z) = 1, 2\nn: int = 1\nm: int\n"
        "if x:\n    def h(): pass\ntry:\n    q = 1\nexcept E:\n    r = 2\nwith o as p:\n    s = 3\n"
        "t.u = 4\nv[0] = 5\n"
    )
    assert set(defined_names(module)) == {"f", "A", "x", "y", "z", "n", "h", "q", "r", "s"}
    assert imported_names(module) == {"os", "np", "d"}


def test_future_imports_come_first() -> None:
    program = joined(["x = 1", '"""Doc."""\nfrom __future__ import annotations\ny = 2\n'])
    assert program.startswith("from __future__ import annotations\n\nx = 1")
    compile(program, "joined", "exec")
    assert joined([]) == ""


def test_imports_of_what_is_there() -> None:
    code = (
        "import os\nfrom solution import (\n    f,\n    g,\n)\nfrom . import f\n"
        "from json import f\n"
        "from other import f, h\nfrom a import f as k\nfrom a import f; x = 1\nassert f(1)"
    )
    kept = (
        "import os\nfrom json import f\nfrom other import f, h\nfrom a import f as k\n"
        "from a import f; x = 1\nassert f(1)"
    )
    assert without_imports_of(code, {"f", "g"}) == kept
    assert without_imports_of("import (", {"f"}) == "import ("


def test_what_parses() -> None:
    assert parses("x = 1")
    assert not parses("")
    assert not parses("# nothing")
    assert not parses("x = ")
    assert not parses("x\0")
    assert parses("'\\d'")  # a warning in Python, no error
    assert not parses("-" * 100_000 + "1")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a b c d", "a b c d", 1.0),
        ("a b c d", "a x c y", 0.5),
        ("a b", "c d", 0.0),
        ("", "a", 0.0),
        ("a b c", "c b a", 1 / 3),
        ("a b c d e", "a c e", 0.75),
    ],
)
def test_rouge_l(first: str, second: str, expected: float) -> None:
    assert rouge_l(words(first), words(second)) == pytest.approx(expected)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_rouge_l_is_that_of_the_table(first: list[str], second: list[str]) -> None:
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            longer = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else longer
    total = len(first) + len(second)
    expected = 2 * table[-1][-1] / total if first and second else 0.0
    assert rouge_l(first, second) == pytest.approx(expected)


def test_folded() -> None:
    assert folded(" A\tb\n C") == "abc"
    assert words("Don't stop, 2 times!") == ["don", "t", "stop", "2", "times"]


def test_grammars() -> None:
    pytest.importorskip("tree_sitter_go", reason="the grammars come with the extra seeds")
    assert grammar_accepts("go", "func f() int { return 1 }") is True
    assert grammar_accepts("go", "func f( int {") is False
    assert grammar_accepts("haskell", "f x = x") is None
    assert grammar_accepts("go", "") is None
    assert grammar_accepts("java", "a<" * 10_000) is None
    assert grammar_accepts("go", "(" * 10_000) is None


PIECES = (
    *("def f(x):\n", "    return x\n", "assert f(1) == 1\n", "try:\n", "    ", "except:\n"),
    *("pass\n", "class A(TestCase):\n", "if __name__ == '__main__':\n", "for x in []:\n"),
    *("raise\n", "(", "x\n", "lambda: 1", "\n", "import os\n", "\0", "'", "# TODO\n", "@a\n"),
    *("while True:\n", "    def test_a(self):\n", "        self.assertEqual(f(1), 2)\n", "\ud800"),
    *("match x:\n", "    case 1:\n", "async def g():\n", "yield\n", "f'{x}'", ":=", "global f\n"),
    "with suppress(Exception):\n",
)
CODE = st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text(max_size=60)


@given(CODE, CODE)
def test_no_code_makes_a_check_fail(tests: str, code: str) -> None:
    suite(tests, code)
    stub(code)
    program(code, "python")
    foreign_imports(code, ())
    code_of(fences(f"```python\n{code}\n```\n```\n{tests}"), "python")
