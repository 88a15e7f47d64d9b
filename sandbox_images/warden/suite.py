"""Test code as a suite: what its top-level statements test, and what a test runner would collect.

The test code is cut into its top-level statements. Each that asserts or calls something is a test;
the others set the stage. Functions called ``test*`` that were not called by then, and classes of
tests, are run afterwards as `collected` says. Every assert counts its own executions, so a suite
whose asserts never ran is seen as empty, and the last line of the record says that the end was
reached.
"""

from __future__ import annotations
import __future__ as futures

import ast
import builtins
import functools
import linecache
import operator
import os
import sys
import types
from typing import Any, Callable, Optional

from . import collected, honesty
from .python_calls import describe
from .record import Recorder

FILE = "<tests>"
# Taken now, before any sample could put something else in their place.
_exec = exec
_HIT, _RAN = "__veristone_assert_passed__", "__veristone_called__"
_REACHED = "__veristone_assert_reached__"
FUTURE_FLAGS = functools.reduce(
    operator.or_, (getattr(futures, name).compiler_flag for name in futures.all_feature_names)
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_STAGE = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
# Calls that show something and check nothing.
_EXITS = {"exit", "quit"}
_IDLE_CALLS = {"print", "input", *_EXITS}
_HERE = os.path.dirname(__file__) + "/"
_CHAINED = 20
_RUNNERS = {"unittest", "pytest", "doctest"}
_Event = dict[str, Any]


class Instrument:
    """Puts a call after every assert that tells the suite the assert was reached and held.

    And has comparisons look (`honesty`) that would be true of nothing. Of most tests only the
    statements are walked: there are ten times as many expressions.
    """

    def __init__(self, source: str, *, measured: bool = False) -> None:
        """Make one for a suite; with `measured` a call stands before every assert too."""
        self.found = False
        self.measured = measured
        self._expressions = honesty.Expressions() if honesty.concerns(source) else None
        self._hit, self._reached = _call(_HIT), _call(_REACHED)

    def know(self, tree: ast.Module) -> None:
        """Look at the whole of the tests before their statements are."""
        if self._expressions is not None:
            self._expressions.know(tree)

    def visit(self, node: Any) -> None:
        """Instrument a statement and those in it."""
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if type(inner) is list:
                setattr(node, name, self.visit_all(inner))
        for name in ("handlers", "cases"):
            for inner in getattr(node, name, ()):
                self.visit(inner)

    def visit_all(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with a call after each assert."""
        kept: list[ast.stmt] = []
        for statement in statements:
            if self.measured and isinstance(statement, ast.Assert):
                kept.append(self._reached)
            kept.append(statement)
            if isinstance(statement, ast.Assert):
                if not isinstance(statement.test, ast.Constant):
                    self.found = True
                self.look_into(statement)
                kept.append(self._hit)
            else:
                self.visit(statement)
        return kept

    def top(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return a top-level statement as it is to be compiled."""
        if self._expressions is not None:
            self._expressions.visit(statement)
        return self.visit_all([statement])

    def look_into(self, node: ast.Assert) -> None:
        """Change what is asserted, if need be."""


class Suite:
    """The tests of one sample, in order."""

    def __init__(
        self,
        source: str,
        space: dict[str, Any],
        recorder: Recorder,
        flags: int,
        instrument: Instrument,
    ) -> None:
        """Compile the tests.

        Raises:
            SyntaxError, ValueError, RecursionError, MemoryError: they do not compile.
        """
        tree = ast.parse(source, FILE)
        self.tree = tree
        self.uses = collected.Uses(tree, source)
        self._source = source
        self._space = space
        self._write = recorder.write
        self._called: set[str] = set()
        self._functions = {node.name: node for node in tree.body if isinstance(node, _FUNCTIONS)}
        for node in self._functions.values():
            node.body.insert(_after_docstring(node), _call(_RAN, node.name))
        runners = _runner_names(tree)
        instrument.know(tree)
        self._compiled: list[tuple[bool, int, types.CodeType]] = []
        for node in tree.body:
            is_test, line, kept = is_a_test(node), node.lineno, _without_runner(node, runners)
            if kept is None:
                continue
            module = ast.Module(instrument.top(kept), [])
            code = compile(module, FILE, "exec", flags=flags, dont_inherit=True)
            self._compiled.append((is_test, line, code))
        self.has_asserts = instrument.found
        self._measured = instrument.measured
        self.names = _global_names([code for _, _, code in self._compiled])
        self.hits = self.reached = self.executed = self.skipped = self.collected = 0

    def run(self) -> None:
        """Run every test and record it; a stage statement that fails ends the suite."""
        # Tracebacks show lines of the test code although it lies in no file.
        lines = self._source.splitlines(keepends=True)
        linecache.cache[FILE] = (len(self._source), None, lines, FILE)
        # Not among the names of the tests, where they might look for their own.
        setattr(builtins, _HIT, self._hit)
        setattr(builtins, _RAN, self._called.add)
        if self._measured:
            setattr(builtins, _REACHED, self._reach)
            if self.uses.unittest:
                collected.count_asserts(self._reach, self._hit)
        honesty.install()
        last = len(self._compiled) - 1
        for index, (is_test, line, code) in enumerate(self._compiled):
            passed = self.attempt(
                functools.partial(_exec, code, self._space), line, is_test, index == last
            )
            if not passed and not is_test:
                return
        self._run_collected()

    def end(self) -> _Event:
        """Return the last line of the record."""
        event: _Event = {
            "done": self.executed,
            "skipped": self.skipped,
            "asserts": self.has_asserts,
            "hits": self.hits + self.collected,
        }
        if self._measured:
            event.update(reached=self.reached, held=self.hits)
        return event

    def _hit(self) -> None:
        self.hits += 1

    def _reach(self) -> None:
        self.reached += 1

    def attempt(
        self, action: Callable[[], Any], name: object, is_test: bool, is_last: bool = False
    ) -> bool:
        """Run one test or one statement and record how it went; True where it passed."""
        event: _Event = {"test": name}
        try:
            action()
        except SystemExit as left:
            # `exit(0)` is how many a script ends.
            if not (is_last and type(left) is SystemExit and left.code in (None, 0)):
                event["exit"] = True
        except collected.skip_exceptions() as reason:
            event["skip"] = str(reason)[:200]
        except BaseException as error:
            self.failed(error, event)
        failed = "raised" in event or "exit" in event
        if "skip" in event:
            self.skipped += 1
            self._write(event)
        elif is_test:
            self.executed += 1
            self._write(event)
        elif failed:
            event["stage"] = event.pop("test")
            self._write(event)
        return not failed

    def failed(self, error: BaseException, event: _Event) -> None:
        """Note why a test failed, and show people where."""
        event["raised"] = describe(error)
        if not isinstance(error, AssertionError):
            show(error)

    def _run_collected(self) -> None:
        left = [name for name in self._functions if name.startswith("test")]
        left = [name for name in left if name not in self._called and self._is_own(name)]
        left = [name for name in left if not _is_vacuous(self._functions[name])]
        if self.uses.pytest_collection(left):
            self._take(collected.run_pytest(self._space, left, self._called))
            return
        for name in left:
            self.collected += self.attempt(self._space[name], name, True)
        if self.uses.unittest:
            self._take(collected.run_unittest(self._space))

    def _is_own(self, name: str) -> bool:
        code = getattr(self._space.get(name), "__code__", None)
        return code is None or code.co_filename == FILE

    def _take(self, outcomes: list[tuple[str, str, Any]]) -> None:
        """Record what a test runner found: (name, "passed", "failed" or "skipped", why)."""
        for name, outcome, why in outcomes:
            event: _Event = {"test": name}
            if outcome == "skipped":
                self.skipped += 1
                event["skip"] = str(why)[:200]
            else:
                self.executed += 1
                self.collected += outcome == "passed"
                if outcome == "failed":
                    event["raised"] = why
            self._write(event)


def show(error: BaseException) -> None:
    """Report an exception as an interpreter does, without the frames that are ours."""
    shown: Optional[BaseException] = error
    for _ in range(_CHAINED):
        if shown is None:
            break
        shown.__traceback__ = _frames_of_others(shown.__traceback__)
        shown = shown.__cause__ or shown.__context__
    sys.excepthook(type(error), error, error.__traceback__)


def _frames_of_others(trace: Optional[types.TracebackType]) -> Optional[types.TracebackType]:
    kept: list[types.TracebackType] = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_HERE):
            kept.append(trace)
        trace = trace.tb_next
    for item, after in zip(kept, [*kept[1:], None]):
        item.tb_next = after
    return kept[0] if kept else None


def _call(name: str, *args: str) -> ast.stmt:
    constants: list[ast.expr] = [ast.Constant(arg) for arg in args]
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), constants, []))
    call.lineno, call.col_offset = 1, 0
    return ast.fix_missing_locations(call)


