"""Lengths, widths, sizes."""

import pytest
from pydantic import ValidationError
from rules_corpus import reason, seed

from veristone.generators.seeds.filters.length import Length

BODY = "def f(x):\n" + "    x = x + 1\n" * 148


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (BODY + "    return x", "kept"),  # 150 lines
        (BODY + "    x = x * 2\n    return x", "too_many_lines"),
        (
            "def f(x):\n" + ("    value = compute(x)" * 1 + " " * 60 + "\n") * 130,
            "too_many_characters",
        ),
        (f"def f(x):\n    return g(x, {'a' * 1000})", "line_too_wide"),
        ("def f(self): return self._x", "too_small"),
        ("def f(a, b): return a + b", "too_small"),
        ("def f(x): return g(x)", "too_small"),
        ("def f(x): '''Doc.'''; return x", "too_small"),
        ("def f(a, b): return g(a, b)", "kept"),
        ("def f(a, b):\n    c = a + b\n    return c", "kept"),
        (
            "def f(x):\n    return [" + "0.125, 17, 23, " * 20 + "\n" + "1, 2, 3, 4,\n" * 12 + "]",
            "mostly_data",
        ),
        ("def f(x):\n    y = '''" + "one two three\n" * 40 + "'''\n    return y", "mostly_data"),
        ("def f(x):\n    return g(x)['one two three' 'four']\n", "kept"),
        ("def f(x):\n    '''" + "one two three\n" * 40 + "'''\n    return g(x, 1)", "kept"),
        ("", "kept"),
    ],
)
def test_python(code: str, expected: str) -> None:
    assert reason(Length(), seed(code)) == expected


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [("Sum it up.", "kept"), ("Sum.", "docstring_too_short"), ("a " * 2501, "docstring_too_long")],
)
def test_documentation(docstring: str, expected: str) -> None:
    assert reason(Length(), seed("def f(a, b): return g(a, b)", docstring=docstring)) == expected


def test_other_languages_by_text_alone() -> None:
    assert reason(Length(), seed("int f(int a) { return a; }", "java")) == "kept"
    assert reason(Length(), seed("a;\n" * 151, "java")) == "too_many_lines"


def test_snippets_need_no_documentation() -> None:
    given = seed("a = 1", shape="snippet", docstring="")
    assert reason(Length(), given) == "kept"
    assert reason(Length(), seed("a = 1", docstring="")) == "docstring_too_short"


def test_f_strings_count_once() -> None:
    parts = " ".join(f"{{x[{number}]}}" for number in range(100))
    assert reason(Length(), seed(f"def f(x):\n    return f'{parts}'")) == "kept"


def test_numbers_too_long_to_print_are_no_error() -> None:
    code = f"def f(x):\n    return g(x, 0x{'f' * 9000})"
    rule = Length(max_line_characters=20_000)
    assert reason(rule, seed(code)) == "mostly_data"


def test_limits_are_settings() -> None:
    assert reason(Length(max_lines=1), seed("a = 1\nb = 2")) == "too_many_lines"
    assert reason(Length(min_nodes=9), seed("def f(a, b): return g(a, b)")) == "too_small"
    with pytest.raises(ValidationError):
        Length(max_data=1.5)
