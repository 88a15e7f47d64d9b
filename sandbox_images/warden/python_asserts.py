"""The driver of tests that need the solution in their own process (`shared`).

A solution that knows this driver can lie to it from inside: the usual ways are closed, not all.
Tests that can be run apart from the solution are (`split`), and these are the others.
"""

from __future__ import annotations

import ast
import itertools
import os
import sys
import types
from typing import Any, Callable, NoReturn

from . import lines
from .child import Job
from .python_calls import compile_module, describe, flush, run_module
from .record import Recorder
from .suite import FUTURE_FLAGS, Instrument, Suite, called_name

# Taken now, before any sample could put something else in their place.
_exit = os._exit
_settrace = sys.settrace
_HONEST = "__veristone_honest__"


def drive(job: Job, space: dict[str, Any], recorder: Recorder) -> NoReturn:
    """Load the solution, run the tests, end."""
    source = bytes(job.payload).decode("utf-8", "surrogatepass")
    solution = compile_module(job, space, recorder)
    measured = job.meta["measured"]
    # The tests are compiled before the solution runs: it cannot have others compiled instead.
    try:
        honestly = _Honestly(source, measured=measured)
        suite = Suite(source, space, recorder, solution.co_flags & FUTURE_FLAGS, honestly)
        restore = _remember_unittest() if suite.uses.unittest else None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        recorder.write({"tests": describe(error)})
        _exit(1)
    run_module(solution, space, recorder)
    # The tests are the main program now; the solution was a module to them.
    space["__name__"] = "__main__"
    space[_HONEST] = honest
    if restore is not None:
        restore()
    # A trace function that was set before may jump over statements.
    _settrace(None)
    watch = lines.Watch(solution) if measured else None
    suite.run()
    covered = lines.measured(solution, watch.seen) if watch is not None else {}
    recorder.write({**suite.end(), **covered})
    flush()
    _exit(0)


def _remember_unittest() -> Callable[[], None]:
    """Load unittest before any code of the sample runs; return what makes it again as it is now."""
    # Not from the sample's folder, where a file may have the same name.
    folder = sys.path.pop(0)
    import unittest

    sys.path.insert(0, folder)
    kinds = (unittest.TestCase, unittest.TestResult, unittest.TestLoader, unittest.TestSuite)
    known: list[tuple[Any, dict[str, Any]]] = [(kind, dict(vars(kind))) for kind in kinds]

    def restore() -> None:
        for kind, members in known:
            for name, value in members.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)

    return restore


class _Honestly(Instrument):
    """Puts a call around everything that is compared, which refuses what equals everything."""

    def look_into(self, node: ast.Assert) -> None:
        node.test = _Compared().visit(node.test)

    def top(self, statement: ast.stmt) -> list[ast.stmt]:
        _Asserting().visit(statement)
        return super().top(statement)


class _Asserting(ast.NodeVisitor):
    """Looks into the arguments of `assertEqual` and its like."""

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if called_name(node).startswith("assert"):
            node.args = [_honestly(_Compared().visit(argument)) for argument in node.args]
            ast.fix_missing_locations(node)


class _Compared(ast.NodeTransformer):
    """Wraps both sides of every comparison."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        node.left = _honestly(node.left)
        node.comparators = [_honestly(side) for side in node.comparators]
        return node


def _honestly(node: Any) -> Any:
    if isinstance(node, (ast.Constant, ast.Starred)):
        return node
    names = {getattr(inner, "id", getattr(inner, "attr", "")) for inner in ast.walk(node)}
    if "ANY" in names:  # unittest.mock.ANY, where the tests themselves ask for it
        return node
    call = ast.Call(ast.Name(_HONEST, ast.Load()), [node], [])
    return ast.fix_missing_locations(ast.copy_location(call, node))


class EqualsEverything(BaseException):
    """What the solution returned says that it equals what it cannot know."""


class _Stranger:
    """Something that no solution has seen: nothing equals it but itself."""


def honest(value: Any) -> Any:
    """Return `value`, or raise `EqualsEverything` where it, or something in it, lies.

    Only classes with an ``__eq__`` or ``__ne__`` written in Python are asked.
    """
    queue, looked = [value], 0
    while queue and looked < _MAX_LOOKS:
        item = queue.pop()
        looked += 1
        kind = type(item)
        if kind in _PLAIN:
            continue
        for base, iterate in _CONTAINERS:
            if issubclass(kind, base):
                queue += itertools.islice(iterate(item), _MAX_LOOKS)
        if kind not in _TRUSTED and _equals_anything(item, kind):
            raise EqualsEverything(f"an object of class {kind.__name__} equals everything")
    return value


def _equals_anything(item: Any, kind: type) -> bool:
    methods = [getattr(kind, name, None) for name in ("__eq__", "__ne__")]
    if not any(isinstance(method, types.FunctionType) for method in methods):
        return False
    try:
        stranger = _Stranger()
        different = item != stranger
        return bool(item == stranger) or not different
    except Exception:
        return False


def _own(kind: Any) -> Callable[[Any], Any]:
    """Return the iterator of a built-in class, whatever a class derived from it says."""
    return kind.__iter__


_pairs: Callable[[Any], Any] = dict.items
_MAX_LOOKS = 10_000
_PLAIN = {int, str, float, bool, bytes, complex, type(None)}
_CONTAINERS: list[tuple[type, Callable[[Any], Any]]] = [
    (list, _own(list)),
    (tuple, _own(tuple)),
    (set, _own(set)),
    (frozenset, _own(frozenset)),
    (dict, lambda item: itertools.chain(*_pairs(item))),
]
_TRUSTED = {base for base, _ in _CONTAINERS}
