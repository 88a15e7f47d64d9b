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
import functools
import itertools
import linecache
import operator
import os
import sys
import types
from typing import Any, Callable, NoReturn

from . import python_unittest
from .child import Job
from .python_calls import compile_module, describe, flush, run_module
from .record import Recorder

# Taken now, before any sample could put something else in their place.
_exit = os._exit
_exec = exec
_settrace = sys.settrace
FILE = "<tests>"
_HIT = "__veristone_assert_passed__"
_HONEST = "__veristone_honest__"
_FUTURE_FLAGS = functools.reduce(
    operator.or_, (getattr(futures, name).compiler_flag for name in futures.all_feature_names)
)
_TESTING_NODES = (ast.Assert, ast.Raise)
_STAGE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
# Calls that show something and check nothing.
_IDLE_CALLS = {"print", "input", "exit", "quit"}


def drive(job: Job, space: dict[str, Any], recorder: Recorder) -> NoReturn:
    """Load the solution, run the tests, end."""
    source = bytes(job.payload).decode("utf-8", "surrogatepass")
    solution = compile_module(job, space, recorder)
    flags = solution.co_flags & _FUTURE_FLAGS
    # The tests are compiled before the solution runs: it cannot have others compiled instead.
    try:
        tree = ast.parse(source, FILE)
        # Loading unittest takes longer than most suites: only for tests that speak of it.
        cases = python_unittest.Cases() if "unittest" in source else None
        suite = Suite(tree, space, recorder, flags, cases)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        recorder.write({"tests": describe(error)})
        _exit(1)
    run_module(solution, space, recorder)
    # Tracebacks show lines of the test code although it lies in no file.
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    # The tests are the main program now; the solution was a module to them.
    space["__name__"] = "__main__"
    suite.run()
    recorder.write({"done": suite.executed, "asserts": suite.has_asserts, "hits": suite.hits})
    flush()
    _exit(0)


class _Instrument(ast.NodeTransformer):
    """Puts a call after every assert that tells the suite the assert was reached and held.

    And one around everything that is compared, which refuses what equals everything.
    """

    def __init__(self) -> None:
        self.found = False

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        self.found = True
        hit = ast.Expr(ast.Call(ast.Name(_HIT, ast.Load()), [], []))
        node.test = _Compared().visit(node.test)
        ast.copy_location(hit, node)
        for new in (node, hit):
            ast.fix_missing_locations(new)
        return [node, hit]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if _called_name(node).startswith("assert"):
            node.args = [_honestly(_Compared().visit(argument)) for argument in node.args]
            ast.fix_missing_locations(node)
        return node


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
    return ast.copy_location(call, node)


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


class Suite:
    """The tests of one sample, in order."""

    def __init__(
        self,
        tree: ast.Module,
        space: dict[str, Any],
        recorder: Recorder,
        flags: int,
        cases: python_unittest.Cases | None,
    ) -> None:
        self._space = space
        self._cases = cases
        self._write = recorder.write
        self._flags = flags
        self._defined = {n.name for n in tree.body if isinstance(n, _STAGE[:3])}
        self._named = _names_used(tree)
        counter = _Instrument()
        self._vacuous = {n.name for n in tree.body if isinstance(n, _STAGE[:2]) and _is_vacuous(n)}
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

    def _hit(self) -> None:
        self.hits += 1

    def run(self) -> None:
        """Run every test; a stage statement that fails ends the suite."""
        self._space[_HIT] = self._hit
        self._space[_HONEST] = honest
        # A trace function may jump over statements: none while the tests run.
        _settrace(None)
        sys.addaudithook(_refuse_tracing)
        for is_test, line, code in self._compiled:
            passed = self._attempt(lambda code=code: _exec(code, self._space), line, is_test)
            if not passed and not is_test:
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
        failed = "raised" in event or "exit" in event
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
            if not name.startswith("test") or code is None or name in self._vacuous:
                continue
            assert function is not None
            if code.co_argcount - len(function.__defaults__ or ()) > 0 or code.co_flags & 0x280:
                continue  # wants fixtures or an event loop: not ours to guess
            self._attempt(function, name, True)

    def _run_classes(self) -> None:
        cases = self._cases
        if cases is None:
            return
        for name in sorted(self._defined):
            kind = self._space.get(name)
            for case in cases.of(kind):
                self._attempt(lambda case=case: cases.run(case), f"{name}.{case.id()}", True)


def _refuse_tracing(event: str, _: Any) -> None:
    if event == "sys.settrace":
        raise RuntimeError("tests run without a trace function")


def _as_list(node: Any) -> list[ast.stmt]:
    return node if isinstance(node, list) else [node]


def _is_vacuous(node: ast.AST) -> bool:
    """True for a function that asserts, raises and calls nothing."""
    return not any(isinstance(inner, (*_TESTING_NODES, ast.Call)) for inner in ast.walk(node))


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
