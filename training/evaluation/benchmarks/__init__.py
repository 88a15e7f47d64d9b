"""One reader a benchmark: a row of its file in, a `Task` out.

What a benchmark's own harness would do with a solution is said as a `Check` and judged by the
verifier like everything else.
"""

from collections.abc import Callable, Collection
from typing import Literal, get_args

from veristone.files import Row
from veristone.training.evaluation.benchmarks import (
    bigcodebench,
    ds1000,
    evalplus,
    humaneval_x,
    livecodebench,
    mbpp,
    multipl_e,
)
from veristone.training.evaluation.task import Task

__all__ = ["BENCHMARKS", "NEED_LIBRARIES", "Benchmark", "reader_of", "told_by"]

Benchmark = Literal[
    "humaneval",
    "humaneval+",
    "mbpp",
    "mbpp+",
    "humaneval-x",
    "multipl-e",
    "livecodebench",
    "ds-1000",
    "bigcodebench",
]
BENCHMARKS: tuple[Benchmark, ...] = get_args(Benchmark)
_READERS: dict[str, Callable[[Row], Task]] = {
    "humaneval": evalplus.read_humaneval,
    "mbpp": mbpp.read_task,
    "humaneval-x": humaneval_x.read_task,
    "multipl-e": multipl_e.read_task,
    "livecodebench": livecodebench.read_task,
    "ds-1000": ds1000.read_task,
    "bigcodebench": bigcodebench.read_task,
}
NEED_LIBRARIES = frozenset({"ds-1000", "bigcodebench"})
"""Benchmarks about libraries, which the sandboxes may lack: reference solutions are run first."""
_SIGNS: dict[str, frozenset[str]] = {
    "humaneval+ or mbpp+": frozenset({"base_input", "plus_input"}),
    "bigcodebench": frozenset({"complete_prompt", "instruct_prompt"}),
    "ds-1000": frozenset({"code_context", "reference_code"}),
    "livecodebench": frozenset({"question_id", "public_test_cases"}),
    "multipl-e": frozenset({"name", "tests", "prompt"}),
    "mbpp": frozenset({"code", "test_list"}),
    "humaneval": frozenset({"entry_point", "test", "prompt"}),
    "humaneval-x": frozenset({"declaration", "test", "prompt"}),
}
"""Columns by which a file is known, the strongest sign first."""


def told_by(fields: Collection[str]) -> str:
    """Return which benchmark a row looks to be of, or `samples`; empty where it is neither."""
    if not {"solution", "completion", "code_list"}.isdisjoint(fields):
        return "samples"
    return next((name for name, signs in _SIGNS.items() if signs <= set(fields)), "")


def reader_of(benchmark: Benchmark, float_atol: float) -> Callable[[Row], Task]:
    """Return what reads a row of a benchmark; see `evalplus.read_plus` for `float_atol`."""
    return _READERS.get(benchmark) or (
        lambda row: evalplus.read_plus(row, benchmark, float_atol=float_atol)
    )