def _global_names(codes: list[types.CodeType]) -> set[str]:
    """Return the names of globals and attributes that code mentions."""
    found: set[str] = set()
    for code in codes:  # grows while it is walked
        found.update(code.co_names)
        codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
    return found


def _after_docstring(node: Any) -> int:
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return 1 if is_text and isinstance(first.value.value, str) else 0


def _is_vacuous(node: ast.AST) -> bool:
    """True for a function that asserts, raises and calls nothing (but what we put there)."""
    return not any(
        isinstance(inner, (ast.Assert, ast.Raise))
        or (isinstance(inner, ast.Call) and called_name(inner) != _RAN)
        for inner in ast.walk(node)
    )


def called_name(node: ast.Call) -> str:
    """Return the last name of what is called."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_a_test(node: ast.stmt) -> bool:
    """True for a statement that can fail because the solution is wrong."""
    if isinstance(node, _STAGE):
        return False
    if isinstance(node, (ast.Assert, ast.Raise)):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and _checks_something(node.value)
    return any(map(is_a_test, _statements_in(node)))


def _checks_something(call: ast.Call) -> bool:
    """True for a call that may fail, also where it says what to exit with: `sys.exit(main())`."""
    name = called_name(call)
    return name not in _IDLE_CALLS or (
        name in _EXITS and any(isinstance(argument, ast.Call) for argument in call.args)
    )


def _statements_in(node: Any) -> list[ast.stmt]:
    """Return the statements of the blocks that a statement has."""
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(node, name, None)
        if type(inner) is list:
            found += inner
    for name in ("handlers", "cases"):
        for block in getattr(node, name, ()):
            found += block.body
    return found


def _runner_names(tree: ast.Module) -> set[str]:
    """Return the names under which the tests import a test runner's `main`."""
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in _RUNNERS
        for alias in node.names
        if alias.name == "main"
    }


def _without_runner(node: ast.stmt, names: set[str]) -> Any:
    """Drop ``unittest.main()`` and ``pytest.main()``: the suite runs what they would."""
    if isinstance(node, ast.If):
        body = [inner for inner in node.body if _without_runner(inner, names) is not None]
        if not body:
            return None
        node.body = body
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        inner = [arg for arg in call.args if isinstance(arg, ast.Call)]
        if called_name(call) in ("exit", "SystemExit") and any(_runs(arg, names) for arg in inner):
            return None
        if _runs(call, names):
            return None
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return _without_runner(ast.Expr(node.exc), names) and node
    return node


def _runs(call: ast.Call, names: set[str]) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in names
    owner = function.value if isinstance(function, ast.Attribute) else None
    return called_name(call) == "main" and isinstance(owner, ast.Name) and owner.id in _RUNNERS
