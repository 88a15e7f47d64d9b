"""Recorded right solutions of a published benchmark are found once renamed and stripped.

The acceptance test in miniature for Magicoder's leak: nothing of the text is left that a substring
could find, but the function does what the task asks.
"""

import ast
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sandboxed_seeds import seed, word

from veristone.engine import Engine
from veristone.generators.seeds.sandboxed.behaviour import BehaviourStep
from veristone.generators.seeds.steps import Services

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
TASKS = slice(16, 26)


def real(name: str) -> bytes:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the public file {name} is not in ../shared/data of the repository")
    return gzip.decompress(path.read_bytes())


def disguised(code: str, name: str) -> str:
    """Rename the function and drop docstrings and formatting."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node) and len(node.body) > 1:
                del node.body[0]
            node.name = "f" if node.name == name else node.name
        elif isinstance(node, ast.Name) and node.id == name:
            node.id = "f"
    return ast.unparse(tree)


async def test_recorded_solutions_are_found(engine: Engine, tmp_path: Path) -> None:
    lines = real("humanevalplus.jsonl.gz").splitlines()[TASKS]
    tasks: dict[str, Any] = {row["task_id"]: row for row in map(json.loads, lines)}
    path = tmp_path / "tasks.jsonl"
    path.write_bytes(b"\n".join(lines))
    results = json.loads(real("starcoder2_instruct_humaneval_eval_results.json.gz"))["eval"]
    samples = map(json.loads, real("starcoder2_instruct_humaneval_samples.jsonl.gz").splitlines())
    seeds = {
        row["task_id"]: seed(disguised(task["prompt"] + row["completion"], task["entry_point"]))
        for row in samples
        if (task := tasks.get(row["task_id"])) is not None
    }
    right = {id for id in seeds if results[id][0]["base_status"] == "pass"}
    step = BehaviourStep.model_validate({"benchmarks": [{"name": "humaneval+", "path": path}]})
    guard = await step.guard(engine, tmp_path)
    guarded = {task.name.partition(" ")[0] for task in guard.tasks}
    assert guarded == set(tasks) - {"HumanEval/23"}
    assert guard.unguarded == {"HumanEval/23 (strlen)": "trivial"}
    outcomes = await step.ask(list(seeds.values()), Services(verifier=engine), tmp_path)
    found = {id for id, outcome in zip(seeds, outcomes, strict=True) if word(outcome) != "kept"}
    assert found == right & guarded
