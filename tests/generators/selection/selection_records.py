"""Responses made up for the tests of selection, and files of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from veristone import Decision, Reason, TestResult, Verdict
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.synthesis.records import Record, Trace

__all__ = ["failing", "make", "passing", "read_lines", "undecided", "write_responses"]

DOUBLE = "def double(x):\n    return x * 2\n"
SEED_CODE = "def f(x):\n    return x\n"
SEED = Seed(
    id=seed_id("python", SEED_CODE),
    code=SEED_CODE,
    language="python",
    provenance=Provenance(
        source="tree", repository="acme/tools", path="f.py", commit="abc", licences=("MIT",)
    ),
)


def make(record_id: str, **fields: Any) -> Record:
    """A response that doubles a number, with one assert and no verdict."""
    code = fields.pop("code", DOUBLE)
    defaults: dict[str, Any] = {
        "seed": SEED,
        "instruction": f"Write a function for task {record_id.partition('/')[0]} that doubles.",
        "response": f"Here it is.\n\n```python\n{code}```",
        "code": code,
        "tests": "assert double(2) == 4\n",
        "category": "function",
        "difficulty": "easy",
        "concepts": ("arithmetic",),
        "traces": (Trace(stage="responses", model="tiny", request="r", shots=("one",)),),
    }
    return Record(id=record_id, **{**defaults, **fields})


def passing(record_id: str, tests_run: int = 1, **fields: Any) -> Record:
    """A response that passed."""
    results = [TestResult(passed=True, name=f"line {at + 1}") for at in range(tests_run)]
    verdict = Verdict(
        id=record_id,
        decision=Decision.PASS,
        reason=Reason.PASSED,
        passed=tests_run,
        total=tests_run,
        tests=results,
        version="1.2.3",
    )
    return make(record_id, verdict=verdict, **fields)


def failing(
    record_id: str, reason: Reason = Reason.ASSERTION_FAILED, message: str = "", **fields: Any
) -> Record:
    """A response that failed; its code differs from that of a pass."""
    verdict = Verdict(
        id=record_id,
        decision=reason.decision,
        reason=reason,
        message=message or "line 1: assert double(2) == 4",
        total=1,
    )
    fields.setdefault("code", "def double(x):\n    return x * 3\n")
    return make(record_id, verdict=verdict, **fields)


def undecided(record_id: str, **fields: Any) -> Record:
    """A response that the verifier could not judge."""
    return failing(record_id, Reason.SANDBOX_ERROR, **fields)


def write_responses(path: Path, records: Iterable[Record]) -> Path:
    """Write a file of responses, in the order given."""
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    return path


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of ours."""
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
