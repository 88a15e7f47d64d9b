"""Selections made up for the tests of the dataset writer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from veristone import Decision, Reason, Verdict
from veristone.generators.seeds.records import Provenance, Seed
from veristone.generators.selection.funnel import Funnel, StepFunnel
from veristone.generators.selection.rows import Preference, Repair, Selected, Unpaired
from veristone.generators.synthesis.records import Record, Trace

__all__ = ["render", "selected", "write_selection"]

CODE = "def double(x):\n    return x * 2\n"


def render(instruction: str) -> str:
    """A template."""
    return f"Answer.\n\n### Instruction\n{instruction}\n\n### Response\n"


def selected(row_id: str, instruction: str = "", **fields: Any) -> Selected:
    """A row with everything set."""
    group = row_id.partition("/")[0]
    text = instruction or f"Double the {group} of all apples in basket {group} and return them."
    record = Record(
        id=row_id,
        seed=Seed(
            id="s1",
            code="def f():\n    return 1\n",
            language="python",
            imports=("import os",),
            provenance=Provenance(
                source="tree",
                repository="acme/tools",
                path="src/f.py",
                commit="abc",
                licences=("MIT", "Apache-2.0"),
                start_line=3,
                end_line=4,
            ),
        ),
        concepts=("doubling", "größe"),
        category="function",
        difficulty="easy",
        instruction=text,
        response=f"```python\n{CODE}```",
        code=CODE,
        tests="assert double(2) == 4\n",
        verdict=Verdict(
            id=row_id, decision=Decision.PASS, reason=Reason.PASSED, passed=3, total=3, version="9"
        ),
        traces=(
            Trace(stage="concepts", model="tiny", request="q", seed=7, shots=("a", "b")),
            Trace(stage="responses", model="tiny", finish_reason="stop"),
        ),
    )
    defaults: dict[str, Any] = {
        "instruction": text,
        "response": record.response,
        "sections": ("implementation",),
        "asserts": 1,
        "strength": 0.75,
        "agreement": 2,
    }
    return Selected(id=row_id, group=group, record=record, **{**defaults, **fields})


def write_selection(
    folder: Path, rows: Sequence[Selected], *, products: bool = True, **funnel: Any
) -> Path:
    """Write a selection's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = dict.fromkeys(row.group for row in rows) if products else {}
    common = {"prompt": "Double it.", "reason": "assertion_failed"}
    lines: dict[str, list[Any]] = {
        "selected": list(rows),
        "preferences": [
            Preference(id=f"{g}/0>1", group=g, chosen="good", rejected="bad", **common)
            for g in groups
        ],
        "kto": [
            Unpaired(id=f"{g}/{int(label)}", group=g, completion="x", label=label, **common)
            for g in groups
            for label in (True, False)
        ],
        "repairs": [
            Repair(
                id=f"{g}/1>0",
                group=g,
                completion="good",
                instruction="Double it.",
                failing="bad",
                error="boom",
                **common,
            )
            for g in groups
        ],
    }
    for name, some in lines.items():
        data = b"".join(msgspec.json.encode(one) + b"\n" for one in some)
        (folder / f"{name}.jsonl").write_bytes(data)
    defaults: dict[str, Any] = {
        "recipe": "test",
        "digest": "d",
        "instructions": 10,
        "instructions_passed": 5,
        "steps": [StepFunnel(step="passed", given=20, kept=9, reasons={"runtime_error": 11})],
        "models": {"tiny": len(rows)},
        "licences": {"MIT": len(rows)},
        "verifiers": {"9": len(rows)},
    }
    made = Funnel(**{**defaults, **funnel})
    (folder / "funnel.json").write_bytes(msgspec.json.encode(made))
    return folder
