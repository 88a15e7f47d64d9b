"""DS-1000 (Lai et al. 2023), in its JSON Lines form: `prompt`, `code_context`, `metadata`.

`code_context` brings `test_execution(solution)` and at times `test_string(solution)`; both are
called as tests, with proof that they ran to their end. Tasks need the library that they are about:
where the sandbox lacks it, the reference solution fails too, and the task says nothing about a
model. `evaluate` finds such tasks with `check_references`.
"""

import msgspec

from veristone import AssertsCheck, DatasetError
from veristone.files import Row
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


class _Metadata(msgspec.Struct):
    problem_id: int | str


class _Row(msgspec.Struct):
    prompt: str
    reference_code: str
    code_context: str
    metadata: _Metadata


def read_task(row: Row) -> Task:
    """Read one row.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    fields = row.read(_Row)
    context = fields.code_context
    if "def test_execution(" not in context:
        raise DatasetError(f"{row.where}: 'code_context' has no test_execution")
    calls = ["test_execution(solution)"]
    if "def test_string(" in context:
        calls.append("test_string(solution)")
    return Task(
        task_id=f"DS-1000/{fields.metadata.problem_id}",
        prompt=fields.prompt,
        entry_point="",
        canonical_solution=fields.reference_code,
        build=lambda solution: _program(context, solution, calls),
        # Their prompts are instructions already, and end where the answer begins.
        instruction=fields.prompt,
        stop=("</code>", "# SOLUTION END", "\nEND SOLUTION"),
    )


def _program(context: str, solution: str, calls: list[str]) -> Program:
    tests = "\n".join([f"solution = {solution!r}", *calls])
    return Program(context, AssertsCheck(tests=tests))
