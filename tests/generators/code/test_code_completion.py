"""Functions and asserts that a model continued: where they end, what of them is whole."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.completion import asserts_in, completed, last_function

HEAD = 'import re\n\ndef helper(x):\n    return x\n\ndef f(x):\n    """Say x."""\n'


@pytest.mark.parametrize(
    ("text", "kept", "ended"),
    [
        ("    return x\n", "    return x", False),
        ("    return x\n\n\ndef g(y):\n    return y\n", "    return x", True),
        ("    return x\nprint(f(1))", "    return x", True),
        ("    return x\n\n# Tests\nassert f(1)\n", "    return x", True),
        ("    return x\n\nif __name__ == '__main__':\n    f(1)", "    return x", True),
        ("    if x:\n# a comment at column 0\n        return 1\n    return x\n\n@a\ndef g(): 1",
         "    if x:\n# a comment at column 0\n        return 1\n    return x", True),
        ("    y = (1 +\n2)\n    return y\n\nx = 1", "    y = (1 +\n2)\n    return y", True),
        ('    """\ndef g():\n"""\n    return y\nz', '    """\ndef g():\n"""\n    return y', True),
        ("    return [x for x in ", "    return [x for x in", False),
        ("    return x\n\n# the end", "    return x", False),
        ("", "", False),
        ("\n\n", "", False),
        ("x = 1", "", True),
        ("    return 'open", "    return 'open", False),
        ("    def inner(): return 1\n    return inner\nclass A: pass",
         "    def inner(): return 1\n    return inner", True),
        ("    return x;\\\n", "    return x;\\", False),
    ],
)  # fmt: skip
def test_where_a_function_ends(text: str, kept: str, ended: bool) -> None:
    cut = completed(HEAD, text)
    assert (cut.continuation, cut.ended) == (kept, ended)


def test_a_head_that_ends_in_the_middle_of_a_line() -> None:
    assert completed("def f(x): return", " x\ny = 1").continuation == " x"
    assert completed("def f(x):\n    return x", " + 1\n\ny").continuation == " + 1"
    assert completed("def f(x", "):\n    return x\nf(1)").continuation == "):\n    return x"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (HEAD, "f"),
        ("def f(x):\n", "f"),
        ("def f(x):", "f"),
        ("async def g():\n    '''\n    Say.\n    '''\n", "g"),
        ('def f(x):\n    """Say', "f"),
        ("class A:\n    def f(self): pass\n", ""),
        ("", ""),
        ("def (", ""),
    ],
)
def test_the_last_function(head: str, name: str) -> None:
    assert last_function(head) == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assert f(1) == 1\nassert f(2) == 2\n", ["assert f(1) == 1", "assert f(2) == 2"]),
        ("assert f(1) == 1\nassert f(2) == 1", ["assert f(1) == 1"]),
        ("assert f(1) == 1\nassert f(", ["assert f(1) == 1"]),
        ("assert f(1) ==\nassert f(2) == 2\n", ["assert f(2) == 2"]),
        ("assert \n    f(1) == 1, 'one'\n", ["assert f(1) == 1, 'one'"]),
        ("assert f(\n    1,\n) == 1\n", ["assert f(\n    1,\n) == 1"]),
        ("assert f(1) == 1  # one\n", ["assert f(1) == 1  # one"]),
        ("assert f(1) == 1; assert f(2)\n", ["assert f(1) == 1; assert f(2)"]),
        ("assert f(1) == 1; x = 2\n", []),
        ("assert f(1) == 1\nassert f(1) == 1\n", ["assert f(1) == 1"]),
        ("assert f('''\nassert g''') == 1\nassert f(2)\n", ["assert f(2)"]),
        ("assert f(1) == 1\nimport os\nprose here, no code\n", ["assert f(1) == 1"]),
        ("def g():\n    assert f(1)\n", ["assert f(1)"]),
        ("assertion fails\nassert_that(f(1))\n", []),
        ("assert", []),
        ("assert \n", []),
        ("assert ____ == ____, \n", []),
        (
            "assert f(1)\r\nassert f(2)\r\n",
            ["assert f(1)", "assert f(2)"],
        ),
    ],
)
def test_asserts(text: str, expected: list[str]) -> None:
    assert asserts_in(text) == expected


CODE = st.lists(
    st.sampled_from(
        ["assert ", "f(1)", " == ", "\n", "    ", "(", ")", '"""', "'", "\\", "#", "def f():", "1",
         "\t", "\0", "\r", "\u2028", "return", ":", "é", "[", "{", "if x:", "\ud800"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(CODE | st.text(max_size=100))
def test_no_text_makes_them_fail(text: str) -> None:
    for statement in asserts_in(text):
        assert all(isinstance(node, ast.Assert) for node in ast.parse(statement).body)
    cut = completed(HEAD, text)
    assert text.startswith(cut.continuation)
    assert isinstance(last_function(text), str)


@given(CODE, CODE)
def test_no_head_makes_it_fail(head: str, text: str) -> None:
    assert text.startswith(completed(head, text).continuation)
