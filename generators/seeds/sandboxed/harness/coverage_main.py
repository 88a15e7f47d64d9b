"""Runs a seed's tests and says which of its lines they reach.

A line counts as executable where a statement begins on it that has bytecode, as coverage.py counts
(a statement over several lines is one line, its first; a docstring is none). `def` lines and
decorators of the function itself do not count: loading it runs them.
"""

from __future__ import annotations

import ast
import builtins
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

from veristone_supervise import Worker, read_request, report

# Names of our own, whatever a seed makes of its builtins.
globals().update({name: value for name, value in vars(builtins).items() if name[0] != "_"})

MOST_FAILURES = 5
_SEED, _TESTS = "seed.py", "tests.py"
_Say = Callable[[str], None]


class Lines:
    """The executable lines of some code objects: which statement each traced line belongs to."""

    def __init__(self, code: types.CodeType, statements: list[Any]) -> None:
        self.codes = list(_nested(code))
        traced = {line for each in self.codes for _, _, line in each.co_lines() if line is not None}
        self._first: dict[int, int] = {}
        # Inner statements come after the ones around them, and their lines are theirs.
        for statement in statements:
            for line in _header(statement):
                if line in traced:
                    self._first[line] = statement.lineno
        self.executable = frozenset(self._first.values())

    def of(self, line: int) -> int | None:
        """Return the first line of the statement that `line` belongs to."""
        return self._first.get(line)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    waiting = [code]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += [const for const in each.co_consts if isinstance(const, types.CodeType)]


def _header(statement: Any) -> range:
    """Return the lines of a statement without those of the statements inside it."""
    first: int = statement.lineno
    last: int = statement.end_lineno
    body: list[Any] = getattr(statement, "body", []) or getattr(statement, "cases", [])
    if body:
        inner: int = getattr(body[0], "pattern", body[0]).lineno  # a `case` has no line itself
        return range(first, min(last, max(first, inner - 1)) + 1)
    return range(first, last + 1)


def _statements(nodes: list[ast.stmt]) -> list[Any]:
    """Return statements and `except` clauses, outer ones before those inside them."""
    found: list[Any] = []
    waiting: list[ast.AST] = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            found.append(node)
        # Statements never stand inside expressions.
        if not isinstance(node, ast.expr):
            waiting += reversed(list(ast.iter_child_nodes(node)))
    return found


