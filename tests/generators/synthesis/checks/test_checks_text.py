"""Checks of text: ends, sizes, copies, leaks, prose, concepts, evolutions. Both sides of each."""

import pytest

from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.checks.copies import (
    duplicate,
    evolution,
    example_code,
    example_instruction,
    seed_code,
    seed_in_instruction,
)
from veristone.generators.synthesis.checks.text import concepts, finish, leak, size
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.records import Record

CODE = '''def totals(rows):
    """Add up the second column by the first."""
    found = {}
    for name, amount in rows:
        found[name] = found.get(name, 0) + amount
    return found
'''
EXAMPLE = Example(
    name="01-totals",
    snippet=CODE.replace("totals", "sums"),
    instruction="Write a function `totals(rows)` that adds up amounts by name and returns a dict.",
    response=f"A dictionary does it.\n\n```python\n{CODE}```\n",
    tests='assert totals([("ann", 1), ("ann", 2), ("bob", 3)]) == {"ann": 3, "bob": 3}',
)
RECORD = Record(
    id="s",
    seed=Seed(id="s", code=CODE, language="python", provenance=Provenance(source="t")),
)


def reason(found: Problem | None) -> str | None:
    return found.reason if found else None


@pytest.mark.parametrize(
    ("text", "why", "expected"),
    [
        ("fine", "stop", None),
        ("fine", "", None),
        ("fine", "eos_token", None),
        ("cut", "length", "truncated"),
        ("", "length", "truncated"),
        ("half", "content_filter", "unfinished"),
        ("half", "abort", "unfinished"),
        ("", "stop", "empty"),
        (" \n\t ", "stop", "empty"),
        ("\u200b\u2060", "stop", "empty"),
        ("é", "stop", None),
    ],
)
def test_finish(text: str, why: str, expected: str | None) -> None:
    assert reason(finish(text, why)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("  ", "empty"), ("abc", "too_short"), ("abcde", None), ("a" * 11, "too_long")],
)
def test_size(text: str, expected: str | None) -> None:
    assert reason(size(text, 5, 10, "instruction")) == expected


def test_duplicates_are_equal_but_for_white_space_and_case() -> None:
    assert reason(duplicate("Add  two\nnumbers", {"x", "addtwonumbers"})) == "duplicate"
    assert duplicate("Add two numbers.", {"addtwonumbers"}) is None
    assert duplicate("Add two numbers", set()) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EXAMPLE.instruction, "copies_example"),
        (f"Task:\n{EXAMPLE.instruction.upper()}\nGood luck.", "copies_example"),
        (EXAMPLE.instruction.replace("amounts", "sums"), "copies_example"),
        ("Write a function `totals(rows)` that draws a table of rows.", None),
        ("Write a function that returns a dict.", None),
        ("", None),
    ],
)
def test_an_examples_instruction_that_comes_back(text: str, expected: str | None) -> None:
    assert reason(example_instruction(text, [EXAMPLE])) == expected


def test_an_example_without_an_instruction_is_copied_by_nothing() -> None:
    assert example_instruction("", [Example(name="x")]) is None
    assert example_code("anything", [Example(name="x")]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Like so:\n```python\n{CODE}```", "copies_example"),
        (f"```python\n{EXAMPLE.tests}\n```", "copies_example"),
        (f"```python\n{EXAMPLE.snippet}```", "copies_example"),
        ("```python\ndef totals(rows):\n    return {}\n```", None),
    ],
)
def test_an_examples_code_that_comes_back(text: str, expected: str | None) -> None:
    assert reason(example_code(text, [EXAMPLE])) == expected


def test_short_code_that_two_share_is_no_copy() -> None:
    short = Example(name="x", response="```python\ndef add(a, b):\n    return a + b\n```")
    assert example_code("def add(a, b):\n    return a + b\n\nprint(add(1, 2))", [short]) is None


def test_the_seed_in_an_instruction_and_as_a_solution() -> None:
    assert reason(seed_in_instruction(f"Explain:\n{CODE}", RECORD)) == "copies_seed"
    assert seed_in_instruction("Write `totals`.", RECORD) is None
    assert reason(seed_code(CODE.replace("    ", "\t"), RECORD)) == "copies_seed"
    assert seed_code(CODE + "\n\nprint(totals([]))\n", RECORD) is None
    assert seed_in_instruction(CODE, Record(id="x")) is None
    assert seed_code(CODE, Record(id="x")) is None


@pytest.mark.parametrize(
    "text",
    [
        "Write a parser.\n\n## Example 3\n### Snippet",
        "Write a parser.\n### Instruction\nWrite",
        "Write a parser.\n### Concepts:",
        "Write a parser.<|endoftext|>",
        "<fim_prefix>Write a parser.",
        "Write a parser. <issue_start>username_1: hi",
        "Write a parser.<|im_end|>",
        "Done.</s>",
        "[INST] Write a parser. [/INST]",
        "Write a parser.\n</instruction>",
        "@@ Response\nfine",
        "`code` <|endoftext|> `code`",
        "Write.\n=== user\nhello",
    ],
)
def test_leaks(text: str) -> None:
    assert reason(leak(text)) == "leaked_template"


