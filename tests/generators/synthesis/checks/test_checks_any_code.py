"""What makes texts comparable, tests that are run behind their code, and code of any kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.copies import folded, rouge_l, words
from veristone.generators.synthesis.checks.program import (
    code_of,
    foreign_imports,
    in_one_file,
    program,
    stub,
    suite,
)


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
    assert in_one_file(code, "def f(): 1\ndef g(): 2") == kept
    assert in_one_file("import (", "f = 1") == "import ("


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
