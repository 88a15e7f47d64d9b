"""Benchmarks beyond EvalPlus's: one file each, which reads a row into a `Task`.

What a benchmark's own harness would do with a solution is said as a `Check` and judged by the
verifier like everything else. `SUITES` maps a benchmark's name to its reader.
"""

from collections.abc import Callable, Mapping

from veristone.files import Row
from veristone.training.evaluation.suites import ds1000, livecodebench, mbpp, multipl_e
from veristone.training.evaluation.task import Task

__all__ = ["SUITES"]

SUITES: Mapping[str, Callable[[Row], Task]] = {
    "mbpp": mbpp.read_task,
    "multipl-e": multipl_e.read_task,
    "livecodebench": livecodebench.read_task,
    "ds-1000": ds1000.read_task,
}
