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
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from veristone import ConfigError, DatasetError
from veristone.files import read_rows
from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile, files_of

__all__ = ["Task", "read_tasks"]

MOST_CALLS = 64
"""Inputs of a task that are looked at, the benchmark's first ones."""
MOST_ARGUMENT_BYTES = 2048
"""Of one input, pickled: every seed is called with it."""


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

    @property
    def pickled(self) -> bytes:
        return pickle.dumps(self.arguments, protocol=4)


def read_tasks(benchmark: BenchmarkFile) -> list[Task | str]:
    """Return the tasks of a benchmark; for a row that is none that can be run, its id.

    Raises:
        ConfigError: a file cannot be read, a line is no JSON object, or there is no line.
    """
    tasks: list[Task | str] = []
    try:
        for path in files_of(benchmark.path):
            for number, row in enumerate(read_rows(path), start=1):
                tasks.append(_task(row.fields, benchmark.name, number))
    except (DatasetError, ConfigError) as error:
        raise ConfigError(f"benchmark {benchmark.name!r}: {error}") from error
    if not tasks:
        raise ConfigError(f"benchmark {benchmark.name!r}: {benchmark.path} is empty")
    return tasks


def _task(row: dict[str, Any], benchmark: str, number: int) -> Task | str:
    given = row.get("task_id", number)
    id = given if isinstance(given, str) and not given.isdecimal() else f"{benchmark}/{given}"
    tests = _tests(row)
    entry, program = _solution(row, tests)
    calls = _calls(row, tests, entry) if entry.isidentifier() else []
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
        calls=tuple(call.pickled for call in calls),
        own=sum(call.own for call in calls),
        shapes=tuple(",".join(map(_shape, call.arguments)) for call in calls),
    )


def _shape(value: object) -> str:
    """Return what a literal is made of; of a collection, what its first item is."""
    name: str = type(value).__name__
    if isinstance(value, dict):
        pairs = list(cast("dict[object, object]", value).items())
        return f"dict{_shape(pairs[0])}" if pairs else "dict"
    if isinstance(value, tuple | list | set | frozenset):
        items = list(cast("Iterable[object]", value))
        return f"{name}[{_shape(items[0]) if items else ''}]"
    return name


def _recital(entry: str, calls: list[_Call]) -> str:
    """Return a program that gives what the tests expect, in the order of the calls."""
    answers = ", ".join(ast.unparse(call.expected) for call in calls if call.expected)
    return f"_answers = [{answers}]\ndef {entry}(*_):\n    return _answers.pop(0)\n"


def _tests(row: dict[str, Any]) -> ast.Module:
    body: list[ast.stmt] = []
    for field in ("test_list", "assertion", "test"):
        value = row.get(field)
        for text in cast("list[object]", value) if isinstance(value, list) else [value]:
            if isinstance(text, str):
                body += _parse(text).body
    return ast.Module(body=body, type_ignores=[])


def _parse(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _solution(row: dict[str, Any], tests: ast.Module) -> tuple[str, str]:
    """Return the entry point and a whole program, each empty where the row does not say."""
    fields = ("code", "canonical_solution", "prompt", "entry_point")
    code, ending, prompt, entry = (
        value if isinstance(value := row.get(field), str) else "" for field in fields
    )
    if not code and ending:
        names = _functions(_parse(ending))
        code = ending if (entry in names if entry else names) else prompt + ending
    if not entry:
        defined = _functions(_parse(code)) or _functions(_parse(prompt))
        called = [_called(node) for node in ast.walk(tests)]
        compared = [_called(n.left) for n in ast.walk(tests) if isinstance(n, ast.Compare)]
        wanted = [name for name in called if name in defined] if defined else compared
        entry = next(filter(None, wanted), next(reversed(defined), ""))
    return entry, code


def _functions(tree: ast.Module) -> dict[str, None]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: None for node in tree.body if isinstance(node, kinds)}


def _calls(row: dict[str, Any], tests: ast.Module, entry: str) -> list[_Call]:
    calls = list(_calls_of_tests(tests, entry))
    if not calls or not (row.get("test_list") or row.get("assertion")):
        calls = list(_calls_of_inputs(row)) or calls
    return [call for call in calls if len(call.pickled) <= MOST_ARGUMENT_BYTES][:MOST_CALLS]


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
