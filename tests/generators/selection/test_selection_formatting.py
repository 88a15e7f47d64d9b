"""What a student sees of an instruction and of an answer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selection_records import make

from veristone.generators.selection.formatting import (
    SECTIONS,
    Formatting,
    show_instruction,
    show_response,
    split_sections,
)

ANSWER = """[Reasoning]
The number is doubled. As the tests below show, zero stays zero.

[Implementation]
```python
def double(x):
    # see the tests
    return x * 2  # twice
```

[Explanation]
It multiplies. The assertions check it.

[Tests]
```python
assert double(2) == 4
```
"""


def shown(
    formatting: Formatting, answer: str = ANSWER, **fields: str
) -> tuple[str, tuple[str, ...]]:
    found = show_response(make("a/0", response=answer, **fields), formatting, 0, "a")
    return found.text, found.sections


def test_everything_is_kept_unless_told_otherwise() -> None:
    text, sections = shown(Formatting())
    assert sections == SECTIONS
    assert "assert double(2) == 4" in text
    assert "[Tests]" not in text
    assert "[Tests]" in shown(Formatting(headings=True))[0]


def test_nothing_speaks_of_what_was_left_out() -> None:
    text, sections = shown(Formatting(tests=0))
    assert sections == ("reasoning", "implementation", "explanation")
    assert not re.search(r"tests|assert", text)
    assert "The number is doubled." in text
    assert "It multiplies." in text
    assert "# twice" in text


def test_tests_that_were_cut_off_before_are_not_spoken_of() -> None:
    answer = (
        "It doubles. The tests below check it.\n\n```python\ndef double(x):\n    return x * 2\n```"
    )
    assert "tests" not in shown(Formatting(), answer)[0]
    assert "tests" in shown(Formatting(), answer, tests="")[0]


def test_ordinary_words_are_no_mention() -> None:
    answer = "This function will test whether a number is even, for the latest value."
    assert shown(Formatting(tests=0), answer)[0] == answer


def test_probabilities_are_met_and_fixed_by_the_instruction() -> None:
    formatting = Formatting(reasoning=0.5, explanation=0.5)
    seen = [
        show_response(make("a/0", response=ANSWER), formatting, 0, f"group {number}").sections
        for number in range(400)
    ]
    for name in ("reasoning", "explanation"):
        assert 150 < sum(name in sections for sections in seen) < 250
    both = sum("reasoning" in sections and "explanation" in sections for sections in seen)
    assert 60 < both < 140, "the two draws are independent"
    assert all("implementation" in sections for sections in seen)
    again = show_response(make("a/7", response=ANSWER), formatting, 0, "group 3").sections
    assert again == seen[3]


def test_comments_go_and_code_stays() -> None:
    text, _ = shown(Formatting(comments="strip"))
    assert "#" not in text
    assert "return x * 2\n" in text


def test_headings_in_code_begin_no_section() -> None:
    answer = "```\n[Tests]\n```\n## Explanation\nword\n**Tests:**\nx"
    found = split_sections(answer)
    assert [section.name for section in found] == ["", "explanation", "tests"]


@given(st.text(st.sampled_from("[]Tests`\n#*~ ab")))
def test_sections_joined_are_the_answer(text: str) -> None:
    lines = [
        line
        for part in split_sections(text)
        for line in ([part.heading] if part.heading else []) + part.lines
    ]
    assert "\n".join(lines) == text


@pytest.mark.parametrize("answer", ["", "[Tests]\n```python\nassert x\n```"])
def test_nothing_may_be_left(answer: str) -> None:
    assert shown(Formatting(tests=0), answer)[0] == ""


def instruction(formatting: Formatting, group: str = "a", **fields: str) -> tuple[str, int]:
    found = show_instruction(make("a/0", **fields), formatting, 0, group)
    return found.text, found.asserts


TESTS = "".join(f"assert double({n}) == {2 * n}\n" for n in range(9))


def test_asserts_are_added_to_half_of_the_instructions() -> None:
    counts = [instruction(Formatting(show_tests=0.5), f"g{n}", tests=TESTS)[1] for n in range(400)]
    assert 150 < sum(map(bool, counts)) < 250
    assert {count for count in counts if count} == {1, 2, 3, 4, 5}


def test_added_asserts_stand_for_themselves() -> None:
    tests = (
        "n = 3\nassert double(n) == 6\nassert double(1) == 2, 'one'\nassert double(\n    2) == 4\n"
    )
    text, count = instruction(Formatting(show_tests=1), tests=tests)
    assert count == 1
    assert text.endswith("```python\nassert double(1) == 2, 'one'\n```")


@pytest.mark.parametrize(
    "fields",
    [
        {"instruction": "Double it. For example, 2 gives 4."},
        {"instruction": "Double it and write tests."},
        {"tests": "def test_it():\n    assert double(1) == 2"},
        {"tests": "assert ("},
        {"language": "rust"},
    ],
)
def test_where_no_assert_is_added(fields: dict[str, str]) -> None:
    text, count = instruction(Formatting(show_tests=1), **{"tests": TESTS, **fields})
    assert count == 0
    assert "```" not in text
