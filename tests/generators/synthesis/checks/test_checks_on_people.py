"""Programs and tests that people wrote are not refused: MBPP and HumanEval, 1128 of them."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from veristone.generators.synthesis.checks.program import stub, suite
from veristone.generators.synthesis.checks.text import leak

DATA = Path(__file__).parents[5] / "shared" / "data"


def rows(name: str) -> Iterator[dict[str, Any]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not there: see the README of shared/data")
    with gzip.open(path, "rt") as file:
        yield from map(json.loads, file)


def test_mbpp() -> None:
    for row in rows("mbpp.jsonl.gz"):
        code = row["code"].replace("\r\n", "\n")
        assert suite("\n".join(row["test_list"]), code) is None, row["task_id"]
        assert stub(code) is None, row["task_id"]
        assert leak(row["text"]) is None, row["task_id"]


def test_humaneval() -> None:
    for row in rows("humaneval.jsonl.gz"):
        code = row["prompt"] + row["canonical_solution"]
        tests = f"{row['test']}\ncheck({row['entry_point']})"
        assert suite(tests, code) is None, row["task_id"]
        assert stub(code) is None, row["task_id"]


def test_what_a_model_wrote_for_humaneval() -> None:
    for row in rows("starcoder2_instruct_humaneval_samples.jsonl.gz"):
        assert stub(row["completion"]) is None, row["task_id"]
