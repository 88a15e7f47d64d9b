"""One reader a benchmark: a row of its file in, a `Task` out.

What a benchmark's own harness would do with a solution is said as a `Check` and judged by the
verifier like everything else.
"""

from collections.abc import Callable
from typing import Literal, get_args

from veristone.files import Row
from veristone.training.evaluation.benchmarks import (
    ds1000,
    evalplus,
    humaneval_x,
    livecodebench,
    mbpp,
    multipl_e,
)
from veristone.training.evaluation.task import Task

__all__ = ["BENCHMARKS", "Benchmark", "reader_of"]

Benchmark = Literal[
    "humaneval",
    "humaneval+",
    "mbpp",
    "mbpp+",
    "humaneval-x",
    "multipl-e",
    "livecodebench",
    "ds-1000",
]
BENCHMARKS: tuple[Benchmark, ...] = get_args(Benchmark)
_READERS: dict[str, Callable[[Row], Task]] = {
    "humaneval": evalplus.read_humaneval,
    "mbpp": mbpp.read_task,
    "humaneval-x": humaneval_x.read_task,
    "multipl-e": multipl_e.read_task,
    "livecodebench": livecodebench.read_task,
    "ds-1000": ds1000.read_task,
}


def reader_of(benchmark: Benchmark, float_atol: float) -> Callable[[Row], Task]:
    """Return what reads a row of a benchmark; see `evalplus.read_plus` for `float_atol`."""
    return _READERS.get(benchmark) or (
        lambda row: evalplus.read_plus(row, benchmark, float_atol=float_atol)
    )
