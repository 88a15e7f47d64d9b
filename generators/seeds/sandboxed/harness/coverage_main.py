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
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from veristone_supervise import Worker, read_request, report

# Names of our own, whatever a seed makes of its builtins.
globals().update({name: value for name, value in vars(builtins).items() if name[0] != "_"})

MOST_FAILURES = 5
_SEED, _TESTS = "seed.py", "tests.py"
_Say = Callable[[str], None]
_noted: dict[types.CodeType, Callable[[int], None]] = {}


class Lines:
    """The executable lines of some code objects: which statement each traced line belongs to.

    Of `statements`, those in `wanted` count; the others say where those end.
    """

    def __init__(
        self, codes: list[types.CodeType], statements: list[Any], wanted: Iterable[Any]
    ) -> None:
        self.codes = codes
        self._first: dict[int, int] = {}
        starts, counted = sorted(map(_start, statements)), {_start(node) for node in wanted}
        for code in codes:
            for _, _, line in code.co_lines():
                at = bisect_right(starts, line or 0)
                if at and starts[at - 1] in counted:
                    self._first[line or 0] = starts[at - 1]
        self.executable = frozenset(self._first.values())

    def trace(self, hit: Callable[[int], None]) -> None:
        """Call `hit` with every executable line that is reached, once each."""
        seen: set[int] = set()

        def note(line: int) -> None:
            first = self._first.get(line)
            if first is not None and first not in seen:
                seen.add(first)
                hit(first)

        _noted.update(dict.fromkeys(self.codes, note))
        sys.settrace(_enter)
        threading.settrace(_enter)


def _enter(frame: types.FrameType, _event: str, _: object) -> Any:
    return _local if frame.f_code in _noted else None


def _local(frame: types.FrameType, event: str, _: object) -> Any:
    if event == "line":
        _noted[frame.f_code](frame.f_lineno)
    return _local


def _start(node: Any) -> int:
    """Return the first line of a statement, an `except` clause or a `case`."""
    node = getattr(node, "pattern", node)
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    waiting = [code]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += [const for const in each.co_consts if isinstance(const, types.CodeType)]


def _statements(nodes: list[ast.stmt]) -> list[Any]:
    """Return statements and clauses, also those inside others."""
    found: list[Any] = []
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            found.append(node)
        # Statements never stand inside expressions.
        if not isinstance(node, ast.expr):
            waiting += ast.iter_child_nodes(node)
    return found


def function_lines(tree: ast.Module, code: types.CodeType, name: str) -> Lines:
    """Return the lines of the function `name`; of the whole module where there is none."""
    codes, body = list(_nested(code)), tree.body
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            body, last = node.body, node.end_lineno or 0
            codes = [
                each
                for each in _nested(code)
                if each is not code and _start(node) <= each.co_firstlineno <= last
            ]
    statements = _statements(body)
    return Lines(codes, statements, statements)


def _described(error: BaseException) -> str:
    kind = type(error).__name__
    try:
        return f"{kind}: {error}"[:300]
    except BaseException:  # an exception of the seed's own, whose text is code of the seed's
        return kind


def run(request: dict[str, Any], code: types.CodeType, lines: Lines, say: _Say) -> None:
    """Load the seed, run its tests and say what happened, line by line as it does."""
    lines.trace(lambda line: say(f"line {line}"))
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
    statements = _statements(tree.body)
    checks = Lines(list(_nested(code)), statements, filter(_asserts, statements))
    checks.trace(lambda line: say("check"))
    before = set(namespace)
    _attempt(lambda: exec(code, namespace), failed)
    for name in [name for name in namespace if name not in before]:
        value = namespace[name]
        if isinstance(value, types.FunctionType) and name.startswith("test"):
            if value.__code__.co_argcount <= len(value.__defaults__ or ()):
                _attempt(value, failed)
        elif isinstance(value, type) and "unittest" in sys.modules:
            _run_case(value, failed)


def _attempt(call: Callable[[], object], failed: _Say) -> None:
    try:
        call()
    except BaseException as error:
        failed(_described(error))


def _asserts(node: ast.AST) -> bool:
    calls = [node.value] if isinstance(node, ast.Expr) else []
    if isinstance(node, (ast.With, ast.AsyncWith)):
        calls = [item.context_expr for item in node.items]
    functions = [call.func for call in calls if isinstance(call, ast.Call)]
    names = [getattr(each, "attr", None) or getattr(each, "id", "") for each in functions]
    return isinstance(node, ast.Assert) or any(
        name.startswith("assert") or name == "raises" for name in names
    )


def _run_case(case: type, failed: _Say) -> None:
    import unittest

    if issubclass(case, unittest.TestCase):
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
    said: dict[str, list[str]] = {}
    for line in worker.lines():
        word, _, text = line.partition(" ")
        if word != "failed" or len(said.get(word, ())) < MOST_FAILURES:
            said.setdefault(word, []).append(text)
        if word == "done":
            break
    worker.end()
    covered = {int(text) for text in said.get("line", ()) if text.isdecimal()}
    missed = sorted(lines.executable - covered)
    report(
        {
            "loaded": "loaded" in said,
            "done": "done" in said,
            "error": said.get("error", [""])[-1],
            "failures": said.get("failed", []),
            "checks": len(said.get("check", ())),
            "lines": len(lines.executable),
            "covered": len(lines.executable) - len(missed),
            "missed": missed[:10],
        }
    )


if __name__ == "__main__":
    main()