def function_lines(tree: ast.Module, code: types.CodeType, name: str) -> Lines:
    """Return the lines of the function `name`; of the whole module where there is none."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in reversed(tree.body):
        if isinstance(node, functions) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            for const in code.co_consts:
                for each in _candidates(const):
                    if each.co_name == name and each.co_firstlineno == first:
                        return Lines(each, _statements(node.body))
    return Lines(code, _statements(tree.body))


def _candidates(const: object) -> Iterator[types.CodeType]:
    if isinstance(const, types.CodeType):
        yield const
        # A function with type parameters (3.12) lies inside the scope of those.
        if const.co_name.startswith("<generic parameters"):
            yield from (each for each in const.co_consts if isinstance(each, types.CodeType))


def trace(lines: Lines, hit: Callable[[int], None]) -> None:
    """Call `hit` with every executable line that is reached, once each."""
    seen: set[int] = set()

    def note(line: int) -> None:
        first = lines.of(line)
        if first is not None and first not in seen:
            seen.add(first)
            hit(first)

    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is not None:
        _monitor(monitoring, lines.codes, note)
    else:
        _settrace(frozenset(lines.codes), note)


_noted: dict[types.CodeType, Callable[[int], None]] = {}


def _monitor(monitoring: Any, codes: list[types.CodeType], note: Callable[[int], None]) -> None:
    tool, events, disable = monitoring.COVERAGE_ID, monitoring.events, monitoring.DISABLE

    def reached(code: types.CodeType, line: int) -> object:
        _noted[code](line)
        return disable

    def started(code: types.CodeType, _offset: int) -> object:
        # The line of the `def` has no event of its own, and the whole function may stand on it.
        return reached(code, code.co_firstlineno)

    if monitoring.get_tool(tool) is None:
        monitoring.use_tool_id(tool, "veristone")
        monitoring.register_callback(tool, events.LINE, reached)
        monitoring.register_callback(tool, events.PY_START, started)
    for code in codes:
        _noted[code] = note
        monitoring.set_local_events(tool, code, events.LINE | events.PY_START)


def _settrace(codes: frozenset[types.CodeType], note: Callable[[int], None]) -> None:
    _noted.update(dict.fromkeys(codes, note))

    def local(frame: types.FrameType, event: str, _: object) -> Any:
        if event == "line":
            _noted[frame.f_code](frame.f_lineno)
        return local

    def enter(frame: types.FrameType, _event: str, _: object) -> Any:
        return local if frame.f_code in _noted else None

    sys.settrace(enter)
    threading.settrace(enter)


def _described(error: BaseException) -> str:
    kind = type(error).__name__
    try:
        return f"{kind}: {error}"[:300]
    except BaseException:  # an exception of the seed's own, whose text is code of the seed's
        return kind


def run(request: dict[str, Any], code: types.CodeType, lines: Lines, say: _Say) -> None:
    """Load the seed, run its tests and say what happened, line by line as it does."""
    trace(lines, lambda line: say(f"line {line}"))
    module = types.ModuleType("seed")
    sys.modules["seed"] = module
    namespace = vars(module)
    try:
        exec(code, namespace)
    except BaseException as error:
        say(f"error {_described(error)}")
        return
    say("loaded")

    def failed(error: str) -> None:
        say(f"failed {error}")

    if request["tests"]:
        run_tests(request["tests"], namespace, say, failed)
    else:
        run_examples(request["docstring"], namespace, say, failed)
    say("done")


def run_tests(tests: str, namespace: dict[str, Any], say: _Say, failed: _Say) -> None:
    """Run test code, and the test functions and unittest classes that it defines.

    Says `check` once for every assertion of it that is reached.
    """
    try:
        tree = ast.parse(tests, _TESTS)
        code = compile(tree, _TESTS, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        failed(f"the tests do not compile: {_described(error)}")
        return
    checks = [node for node in _statements(tree.body) if _asserts(node)]
    trace(Lines(code, checks), lambda line: say("check"))
    before = set(namespace)
    _attempt(lambda: exec(code, namespace), failed)
    for name in [name for name in namespace if name not in before]:
        value = namespace[name]
        if isinstance(value, types.FunctionType) and name.startswith("test"):
            given = value.__code__.co_argcount - len(value.__defaults__ or ())
            if given <= 0:
                _attempt(value, failed)
        elif isinstance(value, type) and "unittest" in sys.modules:
            _run_case(value, failed)


def _attempt(call: Callable[[], object], failed: _Say) -> None:
    try:
        call()
    except BaseException as error:
        failed(_described(error))


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Expr):
        calls = [node.value]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        calls = [item.context_expr for item in node.items]
    else:
        return False
    for call in calls:
        function = call.func if isinstance(call, ast.Call) else None
        name = getattr(function, "attr", None) or getattr(function, "id", "")
        if name.startswith("assert") or name == "raises":
            return True
    return False


def _run_case(case: type, failed: _Say) -> None:
    import unittest

    if not issubclass(case, unittest.TestCase):
        return
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    for _, text in [*result.failures, *result.errors]:
        failed(text.strip().rpartition("\n")[2])


def run_examples(docstring: str, namespace: dict[str, Any], say: _Say, failed: _Say) -> None:
    """Run the examples of a docstring as the doctest module does, up to the first failure."""
    import doctest

    class Runner(doctest.DocTestRunner):
        def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:
            if example.want or example.exc_msg is not None:
                say("check")

        def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
            failed(f"{example.source.strip()[:120]!r} gave {got[:120]!r}")

        def report_unexpected_exception(
            self, out: Any, test: Any, example: Any, exc_info: Any
        ) -> None:
            failed(f"{example.source.strip()[:120]!r} raised {_described(exc_info[1])}")

    try:
        test = doctest.DocTestParser().get_doctest(docstring, namespace, "seed", None, None)
        Runner(optionflags=doctest.FAIL_FAST).run(test, out=lambda text: None, clear_globs=False)
    except BaseException as error:
        failed(_described(error))


def main() -> None:
    """Answer the request on stdin."""
    request = read_request()
    try:
        tree = ast.parse(request["code"], _SEED)
        code = compile(tree, _SEED, "exec", dont_inherit=True)
        lines = function_lines(tree, code, request["name"])
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        report({"error": _described(error)})
        return
    worker = Worker(lambda say: run(request, code, lines, say))
    loaded = done = False
    checks, error = 0, ""
    failures: list[str] = []
    covered: set[int] = set()
    for line in worker.lines():
        word, _, text = line.partition(" ")
        if word == "line" and text.isdecimal():
            covered.add(int(text))
        elif word == "check":
            checks += 1
        elif word == "failed" and len(failures) < MOST_FAILURES:
            failures.append(text)
        elif word == "error":
            error = text
        loaded = loaded or word == "loaded"
        if word == "done":
            done = True
            break
    worker.end()
    missed = sorted(lines.executable - covered)
    report(
        {
            "loaded": loaded,
            "done": done,
            "error": error,
            "failures": failures,
            "checks": checks,
            "lines": len(lines.executable),
            "covered": len(lines.executable) - len(missed),
            "missed": missed[:10],
        }
    )


if __name__ == "__main__":
    main()
