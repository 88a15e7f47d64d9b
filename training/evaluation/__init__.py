"""Benchmarks of the field over any `Verifier`.

The files that go in and come out are the field's own (human-eval's and EvalPlus's), so scores can
be compared with published ones. What is not promised: the same wall-clock limits as EvalPlus, which
depend on the machine; here CPU seconds decide.
"""

from veristone.training.evaluation.benchmarks import Benchmark
from veristone.training.evaluation.datasets import Dataset, Task, load_dataset
from veristone.training.evaluation.passk import Score, TaskCount, pass_at_k, score
from veristone.training.evaluation.results import Summary, summarise, write_results
from veristone.training.evaluation.runner import (
    EvalReport,
    Outcome,
    Status,
    evaluate,
    sample_for,
)
from veristone.training.evaluation.samples import Candidate, Samples, Trouble, load_candidates

__all__ = [
    "Benchmark",
    "Candidate",
    "Dataset",
    "EvalReport",
    "Outcome",
    "Samples",
    "Score",
    "Status",
    "Summary",
    "Task",
    "TaskCount",
    "Trouble",
    "evaluate",
    "load_candidates",
    "load_dataset",
    "pass_at_k",
    "sample_for",
    "score",
    "summarise",
    "write_results",
]
