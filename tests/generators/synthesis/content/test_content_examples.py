"""The form of the examples that come with Veristone: what a model copies, it copies from these."""

import ast
import itertools
from collections import Counter
from pathlib import Path

import pytest
from backends import give_up

from veristone.generators.code.fences import fences
from veristone.generators.code.python import parses
from veristone.generators.seeds.contamination.benchmarks import load_items
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.synthesis.checks.copies import rouge_l, words
from veristone.generators.synthesis.checks.program import foreign_imports
from veristone.generators.synthesis.checks.text import leak
from veristone.generators.synthesis.examples import (
    HEADINGS,
    Example,
    builtin_examples,
    read_examples,
)

SET = "self-oss-instruct"
EXAMPLES = read_examples(SET)
DATA = Path(__file__).parents[5] / "shared" / "data"
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


def solution(example: Example) -> str:
    (fence,) = fences(example.response)
    return fence.code


def test_the_set_is_found_and_balanced() -> None:
    assert SET in builtin_examples()
    assert Counter(example.category for example in EXAMPLES) == {
        "function": 14,
        "class": 5,
        "program": 5,
    }
    assert Counter(example.difficulty for example in EXAMPLES) == {
        "easy": 8,
        "medium": 10,
        "hard": 6,
    }
    assert {example.language for example in EXAMPLES} == {"python"}


@each
def test_every_part_is_there_and_of_a_good_size(example: Example) -> None:
    assert all(getattr(example, heading.lower(), example.category) for heading in HEADINGS)
    assert 5 <= len(example.snippet.splitlines()) <= 25
    assert 3 <= len(example.concepts) <= 5
    assert 60 <= len(example.instruction.split()) <= 135
    assert 20 <= len(example.reasoning.split()) <= 110
    assert 20 <= len(example.explanation.split()) <= 60
    assert len(solution(example).splitlines()) <= 45
    asserts = [node for node in ast.walk(ast.parse(example.tests)) if isinstance(node, ast.Assert)]
    assert 5 <= len(asserts) <= 11


@each
def test_text_is_plain(example: Example) -> None:
    text = "\n".join(str(value) for value in example.model_dump().values())
    assert text.isascii()
    assert leak(example.response) is None
    assert leak(example.instruction) is None
    lines = [*example.snippet.splitlines(), *solution(example).splitlines()]
    assert all(len(line) <= 100 for line in [*lines, *example.tests.splitlines()])


@each
def test_code_parses_and_needs_the_standard_library_alone(example: Example) -> None:
    for code in (example.snippet, solution(example), example.tests):
        assert parses(code)
        assert foreign_imports(code, ()) is None


@each
def test_the_snippet_is_documented(example: Example) -> None:
    defined = [
        node
        for node in ast.parse(example.snippet).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert defined
    assert all(ast.get_docstring(node) for node in defined)


@each
def test_the_instruction_names_what_the_tests_call(example: Example) -> None:
    defined = {
        node.name
        for node in ast.parse(solution(example)).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    called = {
        node.id for node in ast.walk(ast.parse(example.tests)) if isinstance(node, ast.Name)
    } & defined
    assert called
    assert all(name in example.instruction for name in called)


@each
def test_concepts_are_general(example: Example) -> None:
    names = {
        node.name
        for node in ast.walk(ast.parse(example.snippet))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for concept in example.concepts:
        assert concept.replace(" ", "").replace("-", "").isalpha()
        assert len(concept.split()) <= 8
        assert not names & set(concept.split())


@each
def test_the_task_is_another_one_than_the_snippets(example: Example) -> None:
    assert rouge_l(words(example.instruction), words(example.snippet)) < 0.25


def test_no_two_examples_are_alike() -> None:
    for one, other in itertools.combinations(EXAMPLES, 2):
        for part in ("instruction", "snippet", "response", "tests"):
            likeness = rouge_l(words(getattr(one, part)), words(getattr(other, part)))
            assert likeness < 0.5, f"{part} of {one.name} and {other.name}: {likeness:.2f}"
        shared = {concept.casefold() for concept in one.concepts} & set(other.concepts)
        assert len(shared) < 2


def test_no_example_is_in_a_benchmark() -> None:
    files = {"HumanEval+": "humanevalplus.jsonl.gz", "MBPP": "mbpp.jsonl.gz"}
    if not all((DATA / name).exists() for name in files.values()):
        give_up("shared/data is not here: HumanEval+ and MBPP are needed")
    items = [item for name, file in files.items() for item in load_items(DATA / file, name)]
    detector = Detector(items)
    found = [
        (example.name, match)
        for example in EXAMPLES
        for text, code in (
            (example.instruction, solution(example)),
            (example.instruction, ""),
            ("", example.snippet),
        )
        if (match := detector.check(text, code, "python")) is not None
    ]
    assert found == []
    planted = next(item for item in items if item.solutions)
    assert detector.check(planted.texts[0], planted.solutions[0], "python") is not None
