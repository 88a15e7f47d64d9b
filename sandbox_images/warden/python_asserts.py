"""The driver of `asserts` checks: test code in the sample's own interpreter.

The test code is cut into its top-level statements. Each that asserts or calls something is a
test; the others set the stage. Every assert counts its own executions, so a suite whose asserts
never ran is seen as empty. The last line of the record says that the end was reached: a sample
that leaves early never writes it.

Functions called ``test_*`` and unittest classes that the test code defines and does not run
itself are run here, as pytest would.
"""

from __future__ import annotations
import __future__ as futures

import ast
import linecache
import os
import sys
import unittest
from typing import Any, Callable, NoReturn

from .child import Job
from .python_calls import describe, flush, run_module
from .record import Recorder

_exit = os._exit
FILE = "<tests>"
_HIT = "__veristone_assert_passed__"
_MAX_TESTS = 10_000
_FUTURE_FLAGS = 0
for _name in futures.all_feature_names:
    _FUTURE_FLAGS |= getattr(futures, _name).compiler_flag
_TESTING_NODES = (ast.Assert, ast.Raise)
_STAGE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
# Calls that show something and check nothing.
_IDLE_CALLS = {"print", "input", "exit", "quit"}


def drive(job: Job, space: dict[str, Any], recorder: Recorder) -> NoReturn:
    """Load the solution, run the tests, end."""
    source = bytes(job.payload).decode("utf-8", "surrogatepass")
    flags = run_module(job, space, recorder) & _FUTURE_FLAGS
    try:
        tree = ast.parse(source, FILE)
        suite = Suite(tree, space, recorder, flags)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        recorder.write({"tests": describe(error)})
        _exit(1)
    # Tracebacks show lines of the test code although it lies in no file.
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    # The tests are the main program now; the solution was a module to them.
    space["__name__"] = "__main__"
    suite.run()
    recorder.write({"done": suite.executed, "asserts": suite.has_asserts, "hits": suite.hits})
    flush()
    _exit(0)


class _CountAsserts(ast.NodeTransformer):
    """Puts a call after every assert that tells the suite the assert was reached and held."""

    def __init__(self) -> None:
        self.found = False

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        self.found = True
        hit = ast.Expr(ast.Call(ast.Name(_HIT, ast.Load()), [], []))
        ast.copy_location(hit, node)
        ast.fix_missing_locations(hit)
        return [node, hit]


class Suite:
    """The tests of one sample, in order."""

    def __init__(
        self, tree: ast.Module, space: dict[str, Any], recorder: Recorder, flags: int
    ) -> None:
        self._space = space
        self._write = recorder.write
        self._flags = flags
        self._defined = {n.name for n in tree.body if isinstance(n, _STAGE[:3])}
        self._named = _names_used(tree)
        counter = _CountAsserts()
        self._steps = [(_is_test(node), node.lineno, _without_runner(node)) for node in tree.body]
        self._compiled = []
        for is_test, line, node in self._steps:
            if node is None:
                continue
            module = ast.Module(_as_list(counter.visit(node)), [])
            code = compile(module, FILE, "exec", flags=flags, dont_inherit=True)
            self._compiled.append((is_test, line, code))
        self.has_asserts = counter.found
        self.hits = 0
        self.executed = 0
        space[_HIT] = self._hit

    def _hit(self) -> None:
        self.hits += 1

    def run(self) -> None:
        """Run every test; a stage statement that fails ends the suite."""
        for is_test, line, code in self._compiled:
            passed = self._attempt(lambda code=code: exec(code, self._space), line, is_test)
            if not passed and not is_test:
                return
            if self.executed >= _MAX_TESTS:
                return
        self._run_functions()
        self._run_classes()

    def _attempt(self, action: Callable[[], Any], line: object, is_test: bool) -> bool:
        event: dict[str, Any] = {"test": line}
        try:
            action()
        except SystemExit:
            event["exit"] = True
        except BaseException as error:
            event["raised"] = describe(error)
            if not isinstance(error, AssertionError):
                sys.excepthook(type(error), error, error.__traceback__)
        failed = len(event) > 1
        if is_test:
            self.executed += 1
            self._write(event)
        elif failed:
            event["stage"] = event.pop("test")
            self._write(event)
        return not failed

    def _run_functions(self) -> None:
        for name in sorted(self._defined - self._named):
            function = self._space.get(name)
            code = getattr(function, "__code__", None)
            if not name.startswith("test") or code is None:
                continue
            if code.co_argcount - len(function.__defaults__ or ()) > 0 or code.co_flags & 0x280:
                continue  # wants fixtures or an event loop: not ours to guess
            self._attempt(function, name, True)

    def _run_classes(self) -> None:
        for name in sorted(self._defined):
            kind = self._space.get(name)
            if not isinstance(kind, type) or not issubclass(kind, unittest.TestCase):
                continue
            for case in unittest.defaultTestLoader.loadTestsFromTestCase(kind):
                self._attempt(lambda case=case: _run_case(case), f"{name}.{case.id()}", True)


def _run_case(case: Any) -> None:
    result = unittest.TestResult()
    case.run(result)
    for _, text in result.failures + result.errors:
        raise AssertionError(text.strip().splitlines()[-1] if text.strip() else "failed")


def _as_list(node: Any) -> list[ast.stmt]:
    return node if isinstance(node, list) else [node]


def _names_used(tree: ast.Module) -> set[str]:
    """Names that top-level statements other than definitions mention."""
    used = set()
    for node in tree.body:
        if not isinstance(node, _STAGE):
            used |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return used


def _called_name(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_test(node: ast.stmt) -> bool:
    """True for a statement that can fail because the solution is wrong."""
    if isinstance(node, _STAGE):
        return False
    if any(isinstance(inner, _TESTING_NODES) for inner in ast.walk(node)):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and _called_name(node.value) not in _IDLE_CALLS
    if isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
        return any(_is_test(inner) for inner in ast.walk(node) if isinstance(inner, ast.Expr))
    return False


def _without_runner(node: ast.stmt) -> Any:
    """Drop ``unittest.main()`` and ``pytest.main()``: the suite runs what they would."""
    if isinstance(node, ast.If):
        body = [inner for inner in node.body if _without_runner(inner) is not None]
        if not body:
            return None
        node.body = body
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and function.attr == "main":
            owner = function.value
            if isinstance(owner, ast.Name) and owner.id in ("unittest", "pytest", "doctest"):
                return None
    return node
