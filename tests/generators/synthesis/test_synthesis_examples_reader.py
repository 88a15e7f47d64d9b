"""Examples in Markdown: what is read, and how mistakes are named."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.generators.synthesis.examples import builtin_examples, parse_example, read_examples

WHOLE = """\
# Instruction

Write `f`.

## A heading of its own

More.

# Snippet

```python
# A comment, no heading
def f(): ...
```

# Concepts

functions, comments

# Properties

category: function
- language: Python3
difficulty: easy

# Reasoning

Easy.

# Response

Like so:

```python
# Not a heading
def f():
    return 1
```

# Explanation

It returns one.

# Tests

~~~python
assert f() == 1
~~~
"""


def test_every_part() -> None:
    example = parse_example(WHOLE, "01-f")
    assert example.name == "01-f"
    assert example.snippet == "# A comment, no heading\ndef f(): ..."
    assert example.concepts == ("functions", "comments")
    assert (example.category, example.language, example.difficulty) == (
        "function",
        "python",
        "easy",
    )
    assert example.instruction == "Write `f`.\n\n## A heading of its own\n\nMore."
    assert example.reasoning == "Easy."
    assert example.response.startswith("Like so:\n\n```python\n# Not a heading")
    assert example.explanation == "It returns one."
    assert example.tests == "assert f() == 1"


def test_parts_may_be_missing_and_windows_may_have_written_it() -> None:
    example = parse_example("\ufeff# Snippet\r\n\r\nx = 1\r\n    y\r\n", "x")
    assert example.snippet == "x = 1\n    y"
    assert example.language == "python"
    assert example.concepts == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n# Snippet\nx", "text before the first heading"),
        ("no heading", "text before the first heading"),
        ("# Snippets\nx", "# Snippets: unknown heading"),
        ("# Snippet\nx\n# Snippet\ny", "# Snippet: stands there twice"),
        ("# Snippet\n\n# Concepts\na", "# Snippet: nothing under it"),
        ("# Tests\nassert 1", "# Tests: 0 fences"),
        ("# Tests\n```\na\n```\n```\nb\n```", "# Tests: 2 fences"),
        ("# Tests\n```\na", "# Tests: a fence is not closed"),
        ("# Response\n```\na", "# Response: a fence is not closed"),
        ("# Snippet\n```\na\n```\n```\nb\n```", "# Snippet: 2 fences"),
        ("# Properties\ncolour: red", "# Properties: 'colour: red'"),
        ("# Properties\ncategory", "# Properties: 'category'"),
        ("# Properties\nlanguage: klingon", "no language 'klingon'"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_example(text, "01-f", "folder/01-f.md")
    assert str(caught.value).startswith("folder/01-f.md: ")
    assert message in str(caught.value)


def test_nothing_at_all_is_an_example_of_nothing() -> None:
    assert parse_example("", "x").instruction == ""


def test_a_set_is_a_folder_sorted_by_name(tmp_path: Path) -> None:
    for name in ("02-b.md", "01-a.md", "notes.txt"):
        (tmp_path / name).write_text("# Instruction\n\nDo it.\n")
    assert [e.name for e in read_examples(str(tmp_path))] == ["01-a", "02-b"]
    assert read_examples(tmp_path.name, tmp_path.parent) == read_examples(str(tmp_path))
    (tmp_path / "03-c.md").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"03-c\.md"):
        read_examples(str(tmp_path))


@pytest.mark.parametrize("name", ["", "nowhere", "../nowhere"])
def test_a_set_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="examples"):
        read_examples(name, tmp_path)


@pytest.mark.parametrize("name", builtin_examples())
def test_sets_that_come_along(name: str) -> None:
    assert read_examples(name)


@given(st.text(alphabet="# Snipetdorscx\n`~:,-\r\0", max_size=120) | st.text())
def test_no_text_crashes_the_reader(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_example(text, "x").name == "x"