@pytest.mark.parametrize(
    "text",
    [
        "Split a text at `<|endoftext|>` and drop ``<fim_prefix>``.",
        "```python\nEND = '<|endoftext|>'\n```",
        "~~~\n### Instruction\n~~~",
        "## Example usage\n\nCall it.",
        "### Instructions for the reader\n",
        "Follow the ### Instruction below.",
        "Return `List<int>` or <b>bold</b>; a <filename> is given.",
        "a <| b |> c",
        "if a <|= b: c |> d",
        "## Explanation\n\nIt works.",
        "The response should be <tests> aware.",
    ],
)
def test_what_is_no_leak(text: str) -> None:
    assert leak(text) is None


def test_a_recipe_may_name_more_markers() -> None:
    assert reason(leak("fine\n  ### Task\n", ["### Task"])) == "leaked_template"
    assert leak("fine ### Task", ["### Task", ""]) is None


def test_leaks_are_found_in_linear_time() -> None:
    assert leak("`" * 200_000) is None
    assert leak("<|" * 100_000) is None
    assert leak("[INST" * 50_000) is None
    assert leak("` " * 100_000) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["recursion", "string formatting"], None),
        (["C++ templates"], None),
        ([], "bad_concepts"),
        (["a"] * 13, "bad_concepts"),
        (["this function takes a list of numbers and then returns it"], "bad_concepts"),
        (["x" * 90], "bad_concepts"),
        (["123", "=>"], "bad_concepts"),
        (["def f(x"], "bad_concepts"),
        (["### Instruction"], "bad_concepts"),
    ],
)
def test_concepts(found: list[str], expected: str | None) -> None:
    assert reason(concepts(found)) == expected


PARENT = "Write a function that returns the longest word of a sentence."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PARENT + " Ties go to the first one; punctuation is no part of a word.", None),
        (PARENT, "not_evolved"),
        (PARENT.upper().replace(" ", "  ") + "\n", "not_evolved"),
        (PARENT * 10, "too_long"),
        ("Write it.", "too_short"),
        ("Sure! Split the sentence at blanks and take the longest part of it.", "not_evolved"),
        ("Here is the solution: split the sentence and take the max by length.", "not_evolved"),
        ("Here is a list of words. Write a function that returns the longest of them.", None),
        (
            "```python\ndef longest(sentence):\n    return max(sentence.split(), key=len)\n```",
            "not_evolved",
        ),
        (
            "def longest(sentence):\n    return max(sentence.split(), key=len)",
            "not_evolved",
        ),
        ("```python\nmax(s.split(), key=len)\n```", "not_evolved"),
        *(
            (f"{opening} write a function that returns the longest word, without split.", "no")
            for opening in (
                "Certainly! Here's a harder task:\n",
                "Here is the rewritten prompt:\n",
                "Below is a more complex version of the task:\n\n",
                "#Rewritten Prompt#:\n",
                "# The Created Prompt #\n",
                "**Rewritten task:** ",
                "Evolved instruction: ",
                "Sorry, but I must say:",
                "I'm unable to help:",
                "As a language model I would",
                "The given task can be made harder as follows:",
                "As the #Given Prompt# asked,",
                "Unlike in the original prompt,",
                "I added a constraint:",
                "#Rewritten Programming Task#:\n",
                "Original: write a function.\nRewritten:",
                "The original task asks for a word;",
            )
        ),
        *(
            (f"Write a function that returns the longest word, without split.\n\n{end}", "no")
            for end in (
                "(This version adds a constraint, as requested.)",
                "Changes made: no split.",
            )
        ),
        (f"Please {PARENT[0].lower()}{PARENT[1:]}", "not_evolved"),
        ("Given two versions of a text, return the longest word of the original text only.", None),
        ("Run the given instructions of a small machine, longest first, and return words.", None),
        ("I have a sentence. Write a function that returns its longest word in reverse.", None),
        ("Write the longest word of a sentence. Explanation: ties go to the first.", None),
        (
            "What is wrong here, and how would you write the longest word of a sentence?\n"
            "```python\ndef longest(s):\n    return max(s)\n```",
            None,
        ),
    ],
)
def test_evolutions(text: str, expected: str | None) -> None:
    found = reason(evolution(text, PARENT))
    assert found in ("not_evolved", "leaked_template") if expected == "no" else found == expected


def test_an_evolution_of_nothing() -> None:
    assert reason(evolution("A long instruction.", "")) == "too_long"


def test_details_are_one_printable_line() -> None:
    detail = problem("empty", "a\nb\x1b[31m" + "c" * 1000).detail
    assert detail.isprintable()
    assert len(detail) <= 120
