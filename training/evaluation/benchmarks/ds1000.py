"""DS-1000 (Lai et al. 2023), in its JSON Lines form: `prompt`, `code_context`, `metadata`.

`code_context` brings `test_execution(solution)` and at times `test_string(solution)`; both are
called as tests, with proof that they ran to their end. Tasks need the library that they are about:
where the sandbox lacks it, the reference solution fails too, and the task says nothing about a
model. `evaluate` finds such tasks with `check_references`.
"""

from typing import Any, cast

from veristone import AssertsCheck, DatasetError
from veristone.files import Row
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


def read_task(row: Row) -> Task:
    """Read one row.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    context = row.text("code_context")
    if "def test_execution(" not in context:
        raise DatasetError(f"{row.where}: 'code_context' has no test_execution")
    calls = ["test_execution(solution)"]
    if "def test_string(" in context:
        calls.append("test_string(solution)")
    metadata: Any = row.fields.get("metadata") or {}
    fields = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    number = fields.get("problem_id", row.fields.get("task_id"))
    if number is None:
        raise DatasetError(f"{row.where}: neither metadata.problem_id nor task_id is there")
    prompt = row.text("prompt")
    return Task(
        task_id=str(number) if "/" in str(number) else f"DS-1000/{number}",
        prompt=prompt,
        entry_point="",
        canonical_solution=row.text("reference_code"),
        build=lambda solution: _program(context, solution, calls),
        # Their prompts are instructions already, and end where the answer begins.
        instruction=prompt,
        stop=("</code>", "# SOLUTION END", "\nEND SOLUTION"),
        group=str(fields.get("library") or ""),
    )


def _program(context: str, solution: str, calls: list[str]) -> Program:
    tests = "\n".join([f"solution = {solution!r}", *calls])
    return Program(context, AssertsCheck(tests=tests))
