"""Benchmark files of every shape become items, and broken ones say what is wrong."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from veristone import DatasetError
from veristone.generators.seeds.contamination.benchmarks import load_items

PROMPT = 'def below_zero(ops):\n    """Detect whether the balance falls below zero."""\n'
BODY = "    total = 0\n    for op in ops:\n        total += op\n    return total < 0\n"

ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "HumanEval": (
        {
            "task_id": "HumanEval/3",
            "prompt": PROMPT,
            "entry_point": "below_zero",
            "canonical_solution": BODY,
            "test": "def check(candidate): assert candidate([]) == False",
        },
        {"label": "HumanEval/3 (below_zero)", "entry_point": "below_zero", "solutions": (BODY,)},
    ),
    "HumanEval-X": (
        {
            "task_id": "JavaScript/3",
            "prompt": "/* Detect whether it falls below zero. */\nconst belowZero = (ops) => {",
            "declaration": "\nconst belowZero = (operations) => {\n",
            "canonical_solution": "  return false;\n}\n",
            "test": "testBelowZero()",
        },
        {"language": "javascript", "entry_point": "belowZero"},
    ),
    "MBPP": (
        {
            "task_id": "mbpp/604",
            "text": "Write a function to reverse words in a given string.",
            "code": "def helper(s):\n  return s\ndef reverse_words(s):\n  return s[::-1]",
            "test_list": ["assert reverse_words('a b') == 'b a'"],
        },
        {
            "label": "mbpp/604 (reverse_words)",
            "entry_point": "reverse_words",
            "texts": ("Write a function to reverse words in a given string.",),
        },
    ),
    "MBPP+": (
        {
            "task_id": "Mbpp/2",
            "prompt": '"""\nWrite a function to find shared items.\nassert similar(1) == 2\n"""\n',
            "entry_point": "similar",
            "canonical_solution": "\ndef similar(a):\n    return a\n",
        },
        {"entry_point": "similar"},
    ),
    "MultiPL-E": (
        {
            "name": "HumanEval_3_below_zero",
            "language": "rs",
            "prompt": "/// Detect whether it falls below zero.\nfn below_zero(x: A) -> u8 {\n",
            "tests": "}\nfn main() { let candidate = below_zero; }",
        },
        {
            "language": "rs",
            "entry_point": "below_zero",
            "texts": ("/// Detect whether it falls below zero.",),
        },
    ),
    "DS-1000": (
        {
            "prompt": "Problem:\nI have a DataFrame and want to shuffle its rows.\nA:\n<code>\n",
            "reference_code": "result = df.iloc[order]",
            "metadata": {"problem_id": 17, "library": "Pandas"},
        },
        {"label": "DS-1000/17", "solutions": ("result = df.iloc[order]",)},
    ),
    "LiveCodeBench": (
        {
            "question_title": "Shortest Route",
            "question_content": "There are n towns. Find the length of the shortest route.",
            "question_id": "abc301_a",
            "starter_code": "class Solution:\n    def shortestRoute(self, n: int):\n        ",
            "metadata": '{"func_name": "shortestRoute"}',
        },
        {"label": "LiveCodeBench/abc301_a (shortestRoute)", "entry_point": "shortestRoute"},
    ),
    "APPS": (
        {
            "problem_id": 4,
            "question": "Given a string of digits, print the largest digit.",
            "solutions": '["print(max(input()))", "print(sorted(input())[-1])"]',
            "input_output": '{"inputs": ["123\\n"], "outputs": ["3\\n"]}',
        },
        {
            "label": "APPS/4",
            "solutions": ("print(max(input()))", "print(sorted(input())[-1])"),
        },
    ),
    "own": (
        {"problem": "Add all odd numbers.", "solution": "def f(x):\n    return sum(x)"},
        {"label": "own/0 (f)", "texts": ("Add all odd numbers.",)},
    ),
}


@pytest.mark.parametrize("benchmark", ROWS)
def test_fields_are_found_whatever_they_are_called(benchmark: str, tmp_path: Path) -> None:
    row, expected = ROWS[benchmark]
    path = tmp_path / "file.jsonl"
    path.write_text(json.dumps(row) + "\n\n")
    (item,) = load_items(path, benchmark)
    assert {name: getattr(item, name) for name in expected} == expected
    assert item.texts
    assert not any("return" in text for text in item.texts)


def test_packed_files_hold_the_same_items(tmp_path: Path) -> None:
    lines = json.dumps(ROWS["HumanEval"][0]).encode()
    (tmp_path / "plain").write_bytes(lines)
    (tmp_path / "packed").write_bytes(gzip.compress(lines))
    assert load_items(tmp_path / "plain", "B") == load_items(tmp_path / "packed", "B") != []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"{broken", "file:1"),
        (b'{"prompt": "a b c"}\n[1]', "file:2"),
        (b"[1, 2]", "file:1"),
        (b'{"foo": 1}', "its fields are: foo"),
        (b"\x1f\x8bxxx", "cannot be read"),
        (b'"\xff"', "file:1"),
        (b"[" * 100_000, "file:1"),
    ],
)
def test_broken_files(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="file") as caught:
        load_items(path, "HumanEval")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": None, "text": 3, "code": {"a": ["b", None, {"c": 1.5}]}},
        {"prompt": "words", "solutions": [[[[[["deep"]]]]]], "metadata": "[[[", "language": 7},
        {"task_id": ["x", "y"], "text": "a \ud800 b", "entry_point": ""},
    ],
)
def test_odd_rows_are_items_too(row: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(json.dumps(row))
    assert len(load_items(path, "odd")) == 1
