"""MBPP as its authors published it (Austin et al. 2021): `text`, `code`, `test_list`.

The sanitized file's `prompt` and `test_imports` are read too, and an `instruction` of one's own,
which is then shown without a test. MBPP+ (`mbpp+`) is the stronger benchmark; Hugging Face has it
in these columns, with all its tests in one more, `test`.
"""

import re
from typing import Annotated

import msgspec

from veristone import AssertsCheck
from veristone.files import Row
from veristone.generators.code.names import defines
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


class _Row(msgspec.Struct):
    task_id: int | str
    code: str
    test_list: Annotated[list[str], msgspec.Meta(min_length=1)]
    text: str = ""
    test_imports: list[str] = []
    test_setup_code: str = ""
    test: str = ""
    instruction: str = ""


def read_task(row: Row, *, plus: bool = False) -> Task:
    """Read one row; with `plus` as a task of MBPP+, whose tests are in `test`.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    fields = row.read(_Row)
    tests = fields.test_list
    parts = [*fields.test_imports, fields.test_setup_code, *tests, fields.test if plus else ""]
    check = AssertsCheck(tests="\n".join(filter(None, parts)))
    name = "Mbpp" if plus else "mbpp"
    text = fields.text or row.text("prompt")
    code = fields.code.replace("\r\n", "\n")
    return Task(
        task_id=fields.task_id if isinstance(fields.task_id, str) else f"{name}/{fields.task_id}",
        # What Austin et al. show a base model, with one test as the field does it.
        prompt=f'"""\n{text}\n{tests[0]}\n"""\n',
        entry_point=_entry_point(code, tests),
        canonical_solution=code,
        build=lambda solution: Program(solution, check),
        instruction=fields.instruction or _with_test(text, tests[0]),
        stop=("\nassert", '\n"""', "\nprint(", "\nif __name__"),
        base_with_plus=plus,
    )


def _with_test(text: str, test: str) -> str:
    return f"{text} Your code should satisfy this assertion:\n\n```python\n{test}\n```"


def _entry_point(code: str, tests: list[str]) -> str:
    """Return the function of the reference that the tests call; empty where none is found."""
    called = re.findall(r"(\w+)\s*\(", "\n".join(tests))
    return next((name for name in called if defines(code, name)), "")
