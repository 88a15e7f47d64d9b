"""Fences as CommonMark has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.fences import (
    fences,
    lines_of,
    outside,
    without_fences,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("no code", []),
        ("```python\nx = 1\n```", [("python", "x = 1", True)]),
        ("~~~py\nx = 1\n~~~", [("py", "x = 1", True)]),
        ("```\nx\n```\ntext\n```c++\ny\n```", [("", "x", True), ("c++", "y", True)]),
        ("````markdown\n```python\nx\n```\n````", [("markdown", "```python\nx\n```", True)]),
        ("```python\nx = 1\n", [("python", "x = 1", False)]),
        ("```python\nx = 1", [("python", "x = 1", False)]),
        ("```python", [("python", "", False)]),
        ("```python\n", [("python", "", False)]),
        ("```python\n\n```", [("python", "", True)]),
        ("```python\n```", [("python", "", True)]),
        ("```python\nx\n   ```", [("python", "x", True)]),
        ("```python\nx\n    ```", [("python", "x\n    ```", False)]),
        ("```python\nx\n``` python", [("python", "x\n``` python", False)]),
        ("~~~\nx\n```", [("", "x\n```", False)]),
        ("1. Do:\n\n   ```python\n   x = 1\n   ```\n", [("python", "x = 1", True)]),
        ("> ```python\n> x = 1\n> ```", [("python", "x = 1", True)]),
        ("> ```python\n> x = 1\n\nafter", [("python", "x = 1", False)]),
        ("    ```python\n    x = 1\n    ```", []),
        ("text ```python x``` text", []),
        ("``` python title='x'\nx\n```", [("python", "x", True)]),
        ("```{python}\nx\n```", [("python", "x", True)]),
        ("```python:solution.py\nx\n```", [("python", "x", True)]),
        ("```python,linenos\nx\n```", [("python", "x", True)]),
        ("```{.python .numberLines}\nx\n```", [("python", "x", True)]),
        ("<tests>\n```python\nx\n```\n</tests>", [("python", "x", True)]),
        ("<div>\n```python\nx\n```", [("python", "x", True)]),
        ("[a]: b\n```python\nx\n```", [("python", "x", True)]),
        ("```python\r\nx\r\n```\r\n", [("python", "x", True)]),
        ("text\n```python\nx\n```", [("python", "x", True)]),
    ],
)
def test_fences(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert [(fence.tag, fence.code, fence.closed) for fence in fences(text)] == expected


def test_lines_outside() -> None:
    text = "a\n```\nb\n```\nc"
    assert without_fences(text) == "a\nc"
    assert [(line.start, line.text) for line in outside(text)] == [(0, "a"), (12, "c")]


def test_many_backticks_and_deep_quotes_take_no_time() -> None:
    assert len(fences("```\n" * 20_000)) == 10_000
    assert fences(">" * 20_000 + "```") == []
    assert len(fences("- " * 3000 + "```\nx")) <= 1


TEXT = st.text(alphabet="`~ \n\r\t>-1.#[]<>/pyx\0\u2028", max_size=200) | st.text(max_size=200)


@given(TEXT)
def test_no_text_makes_it_fail_and_lines_add_up(text: str) -> None:
    found = fences(text)
    lines = lines_of(text)
    assert all(0 <= fence.start < fence.end <= len(lines) for fence in found)
    inside = sum(fence.end - fence.start for fence in found)
    assert len(list(outside(text))) == len(lines) - inside
    whole = "\n".join(lines)
    assert all(whole[line.start :].startswith(line.text) for line in outside(text))


@given(st.text(alphabet="ab `\n", max_size=100), st.sampled_from(["```", "~~~~"]))
def test_what_is_fenced_comes_out(code: str, sign: str) -> None:
    if sign in code:
        return
    found = fences(f"{sign}python\n{code}\n{sign}\nafter")
    assert [(fence.code, fence.closed) for fence in found] == [(code, True)]
    assert [fence.closed for fence in fences(f"{sign}python\n{code}")] == [False]
