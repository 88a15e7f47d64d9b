"""BigCodeBench (Zhuo et al. 2024): functions that use libraries, tested with unittest.

The program is as in the calibrated mode of its own harness, which is that of its leaderboard: the
head of the task with an empty body, then the solution, so that imports which the task gives need
not be said again. The tests are its `TestCases`, collected as unittest does.
"""

import msgspec

from veristone import AssertsCheck
from veristone.files import Row
from veristone.generators.code.python import parses
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


class _Row(msgspec.Struct):
    task_id: str
    complete_prompt: str
    canonical_solution: str
    test: str
    entry_point: str
    instruct_prompt: str = ""
    code_prompt: str = ""


def read_task(row: Row) -> Task:
    """Read one row of the dataset, the full one or the hard one.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    fields = row.read(_Row)
    head = f"{fields.code_prompt}\n    pass\n" if fields.code_prompt else ""
    check = AssertsCheck(tests=fields.test)
    return Task(
        task_id=fields.task_id,
        prompt=fields.complete_prompt,
        entry_point=fields.entry_point,
        canonical_solution=fields.canonical_solution,
        build=lambda solution: Program(_calibrated(head, solution), check),
        instruction=fields.instruct_prompt,
        stop=("\nif __name__", "\nassert", "\nprint("),
    )


def _calibrated(head: str, solution: str) -> str:
    whole = f"{head}{solution}"
    # `from __future__` must stand first.
    return whole if "__future__" not in solution and parses(whole) else solution
