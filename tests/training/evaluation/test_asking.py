"""From a model to a samples file, and what of an answer is run."""

import asyncio
import json
from pathlib import Path

import pytest

from veristone import (
    Completion,
    ConfigError,
    Generation,
    GenerationRequest,
    ModelUnavailable,
    RequestRefused,
)
from veristone.training.evaluation import Dataset, load_candidates, load_dataset
from veristone.training.evaluation.asking import Asking, ask, request_for


def fenced(code: str, tag: str = "python") -> str:
    return f"```{tag}\n{code}```\n"


class Scripted:
    """Answers with a function of the request; counts what it was asked."""

    name = "scripted"

    def __init__(self, fail_after: int | None = None) -> None:
        self.asked: list[str] = []
        self._fail_after = fail_after

    async def generate(self, request: GenerationRequest) -> Generation:
        await asyncio.sleep(0)
        if self._fail_after is not None and len(self.asked) >= self._fail_after:
            raise ModelUnavailable("gone")
        self.asked.append(request.id)
        if request.id.endswith("/9"):
            raise RequestRefused("too long")
        texts = [fenced(f"def f(x):\n    return {k}\n") for k in range(request.n)]
        return Generation(id=request.id, completions=tuple(Completion(text=t) for t in texts))


def tasks(tmp_path: Path, count: int = 10) -> Dataset:
    path = tmp_path / "tasks.jsonl"
    row = {"prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "", "test": ""}
    rows = [{"task_id": f"HumanEval/{n}", **row} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_dataset(path, "humaneval")


SAMPLED = Asking(style="chat", n=3, temperature=0.8)


async def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    dataset, path, other = tasks(tmp_path), tmp_path / "samples.jsonl", tmp_path / "other.jsonl"
    with pytest.raises(ModelUnavailable):
        await ask(Scripted(fail_after=4), dataset, SAMPLED, path, in_flight=2)
    with path.open("a") as file:
        file.write('{"task_id": "HumanEval/7", "torn')  # as a kill leaves it
    model = Scripted()
    counts: list[int] = []
    await ask(model, dataset, SAMPLED, path, in_flight=2, progress=counts.append)
    await ask(Scripted(), dataset, SAMPLED, other, in_flight=7)
    assert path.read_bytes() == other.read_bytes()
    assert len(model.asked) == 6
    assert counts[0] == 12
    assert counts[-1] == 30
    candidates = load_candidates(path, dataset.tasks)
    assert [c.task_id for c in candidates[:4]] == ["HumanEval/0"] * 3 + ["HumanEval/1"]
    assert candidates[1].solution.rstrip() == "def f(x):\n    return 1"


async def test_a_task_that_the_model_refuses_has_empty_samples(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path), tmp_path / "samples.jsonl"
    await ask(Scripted(), dataset, SAMPLED, path)
    last = [json.loads(line) for line in path.read_text().splitlines()][-3:]
    assert [row["task_id"] for row in last] == ["HumanEval/9"] * 3
    assert {row["solution"] for row in last} == {""}
    assert last[0]["finish_reason"] == "refused: too long"


async def test_samples_of_other_settings_are_not_mixed(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path, 2), tmp_path / "samples.jsonl"
    await ask(Scripted(), dataset, SAMPLED, path)
    warmer = Asking(style="chat", n=3, temperature=0.9)
    with pytest.raises(ConfigError, match="other settings"):
        await ask(Scripted(), dataset, warmer, path)


async def test_a_base_models_continuation_is_cut(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path, 1), tmp_path / "samples.jsonl"

    class Goes(Scripted):
        async def generate(self, request: GenerationRequest) -> Generation:
            text = "    return g(x)\n\ndef g(x):\n    return x\n\nprint(f(1))\n"
            return Generation(id=request.id, completions=(Completion(text=text),))

    await ask(Goes(), dataset, Asking(style="complete"), path)
    (candidate,) = load_candidates(path, dataset.tasks)
    assert "return g(x)" in candidate.solution
    assert "def g(x)" in candidate.solution, "a helper that is needed stays"
    assert "print" not in candidate.solution


def test_styles(tmp_path: Path) -> None:
    task = tasks(tmp_path, 1).tasks["HumanEval/0"]
    assert request_for(task, Asking(style="complete")).prompt == "def f(x):\n"
    rendered = request_for(task, Asking(render=lambda text: f"<{text}>")).prompt
    assert rendered.startswith("<Complete this Python function:")
    assert "def f(x):" in rendered
    assert request_for(task, SAMPLED).messages[0].role == "user"
    assert request_for(task, SAMPLED).seed == request_for(task, SAMPLED).seed
    with pytest.raises(ConfigError, match="template"):
        Asking()
    with pytest.raises(ConfigError, match="temperature"):
        Asking(style="chat", n=2)
