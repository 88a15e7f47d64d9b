"""LiveCodeBench's code generation (Jain et al. 2024): standard input, or a method of `Solution`.

Cases are judged outside of the sandbox (`split`). Private cases come compressed and pickled; a
pickle is a program, so it is read by an unpickler that knows no classes and yields text or nothing.
"""

import ast
import base64
import io
import json
import pickle
import zlib
from typing import Any, NoReturn

import msgspec

from veristone import (
    Call,
    Check,
    Comparator,
    DatasetError,
    FunctionCheck,
    StdioCase,
    StdioCheck,
)
from veristone.files import Row
from veristone.generators.code.python import Parsed, parse
from veristone.training.evaluation.task import Program, Task

__all__ = ["MAX_CASES_BYTES", "read_task"]

MAX_CASES_BYTES = 512 * 1024 * 1024
"""Most that the private cases of one task may unpack to."""
_ENTRY = "veristone_entry"
_DAMAGED = (ValueError, TypeError, EOFError, RecursionError, zlib.error, pickle.UnpicklingError)
_NAMES = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random"),
    *("statistics", "itertools", "functools", "operator", "io", "sys", "json"),
)
# What the benchmark's own harness puts before a solution. Builtins come last of the names: several
# of these modules have a `pow` or an `open` of their own.
_IMPORTS = "; ".join(
    [
        *(f"from {name} import *" for name in (*_NAMES, "builtins", "typing")),
        f"import {', '.join(_NAMES)}",
        "sys.setrecursionlimit(50000)",
    ]
)


class _Case(msgspec.Struct):
    input: str
    output: str


class _Metadata(msgspec.Struct):
    func_name: str | None = None


class _Row(msgspec.Struct):
    """A row as the benchmark has it, or with what is JSON in it taken apart already, as tables made
    of it have it."""

    question_id: str | int
    question_content: str
    public_test_cases: str | list[_Case]
    private_test_cases: str | list[_Case] | None = None
    starter_code: str | None = None
    metadata: str | _Metadata | None = None
    contest_date: Any = ""
    """A text or a time."""


def read_task(row: Row) -> Task:
    """Read one row of `test*.jsonl`.

    Raises:
        DatasetError: a field is missing, of another type, or its cases cannot be read.
    """
    fields = row.read(_Row)
    try:
        cases = _cases(fields.public_test_cases) + _cases(fields.private_test_cases)
        name = _metadata(fields.metadata).func_name or ""
        check = _function_check(cases) if name else _stdio_check(cases)
    except _DAMAGED as error:
        raise DatasetError(f"{row.where}: {error}") from error
    if not cases:
        raise DatasetError(f"{row.where}: the task has no test cases")
    if name and not name.isidentifier():
        raise DatasetError(f"{row.where}: the function name {name[:40]!r} is no name")
    starter = f"\n\nUse this starter code:\n\n```python\n{fields.starter_code}\n```"
    read = "\n\nRead the input from standard input and print the answer."
    return Task(
        task_id=str(fields.question_id),
        prompt="",
        entry_point="Solution" if name else "",
        canonical_solution="",
        build=lambda solution: _program(solution, check, name),
        instruction=fields.question_content
        + (read if not name else starter if fields.starter_code else ""),
        date=str(fields.contest_date or "")[:10],
    )


def _program(solution: str, check: Check, name: str) -> Program:
    code = _with_imports(solution)
    if name:
        owner = "Solution()." if "class Solution" in solution else ""
        code += (
            f"\n\ndef {_ENTRY}(*arguments):\n"
            f"    answer = {owner}{name}(*arguments)\n"
            "    return list(answer) if isinstance(answer, tuple) else answer\n"
        )
    return Program(code, check)


def _with_imports(solution: str) -> str:
    """Return the solution under the names that the benchmark's own harness imports for it."""
    start = 0
    tree = parse(solution)
    if isinstance(tree, Parsed):
        for node in tree.module.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                start = node.end_lineno or 0
    lines = solution.split("\n")
    return "\n".join([*lines[:start], _IMPORTS, *lines[start:]])


def _stdio_check(cases: list[_Case]) -> Check:
    return StdioCheck(
        cases=[StdioCase(input=case.input, output=case.output) for case in cases],
        compare=Comparator(mode="decimals"),
    )


def _function_check(cases: list[_Case]) -> Check:
    calls: list[Call] = []
    for case in cases:
        arguments = [json.loads(line) for line in case.input.split("\n") if line.strip()]
        calls.append(Call(args=arguments, expected=json.loads(case.output)))
    return FunctionCheck(entry_point=_ENTRY, calls=calls)


def _metadata(given: str | _Metadata | None) -> _Metadata:
    if isinstance(given, _Metadata):
        return given
    return msgspec.json.decode(given, type=_Metadata) if given else _Metadata()


def _cases(text: str | list[_Case] | None) -> list[_Case]:
    """Read cases as they are, in JSON, or in base64 of zlib of a pickled text of JSON."""
    if isinstance(text, list):
        return text
    if text and not text.lstrip().startswith("["):
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(text, validate=True), MAX_CASES_BYTES)
        if unpacker.unconsumed_tail:
            raise ValueError(f"test cases unpack to more than {MAX_CASES_BYTES} bytes")
        text = _TextOnly(io.BytesIO(content)).load()
    return msgspec.convert(json.loads(text), list[_Case]) if text else []


class _TextOnly(pickle.Unpickler):
    """Reads plain values; refuses every class and function, so nothing is ever called."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"the pickle asks for {module_name}.{global_name}")

    def persistent_load(self, pid: Any, /) -> NoReturn:
        raise pickle.UnpicklingError("the pickle refers to something outside of it")
