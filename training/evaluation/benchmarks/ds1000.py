"""DS-1000 (Lai et al. 2023), in its JSON Lines form: `prompt`, `code_context`, `metadata`.

`code_context` brings `test_execution(solution)` and at times `test_string(solution)`; both are
called as tests, with proof that they ran to their end. Tasks need the library that they are about:
where the sandbox lacks it, the reference solution fails too, and the task says nothing about a
model. `evaluate` finds such tasks with `check_references`.
"""

import textwrap

import msgspec

from veristone import AssertsCheck, DatasetError
from veristone.files import Row
from veristone.generators.code.answers import solution_in_answer
from veristone.generators.code.python import parses
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
        # Prose, and the code that it shows is run by the context: nothing goes on it.
        prompt="",
        entry_point="",
        canonical_solution=fields.reference_code,
        build=lambda solution: _program(context, _code(solution), calls),
        # Their prompts are instructions already, and end where the answer begins.
        instruction=fields.prompt,
        stop=("</code>", "# SOLUTION END", "\nEND SOLUTION"),
    )


def _code(text: str) -> str:
    """Return what of an answer is code, as their own harness cuts it: up to where their format ends
    it, and without what opens it. Where prose stands before a fence, it is what the fence holds."""
    for end in ("</code>", "# SOLUTION END", "\nEND SOLUTION"):
        text = text.partition(end)[0]
    text = text.replace("<code>", "").replace("BEGIN SOLUTION\n", "")
    before, fence, _ = text.replace("```python", "", 1).partition("```")
    if "```" in text and not parses(textwrap.dedent(before)):
        return solution_in_answer(text).code
    return before if fence else text.replace("```python", "")


def _program(context: str, solution: str, calls: list[str]) -> Program:
    tests = "\n".join([f"solution = {solution!r}", *calls])
    return Program(context, AssertsCheck(tests=tests))
