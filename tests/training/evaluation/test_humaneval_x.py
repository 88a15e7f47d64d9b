"""HumanEval-X: right solutions pass and halves of them do not, in the languages that are here."""

import json
from pathlib import Path

import pytest
from backends import open_engine

from veristone import DatasetError, FrameworkCheck
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


GO = {
    "task_id": "Go/0",
    "import": 'import (\n    "math"\n)\n',
    "prompt": 'import (\n    "math"\n)\n\n// Far is the larger of two, in ascending sort.\n'
    "func Far(a []int) int {\n",
    "canonical_solution": "    sort.Ints(a)\n    return max(a[0], a[len(a)-1])\n}\n\n"
    "func max(a, b int) int {\n    if a > b {\n        return a\n    }\n    return b\n}\n",
    "test_setup": 'package main\n\nimport (\n    "testing"\n'
    '    "github.com/stretchr/testify/assert"\n)\n',
    "test": "func TestFar(t *testing.T) {\n    assert := assert.New(t)\n"
    "    assert.Equal(3, Far([]int{3, 1}))\n"
    "    assert.Equal(int(math.Sqrt(4)), Far([]int{2}))\n}\n",
}
RUST = {
    "task_id": "Rust/0",
    "prompt": "\n/*\n Twice a number.\n*/\nfn twice(x: i32) -> i32 {\n",
    "declaration": "use std::{cmp::{max, self}, collections::HashMap};\n",
    "canonical_solution": "    let held: HashMap<i32, i32> = HashMap::from([(x, 2 * x)]);\n"
    "    held[&x]\n}\n",
    "test": "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn test_twice() {\n"
    "        assert_eq!(twice(2), 4);\n        assert!(twice(max(3, 1)) == 6);\n    }\n}\n",
}
WRONG = {
    "Go/0": "    return a[0] - 1\n}\n",
    "Rust/0": "    x\n}\n",
}
OTHERS = {
    # It stands by itself, with tests and a `main` of its own.
    "Go/0": 'package far\n\nimport (\n    "sort"\n    "testing"\n)\n\nfunc Far(a []int) int {\n'
    "    sort.Ints(a)\n    return a[len(a)-1]\n}\n\nfunc TestFar(t *testing.T) {}\n",
    "Rust/0": "pub fn twice(x: i32) -> i32 { x + x }\n\nfn main() {\n    twice(1);\n}\n\n"
    "#[cfg(test)]\nmod tests {\n    #[test]\n    fn own() {}\n}\n",
}


@pytest.mark.bubblewrap
@pytest.mark.parametrize("fields", [GO, RUST], ids=["go", "rust"])
async def test_tests_of_a_framework_decide(fields: dict[str, str], tmp_path: Path) -> None:
    """A row's imports and declarations are where they are needed, and nowhere else."""
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(fields) + "\n")
    dataset = load_dataset(path, "humaneval-x")
    (task,) = dataset.tasks.values()
    whole = "fn max(a: i32, b: i32) -> i32 { a }\n" if task.language == "rust" else ""
    texts = [
        task.reference,
        whole + OTHERS[task.task_id],
        task.prompt + WRONG[task.task_id],
        task.prompt,
        task.prompt + fields["canonical_solution"][: len(fields["canonical_solution"]) // 2],
    ]
    async with open_engine("bubblewrap") as engine:
        try:
            await engine.isolation(task.language)
        except ToolchainMissing as error:
            pytest.skip(str(error))
        candidates = [Candidate(task_id=task.task_id, solution=text) for text in texts]
        report = await evaluate(engine, dataset, candidates)
    found = [outcome.base_status for outcome in report.outcomes]
    assert found == ["pass", "pass", "fail", "fail", "fail"], [
        outcome.message for outcome in report.outcomes
    ]


def test_rust_of_an_older_rand_is_that_of_ours(tmp_path: Path) -> None:
    drawn = "fn test() { rng.gen_range(0, 4); rng.gen_range(-1, 2 * n); rng.gen_range(0..4); }"
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(RUST | {"test": drawn}) + "\n")
    (task,) = load_dataset(path, "humaneval-x").tasks.values()
    check = task.build(task.reference).check
    assert isinstance(check, FrameworkCheck)
    now = "fn test() { rng.gen_range(0..4); rng.gen_range(-1..2 * n); rng.gen_range(0..4); }"
    assert check.tests == now


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
