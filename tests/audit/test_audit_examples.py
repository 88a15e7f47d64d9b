"""Examples in statements."""

from hypothesis import given
from hypothesis import strategies as st

from veristone.audit.examples import Example, examples, holds


def test_sessions_in_docstrings_are_found() -> None:
    code = '''"""Module.

>>> 1 + 1
2
"""
def f(x):
    """Say.

    >>> f(1)
    [1, 'a']
    >>> y = 3
    >>> f(y)
    Thing(3)
    >>> f(None)
    Traceback (most recent call last):
    TypeError
    """
'''
    found = examples(code)
    assert found == [
        Example("1 + 1", "2"),
        Example("f(1)", "[1, 'a']"),
        Example("f(y)", "Thing(3)", "y = 3\n"),
    ]
    assert [holds(each) for each in found] == [
        "assert (1 + 1) == (2)",
        "assert (f(1)) == ([1, 'a'])",
        "y = 3\nassert repr(f(y)) == 'Thing(3)'",
    ]


def test_a_session_that_is_laid_out_wrongly_is_prose() -> None:
    assert examples('def f():\n    """\n    >>>f(1)\n    2\n    """\n') == []


@given(st.text(max_size=200))
def test_any_text_has_examples_or_none(text: str) -> None:
    for each in examples(text) + examples(f'"""{text}"""'):
        compile(holds(each), "x", "exec")
