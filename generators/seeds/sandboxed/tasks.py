"""Benchmark files as tasks: a program that solves each, and inputs for it.

Rows of HumanEval, HumanEval+, HumanEval-X (Python), MBPP and MBPP+ are understood, and any JSON
Lines file, plain or gzipped, with the same fields:

    task_id                                 else the line's number
    code                                    the solution, or
    prompt, canonical_solution              the solution, whole or the end of the prompt
    entry_point                             else: the function of the solution that the tests call
    test_list (list), assertion, test       Python tests with literal arguments, or
    base_input, plus_input                  lists of argument lists

A row without a solution is a task all the same where its tests say `f(...) == literal`. Nothing of
a benchmark is executed here: tests are read with `ast`, and only literals count.
"""

import ast
import gzip
import json
import pickle
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from veristone import ConfigError

__all__ = ["BenchmarkFile", "Task", "read_content", "read_tasks"]

MOST_CALLS = 64
"""Inputs of a task that are looked at, the benchmark's first ones."""
MOST_ARGUMENT_BYTES = 2048
"""Of one input, pickled: every seed is called with it."""


class BenchmarkFile(BaseModel):
    """A benchmark that seeds are compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    """Stands in rejections before ids that are bare numbers."""
    path: Path
    """JSON Lines, plain or gzipped; what a row may hold is said in `tasks.py`."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a benchmark."""

    id: str
    entry_point: str
    program: str
    """Python code that defines `entry_point` and solves the task."""
    arity: int
    calls: tuple[bytes, ...]
    """Pickled argument tuples, each of length `arity`."""
    own: int
    """How many of the calls, from the first, a solution must pass: those of the benchmark's own
    tests. The others (`plus_input`) are only used where these do not suffice."""
    shapes: tuple[str, ...]
    """What each call's arguments are made of: `list[int],str`."""


@dataclass(frozen=True, slots=True)
class _Call:
    arguments: tuple[Any, ...]
    own: bool = True
    expected: ast.expr | None = None


