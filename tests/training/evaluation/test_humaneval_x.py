"""HumanEval-X: right solutions pass and halves of them do not, in the languages that are here."""

import json
from pathlib import Path

import pytest
from backends import open_engine

from veristone import DatasetError
from veristone.engine.backends.base import ToolchainMissing
from veristone.training.evaluation import evaluate, load_dataset
from veristone.training.evaluation.samples import Candidate

DATA = Path(__file__).parents[4] / "shared" / "data"
JS = {
    "task_id": "JavaScript/0",
    "prompt": "const twice = (x) => {\n",
    "canonical_solution": "  return 2 * x\n}\n",
    "test": "const test = () => {\n  console.assert(twice(2) === 4)\n}\ntest()\n",
}


def written(folder: Path, **changes: str) -> Path:
    path = folder / "tasks.jsonl"
    path.write_text(json.dumps(JS | changes) + "\n")
    return path


def test_a_language_that_is_none_of_the_six_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Cobol"):
        load_dataset(written(tmp_path, task_id="Cobol/0"), "humaneval-x")


@pytest.mark.bubblewrap
async def test_an_assertion_that_fails_on_the_console_fails_the_solution(tmp_path: Path) -> None:
    dataset = load_dataset(written(tmp_path), "humaneval-x")
    bodies = ("  return 2 * x\n}\n", "  return x\n}\n")
    candidates = [Candidate(task_id="JavaScript/0", solution=JS["prompt"] + b) for b in bodies]
    async with open_engine("bubblewrap") as engine:
        try:
            await engine.isolation("javascript")
        except ToolchainMissing as error:
            pytest.skip(str(error))
        report = await evaluate(engine, dataset, candidates)
    assert [outcome.base_status for outcome in report.outcomes] == ["pass", "fail"]


@pytest.mark.bubblewrap
@pytest.mark.skipif(not DATA.exists(), reason="the field's own files are not here: ../shared/data")
@pytest.mark.parametrize(("name", "language"), [("js", "javascript"), ("cpp", "cpp")])
async def test_solutions_of_the_data_itself(name: str, language: str) -> None:
    dataset = load_dataset(DATA / f"humanevalx_{name}.jsonl.gz", "humaneval-x")
    tasks = list(dataset.tasks.items())[:8]
    right = [
        Candidate(task_id=task_id, solution=task.prompt + task.canonical_solution)
        for task_id, task in tasks
    ]
    half = [Candidate(task_id=task_id, solution=task.prompt) for task_id, task in tasks]
    async with open_engine("bubblewrap", sandboxes=2) as engine:
        try:
            await engine.isolation(language)
        except ToolchainMissing as error:
            pytest.skip(str(error))
        report = await evaluate(engine, dataset, right + half)
    statuses = [outcome.base_status for outcome in report.outcomes]
    assert statuses == ["pass"] * 8 + ["fail"] * 8
