"""Runs a benchmark's own reference solutions: what fails them here says nothing about a model.

A task whose reference does not pass asks for a library that the sandboxes lack, or has tests that
depend on the machine. Such tasks are named and left out, never counted against anybody.
"""

from veristone import DatasetError, Limits, Verifier
from veristone.training.evaluation.datasets import Candidate, Dataset
from veristone.training.evaluation.runner import evaluate

__all__ = ["broken_references"]


async def broken_references(
    verifier: Verifier, dataset: Dataset, limits: Limits | None = None
) -> dict[str, str]:
    """Return the tasks whose reference solution does not pass, and why.

    Raises:
        DatasetError: the benchmark has no reference solutions.
    """
    candidates = [
        Candidate(task.task_id, task.canonical_solution, {})
        for task in dataset.tasks.values()
        if task.canonical_solution
    ]
    if not candidates:
        raise DatasetError(f"{dataset.path}: {dataset.benchmark} has no reference solutions to run")
    report = await evaluate(verifier, dataset, candidates, limits=limits)
    return {
        outcome.candidate.task_id: outcome.message or outcome.reason.value
        for outcome in report.outcomes
        if outcome.base_status != "pass"
    }
