"""The published files load and become samples that can be judged."""

from pathlib import Path
from typing import Any

import pytest

from veristone import AssertsCheck, FunctionCheck
from veristone.training.evaluation import load_candidates, load_dataset, sample_for
from veristone.training.evaluation.runner import limits_for

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
SAMPLES = "starcoder2_instruct_humaneval_samples.jsonl.gz"


def real(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the public file {name} is not in ../shared/data of the repository")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "benchmark", "kind"),
    [
        ("humaneval.jsonl.gz", "humaneval", AssertsCheck),
        ("humanevalplus.jsonl.gz", "humaneval+", FunctionCheck),
    ],
)
def test_recorded_samples_become_samples(name: str, benchmark: Any, kind: type[Any]) -> None:
    dataset = load_dataset(real(name), benchmark)
    candidates = load_candidates(real(SAMPLES), dataset.tasks).candidates
    assert len(dataset.tasks) == 164
    assert {each.task_id for each in candidates} == set(dataset.tasks)
    ids: set[str] = set()
    validated: list[str] = []
    for candidate in candidates:
        task = dataset.tasks[candidate.task_id]
        sample = sample_for(candidate, dataset, limits_for())
        sample.validate()
        compile(sample.code, candidate.task_id, "exec")
        assert isinstance(sample.check, kind)
        if isinstance(sample.check, FunctionCheck):
            assert sample.check.reference is not None
            compile(sample.check.reference, candidate.task_id, "exec")
            assert len(sample.check.calls) == len(task.base_input) + len(task.plus_input)
            assert task.base_input
            assert task.plus_input
            if sample.check.validator is not None:
                validated.append(task.task_id)
        ids.add(sample.id)
    assert len(ids) == 164
    # Only find_zero has more than one right answer.
    assert validated == (["HumanEval/32"] if kind is FunctionCheck else [])
