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
from typing import Any, NoReturn, cast

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
from veristone.training.evaluation.task import Program, Task

__all__ = ["MAX_CASES_BYTES", "read_task"]

MAX_CASES_BYTES = 512 * 1024 * 1024
"""Most that the private cases of one task may unpack to."""
_ENTRY = "veristone_entry"
# What solutions on the sites that the tasks come from find imported.
_IMPORTS = (
    "from typing import *; from collections import *; from functools import *;"
    " from itertools import *; from heapq import *; from bisect import *; from string import *;"
    " from operator import *; from math import *; import typing, collections, functools,"
    " itertools, heapq, bisect, string, operator, math, random, sys, re, io, copy, datetime, time"
)


def read_task(row: Row) -> Task:
    """Read one row of `test*.jsonl`.

    Raises:
        DatasetError: a field is missing, of another type, or its cases cannot be read.
    """
    cases = _cases(row, "public_test_cases") + _cases(row, "private_test_cases")
    if not cases:
        raise DatasetError(f"{row.where}: the task has no test cases")
    starter = str(row.fields.get("starter_code") or "")
    name = _function_name(row)
    question = row.text("question_content")
    if name:
        asked = f"\n\nUse this starter code:\n\n```python\n{starter}\n```" if starter else ""
        check = _function_check(row, cases)
    else:
        asked = "\n\nRead the input from standard input and print the answer."
        check = StdioCheck(
            cases=[StdioCase(input=str(c["input"]), output=str(c["output"])) for c in cases],
            # Their comparison: lines stripped, then as numbers where both sides are.
            compare=Comparator(mode="floats", atol=0.0, rtol=0.0),
        )
    return Task(
        task_id=str(row.require("question_id")),
        prompt="",
        entry_point="Solution" if name else "",
        canonical_solution="",
        build=lambda solution: _program(solution, check, name),
        instruction=question + asked,
        group=str(row.fields.get("difficulty") or ""),
        date=str(row.fields.get("contest_date") or "")[:10],
    )


def _program(solution: str, check: Check, name: str) -> Program:
    code = _with_imports(solution)
    if name:
        code += (
            f"\n\ndef {_ENTRY}(*arguments):\n"
            f"    answer = Solution().{name}(*arguments)\n"
            "    return list(answer) if isinstance(answer, tuple) else answer\n"
        )
    return Program(code, check)


def _with_imports(solution: str) -> str:
    """Return the solution under the names that the benchmark's own harness imports for it."""
    start = 0
    if "__future__" in solution:
        try:
            nodes = ast.parse(solution).body
        except (SyntaxError, ValueError, RecursionError):
            return solution
        start = max(
            (
                node.end_lineno or 0
                for node in nodes
                if isinstance(node, ast.ImportFrom) and node.module == "__future__"
            ),
            default=0,
        )
    lines = solution.split("\n")
    return "\n".join([*lines[:start], _IMPORTS, *lines[start:]])


def _function_check(row: Row, cases: list[dict[str, Any]]) -> Check:
    calls: list[Call] = []
    for number, case in enumerate(cases, start=1):
        try:
            lines = str(case["input"]).split("\n")
            arguments = [json.loads(line) for line in lines if line.strip()]
            calls.append(Call(args=arguments, expected=json.loads(str(case["output"]))))
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{row.where}: test case {number} is no JSON: {error}") from error
    return FunctionCheck(entry_point=_ENTRY, calls=calls)


def _function_name(row: Row) -> str:
    metadata = row.fields.get("metadata") or "{}"
    try:
        value: Any = json.loads(metadata) if isinstance(metadata, str) else metadata
    except ValueError as error:
        raise DatasetError(f"{row.where}: 'metadata' is no JSON: {error}") from error
    fields = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    name = str(fields.get("func_name") or "")
    if name and not name.isidentifier():
        raise DatasetError(f"{row.where}: the function name {name[:40]!r} is no name")
    return name


def _cases(row: Row, field: str) -> list[dict[str, Any]]:
    value: Any = row.fields.get(field) or []
    cases: Any
    try:
        cases = _unpacked(value) if isinstance(value, str) else value
    except (ValueError, zlib.error, pickle.UnpicklingError, EOFError, RecursionError) as error:
        raise DatasetError(f"{row.where}: {field!r} cannot be read: {error}") from error
    if not isinstance(cases, list):
        raise DatasetError(f"{row.where}: {field!r} must be a list of cases")
    for case in cast("list[Any]", cases):
        if not isinstance(case, dict) or not {"input", "output"} <= case.keys():
            raise DatasetError(f"{row.where}: a case of {field!r} has no input or no output")
    return cast("list[dict[str, Any]]", cases)


def _unpacked(text: str) -> Any:
    """Return the cases in JSON, or in base64 of zlib of a pickled text of JSON."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(base64.b64decode(text, validate=True), MAX_CASES_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError(f"they unpack to more than {MAX_CASES_BYTES} bytes")
    value = _TextOnly(io.BytesIO(content)).load()
    if not isinstance(value, str):
        raise ValueError("the pickle holds something other than text")
    return json.loads(value)


class _TextOnly(pickle.Unpickler):
    """Reads plain values; refuses every class and function, so nothing is ever called."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"the pickle asks for {module_name}.{global_name}")

    def persistent_load(self, pid: Any, /) -> NoReturn:
        raise pickle.UnpicklingError("the pickle refers to something outside of it")
