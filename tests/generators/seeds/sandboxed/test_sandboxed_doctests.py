"""Which docstrings have examples that test something."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.sandboxed.coverage import MOST_CHARACTERS, has_examples


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("", False),
        ("Return x.", False),
        (">>> f(1)\n1", True),
        ("Text.\n\n    >>> f(1)\n    1\n", True),
        (">>> f(1)", False),
        (">>> x = f(1)\n>>> g(x)\n\nText", False),
        (">>> import os\n>>> f(1)\n1\n", True),
        (">>> f(1)  # doctest: +SKIP\n1\n", False),
        (">>> f(1)  # doctest: +ELLIPSIS\n1...\n", True),
        (">>> f()\nTraceback (most recent call last):\nValueError: x\n", True),
        # Not indented as its example is, an unknown directive, no space after the prompt.
        ("    >>> f(1)\n  1\n", False),
        (">>> f(1)  # doctest: +WHAT\n1\n", False),
        (">>>f(1)\n1\n", False),
        (">>> f(1)\n1\n" + " " * MOST_CHARACTERS, False),
    ],
)
def test_which_docstrings_have_tests(docstring: str, expected: bool) -> None:
    assert has_examples(docstring) is expected


@given(st.lists(st.sampled_from([">>> f(1)", "... x", "1", "", "  ", ">>>", "\t>>> g()", "\x00"])))
def test_never_raises_and_agrees_with_doctest(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        wanted = any(example.want for example in doctest.DocTestParser().get_examples(text))
    except ValueError:
        wanted = False
    assert has_examples(text) is wanted