def read_content(benchmark: BenchmarkFile) -> bytes:
    """Return the unpacked content of a benchmark file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        content = benchmark.path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"benchmark {benchmark.name!r}: cannot be read: {error}") from error


def read_tasks(benchmark: BenchmarkFile, content: bytes) -> Iterator[Task | str]:
    """Yield the tasks of a benchmark; for a row that is none that can be run, its id.

    Raises:
        ConfigError: a line is no JSON object, or there is no line.
    """
    rows = 0
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        rows += 1
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            where = f"{benchmark.path}:{number}"
            raise ConfigError(f"{where}: not a line of JSON: {error}") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{benchmark.path}:{number}: a JSON object was expected")
        yield _task(cast("dict[str, Any]", row), benchmark.name, number)
    if not rows:
        raise ConfigError(f"benchmark {benchmark.name!r}: {benchmark.path} is empty")


def _task(row: dict[str, Any], benchmark: str, number: int) -> Task | str:
    given = row.get("task_id", number)
    id = given if isinstance(given, str) and not given.isdecimal() else f"{benchmark}/{given}"
    tests = _tests(row)
    entry, program = _solution(row, tests)
    if not entry:
        return id
    calls = _calls(row, tests, entry)
    if not program:
        calls = [call for call in calls if call.expected is not None]
    if not calls:
        return id
    arities = Counter(len(call.arguments) for call in calls)
    arity = min(arities, key=lambda each: (-arities[each], each))
    calls = [call for call in calls if len(call.arguments) == arity]
    return Task(
        id=id,
        entry_point=entry,
        program=program or _recital(entry, calls),
        arity=arity,
        calls=tuple(pickle.dumps(call.arguments, protocol=4) for call in calls),
        own=sum(call.own for call in calls),
        shapes=tuple(",".join(map(_shape, call.arguments)) for call in calls),
    )


def _shape(value: object) -> str:
    """Return what a literal is made of; of a collection, what its first item is."""
    name: str = type(value).__name__
    if isinstance(value, tuple | list | set | frozenset):
        items = list(cast("Iterable[object]", value))
        return f"{name}[{_shape(items[0]) if items else ''}]"
    if isinstance(value, dict):
        pairs = list(cast("dict[object, object]", value).items())
        return f"dict{_shape(pairs[0])}" if pairs else "dict"
    return name


def _recital(entry: str, calls: list[_Call]) -> str:
    """Return a program that gives what the tests expect, in the order of the calls."""
    answers = ", ".join(ast.unparse(call.expected) for call in calls if call.expected)
    return f"_answers = [{answers}]\ndef {entry}(*_):\n    return _answers.pop(0)\n"


def _tests(row: dict[str, Any]) -> ast.Module:
    texts: list[str] = []
    for field in ("test_list", "assertion", "test"):
        value = row.get(field)
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        texts += [text for text in several if isinstance(text, str)]
    body: list[ast.stmt] = []
    for text in texts:
        body += _parse(text).body
    return ast.Module(body=body, type_ignores=[])


def _parse(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _solution(row: dict[str, Any], tests: ast.Module) -> tuple[str, str]:
    """Return the entry point and a whole program, each empty where the row does not say."""
    code = _text(row, "code")
    if not code:
        code = _text(row, "canonical_solution")
        whole = _text(row, "prompt") + code
        entry = _text(row, "entry_point")
        names = _functions(_parse(code))
        if code and (entry not in names if entry else not names):
            code = whole
    entry = _text(row, "entry_point")
    if not entry:
        defined = _functions(_parse(code)) or _functions(_parse(_text(row, "prompt")))
        called = [name for name in map(_called, ast.walk(tests)) if name]
        entry = next((name for name in called if name in defined), "")
        entry = entry or next(reversed(defined), "")
        if not entry and not defined:
            nodes = [node for node in ast.walk(tests) if isinstance(node, ast.Compare)]
            entry = next((name for name in (_called(node.left) for node in nodes) if name), "")
    return (entry, code) if entry.isidentifier() else ("", "")


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    return value if isinstance(value, str) else ""


def _functions(tree: ast.Module) -> dict[str, None]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: None for node in tree.body if isinstance(node, kinds)}


def _calls(row: dict[str, Any], tests: ast.Module, entry: str) -> list[_Call]:
    calls = list(_calls_of_tests(tests, entry))
    if not calls or not (row.get("test_list") or row.get("assertion")):
        listed = list(_calls_of_inputs(row))
        calls = listed or calls
    small = [call for call in calls if _size(call) <= MOST_ARGUMENT_BYTES]
    return small[:MOST_CALLS]


def _size(call: _Call) -> int:
    return len(pickle.dumps(call.arguments, protocol=4))


def _calls_of_inputs(row: dict[str, Any]) -> Iterator[_Call]:
    for field in ("base_input", "plus_input"):
        inputs = row.get(field)
        for arguments in cast("list[object]", inputs) if isinstance(inputs, list) else []:
            if isinstance(arguments, list):
                yield _Call(tuple(cast("list[Any]", arguments)), own=field == "base_input")


def _calls_of_tests(tests: ast.Module, entry: str) -> Iterator[_Call]:
    names = {entry, "candidate"}
    for node in tests.body:
        # HumanEval: `def check(candidate)`, whatever the parameter is called.
        if isinstance(node, ast.FunctionDef) and node.name == "check" and node.args.args:
            names.add(node.args.args[0].arg)
    expected: dict[int, ast.expr] = {}
    # Breadth first: a comparison comes before the call in it.
    for node in ast.walk(tests):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            if _literal(node.comparators[0]) is not None:
                expected[id(node.left)] = node.comparators[0]
        elif isinstance(node, ast.Call) and _called(node) in names and not node.keywords:
            arguments = _literal(ast.Tuple(elts=node.args, ctx=ast.Load()))
            if arguments is not None:
                yield _Call(arguments[0], expected=expected.get(id(node)))


def _called(node: ast.AST) -> str:
    """Return the name that a call calls, empty where it is no call of a name."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return ""


def _literal(node: ast.expr) -> tuple[Any] | None:
    """Return the value of a literal in a tuple of its own, None where it is no literal."""
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
