"""Benchmark files as tasks: a program that solves each, and inputs for it.

Rows of HumanEval, HumanEval+, HumanEval-X (Python), MBPP and MBPP+ are understood, and any JSON
Lines file, plain or gzipped, with the same fields:

    code                                    the solution, or
    prompt, canonical_solution              the solution, whole or the end of the prompt
    test_list (list), assertion, test       Python tests with literal arguments, or
    base_input, plus_input                  lists of argument lists

Which task it is, and which function it asks for, is read as the step `contamination` reads it.
Nothing of a benchmark is executed here: tests are read with `ast`, and only literals count.
"""

import ast
import pickle
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from veristone import ConfigError, DatasetError
from veristone.files import read_rows
from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile, files_of, make_item

__all__ = ["Task", "read_tasks"]

MOST_CALLS = 64
"""Inputs of a task that are looked at, the benchmark's first ones."""
MOST_ARGUMENT_BYTES = 2048
"""Of one input, pickled: every seed is called with it."""


class Task(NamedTuple):
    """One task of a benchmark."""

    name: str
    """`HumanEval/13 (greatest_common_divisor)`."""
    entry_point: str
    program: str
    """Python code that defines `entry_point` and solves the task."""
    calls: list[bytes]
    """Pickled argument tuples."""
    own: int
    """How many of the calls, from the first, a solution must pass: those of the benchmark's own
    tests. The others (`plus_input`) are only used where these do not suffice."""
    shapes: list[str]
    """What each call's arguments are made of: `list[int],str`."""


def read_tasks(benchmark: BenchmarkFile) -> list[Task | str]:
    """Return the tasks of a benchmark; for a row that is none that can be run, its name.

    Raises:
        ConfigError: a file cannot be read, a line is no JSON object, or there is no line.
    """
    tasks: list[Task | str] = []
    try:
        for path in files_of(benchmark.path):
            for number, row in enumerate(read_rows(path)):
                tasks.append(_task(row.fields, benchmark.name, number))
    except (DatasetError, ConfigError) as error:
        raise ConfigError(f"benchmark {benchmark.name!r}: {error}") from error
    if not tasks:
        raise ConfigError(f"benchmark {benchmark.name!r}: {benchmark.path} is empty")
    return tasks


def _task(row: Mapping[str, Any], benchmark: str, number: int) -> Task | str:
    item = make_item(row, benchmark, number)
    tests = [
        _parsed(text) for key in ("test_list", "assertion", "test") for text in _texts(row, key)
    ]
    program, entry = _program(row), item.entry_point
    own, more = list(_calls(tests, entry)), list[tuple[Any, ...]]()
    # What assertions say wins: MBPP+ has lists among its inputs where its tasks want tuples.
    if not own or not (row.get("test_list") or row.get("assertion")):
        own, more = list(_inputs(row, "base_input")) or own, list(_inputs(row, "plus_input"))
    short = [each for each in map(_Call.of, own) if len(each.pickled) <= MOST_ARGUMENT_BYTES]
    more = [each for each in map(_Call.of, more) if len(each.pickled) <= MOST_ARGUMENT_BYTES]
    calls = [*short, *more][:MOST_CALLS]
    if not (calls and program and entry.isidentifier()):
        return item.label
    return Task(
        name=item.label,
        entry_point=entry,
        program=program,
        calls=[call.pickled for call in calls],
        own=min(len(short), len(calls)),
        shapes=[call.shape for call in calls],
    )


def _texts(row: Mapping[str, Any], key: str) -> Iterator[str]:
    value = row.get(key)
    for text in cast("list[object]", value) if isinstance(value, list) else [value]:
        if isinstance(text, str):
            yield text


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _program(row: Mapping[str, Any]) -> str:
    code, ending, prompt = (
        next(_texts(row, key), "") for key in ("code", "canonical_solution", "prompt")
    )
    # MBPP+ has whole solutions, HumanEval the bodies of its prompts.
    whole = any(isinstance(node, ast.FunctionDef) for node in _parsed(ending).body)
    return code or (ending if whole else ending and prompt + ending)


def _inputs(row: Mapping[str, Any], key: str) -> Iterator[tuple[Any, ...]]:
    inputs = row.get(key)
    for arguments in cast("list[object]", inputs) if isinstance(inputs, list) else []:
        if isinstance(arguments, list):
            yield tuple(cast("list[Any]", arguments))


def _calls(tests: list[ast.Module], entry: str) -> Iterator[tuple[Any, ...]]:
    """Yield the literal arguments with which tests call a function."""
    names = {entry, "candidate"}
    for node in (node for tree in tests for node in ast.walk(tree)):
        # HumanEval: `def check(candidate)`, whatever the parameter is called.
        if isinstance(node, ast.FunctionDef) and node.name == "check" and node.args.args:
            names.add(node.args.args[0].arg)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in names
            and not node.keywords
        ):
            try:
                yield ast.literal_eval(ast.Tuple(elts=node.args, ctx=ast.Load()))
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue


class _Call(NamedTuple):
    pickled: bytes
    shape: str

    @classmethod
    def of(cls, arguments: tuple[Any, ...]) -> "_Call":
        return cls(pickle.dumps(arguments, protocol=4), ",".join(map(_shape, arguments)))


def _shape(value: object) -> str:
    """Return what a literal is made of; of a collection, what its first item is."""
    name: str = type(value).__name__
    if isinstance(value, dict):
        value = list(cast("dict[object, object]", value).items())
    if isinstance(value, tuple | list | set | frozenset):
        items = list(cast("Iterable[object]", value))
        return f"{name}[{_shape(items[0]) if items else ''}]"
    return name
