"""MBPP as its authors published it (Austin et al. 2021): `text`, `code`, `test_list`.

The sanitized file's `prompt` and `test_imports` are read too, and an `instruction` of one's own,
which is then shown without a test. The asserts run in the sample's own
interpreter (`shared`); MBPP+ (`mbpp+`) is the stronger and safer benchmark.
"""

import ast
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
    tests = _texts(row, "test_list")
    if not tests:
        raise DatasetError(f"{row.where}: 'test_list' is empty")
    setup = [*_texts(row, "test_imports"), str(row.fields.get("test_setup_code") or "")]
    check = AssertsCheck(tests="\n".join(filter(None, [*setup, *tests])))
    text = row.text("text" if "text" in row.fields else "prompt")
    code = row.text("code").replace("\r\n", "\n")
    return Task(
        task_id=_task_id(row),
        # What Austin et al. show a base model, with one test as the field does it.
        prompt=f'"""\n{text}\n{tests[0]}\n"""\n',
        entry_point=_entry_point(code, tests),
        canonical_solution=code,
        build=lambda solution: Program(solution, check),
        instruction=str(row.fields.get("instruction") or "") or _with_test(text, tests[0]),
        stop=("\nassert", '\n"""', "\nprint(", "\nif __name__"),
    )


def _with_test(text: str, test: str) -> str:
    return f"{text} Your code should satisfy this assertion:\n\n```python\n{test}\n```"


def _entry_point(code: str, tests: list[str]) -> str:
    """Return the function of the reference that the tests call; empty where none is found."""
    try:
        defined = {n.name for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)}
        called = [
            node.func.id
            for node in ast.walk(ast.parse("\n".join(tests)))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return next((name for name in called if name in defined), "")


def _task_id(row: Row) -> str:
    value = row.require("task_id")
    return value if isinstance(value, str) else f"mbpp/{value}"


def _texts(row: Row, field: str) -> list[str]:
    value: Any = row.fields.get(field) or []
    if not isinstance(value, list):
        raise DatasetError(f"{row.where}: {field!r} must be a list of strings")
    items = cast("list[Any]", value)
    if not all(isinstance(each, str) for each in items):
        raise DatasetError(f"{row.where}: {field!r} must be a list of strings")
    return [str(each) for each in items]
