"""References of benchmarks: run once for all samples and all runs, where a check has one."""

import json
from pathlib import Path
from typing import Any

import pytest

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import Job
from veristone.training.evaluation import Candidate, evaluate, load_dataset

GOLD = "def add(a, b):\n    return a + b  # gold\n"
PLUS = {
    "prompt": "",
    "entry_point": "add",
    "canonical_solution": GOLD,
    "base_input": [[1, 2]],
    "plus_input": [[3, 4]],
    "atol": 0,
}
ROWS: dict[str, dict[str, Any]] = {
    "humaneval+": {**PLUS, "task_id": "HumanEval/0"},
    "mbpp+": {**PLUS, "task_id": "Mbpp/8"},
    "livecodebench": {
        "question_id": "lc1",
        "question_content": "Add the numbers.",
        "starter_code": "class Solution:\n    def add(self, a: int, b: int):\n        ",
        "contest_date": "2023-10-01T00:00:00",
        "metadata": json.dumps({"func_name": "add"}),
        "public_test_cases": json.dumps([{"input": "1\n2", "output": "3"}]),
        "private_test_cases": json.dumps([{"input": "3\n4", "output": "7"}]),
    },
}


def added(job: Job) -> Any:
    """Play a driver of calls that adds."""
    calls = json.loads(job.payload)["calls"]
    events = [{"call": n, "value": sum(c["args"]), "cpu": 0.01} for n, c in enumerate(calls)]
    return report(*events, {"done": len(calls)})


async def judged(folder: Path, benchmark: Any) -> tuple[int, list[str]]:
    """Return how many references were run, and the statuses of three answers."""
    path = folder / "tasks.jsonl"
    path.write_text(json.dumps(ROWS[benchmark]) + "\n")
    dataset = load_dataset(path, benchmark)
    golds: list[Job] = []

    def script(job: Job) -> Any:
        golds.extend([job] if GOLD.encode() in job.files.values() else [])
        return added(job)

    config = EngineConfig(sandboxes=2, references=folder / "kept")
    (task_id,) = dataset.tasks
    answers = [Candidate(task_id, f"answer = {number}") for number in range(3)]
    async with Engine(config, backend=FakeBackend(script)) as engine:
        found = await evaluate(engine, dataset, answers)
    return len(golds), [
        str(outcome.plus_status or outcome.base_status) for outcome in found.outcomes
    ]


@pytest.mark.parametrize("benchmark", ["humaneval+", "mbpp+"])
async def test_the_canonical_solution_is_run_once_for_all_samples_and_runs(
    benchmark: str, tmp_path: Path
) -> None:
    assert await judged(tmp_path, benchmark) == (1, ["pass"] * 3)
    assert await judged(tmp_path, benchmark) == (0, ["pass"] * 3)


async def test_livecodebench_says_what_it_expects_and_runs_nothing_of_its_own(
    tmp_path: Path,
) -> None:
    assert await judged(tmp_path, "livecodebench") == (0, ["pass"] * 3)
