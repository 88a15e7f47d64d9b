"""Tests as the usual runners collect them: pytest's functions, classes and fixtures; unittest's.

Loading either takes longer than most suites run, so only tests that speak of one get it.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from typing import Any, Callable

from .python_calls import describe

_Outcome = tuple[str, str, Any]
_UNITTEST = re.compile(r"\b(unittest|TestCase)\b")


class Uses:
    """Which runner a suite is written for, by its text alone."""

    def __init__(self, tree: ast.Module, source: str) -> None:
        self.unittest = _UNITTEST.search(source) is not None
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        self._pytest_classes = any(
            node.name.startswith("Test") and _has_tests(node) and not _is_case(node)
            for node in classes
        )
        self._functions = {
            node.name: node
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self._fixtures = "fixture" in source or "pytestmark" in source

    def pytest_collection(self, functions: list[str]) -> bool:
        """True where classes or some of `functions` need what only pytest does."""
        return self._pytest_classes or any(
            _needs_pytest(self._functions[name]) or self._fixtures for name in functions
        )


def _has_tests(node: ast.ClassDef) -> bool:
    return any(
        isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name.startswith("test")
        for inner in node.body
    )


def _is_case(node: ast.ClassDef) -> bool:
    return any("TestCase" in ast.dump(base) for base in node.bases)


def _needs_pytest(node: Any) -> bool:
    required = len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
    decorated = any("pytest" in ast.dump(decorator) for decorator in node.decorator_list)
    return required > 0 or decorated or isinstance(node, ast.AsyncFunctionDef)


def skip_exceptions() -> tuple[Any, ...]:
    """Return the exceptions by which a test says that it skips itself."""
    found: list[Any] = []
    unittest, outcomes = sys.modules.get("unittest.case"), sys.modules.get("_pytest.outcomes")
    if unittest is not None:
        found.append(unittest.SkipTest)
    if outcomes is not None:
        found.append(outcomes.Skipped)
    return tuple(found)


def run_unittest(space: dict[str, Any]) -> list[_Outcome]:
    """Run the test cases among the names of a module, with their class and module fixtures."""
    import unittest

    module = sys.modules["__main__"]
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for value in list(space.values()):
        is_case = isinstance(value, type) and issubclass(value, unittest.TestCase)
        if is_case and not value.__module__.startswith("unittest"):
            suite.addTest(loader.loadTestsFromTestCase(value))
    outcomes: list[_Outcome] = []
    result = _result_class(unittest.TestResult)(outcomes)
    sys.modules["__main__"] = module
    suite.run(result)
    return outcomes


def count_asserts(reached: Callable[[], None], held: Callable[[], None]) -> None:
    """Have every assert method of a test case tell that it was called, and that it came back."""
    import unittest

    within = False

    def counting(method: Any) -> Any:
        @functools.wraps(method)
        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal within
            if within:  # one that another one uses
                return method(*args, **kwargs)
            reached()
            within = True
            try:
                result = method(*args, **kwargs)
            finally:
                within = False
            held()
            return result

        return counted

    for name, method in list(vars(unittest.TestCase).items()):
        if name.startswith("assert") and callable(method):
            setattr(unittest.TestCase, name, counting(method))


def _result_class(base: Any) -> Any:
    class Result(base):
        """Keeps one outcome for each test, and one for each fixture that failed."""

        def __init__(self, outcomes: list[_Outcome]) -> None:
            super().__init__()
            self.outcomes = outcomes
            self._bad: dict[str, Any] = {}

        def startTest(self, test: Any) -> None:
            super().startTest(test)
            self._bad.pop(_name(test), None)

        def addSuccess(self, test: Any) -> None:
            self.outcomes.append((_name(test), "passed", None))

        def addSkip(self, test: Any, reason: str) -> None:
            self.outcomes.append((_name(test), "skipped", reason))

        def addExpectedFailure(self, test: Any, err: Any) -> None:
            self.outcomes.append((_name(test), "skipped", "expected to fail"))

        def addUnexpectedSuccess(self, test: Any) -> None:
            why = ["AssertionError", "unexpected success"]
            self.outcomes.append((_name(test), "failed", why))

        def addFailure(self, test: Any, err: Any) -> None:
            self.outcomes.append((_name(test), "failed", describe(err[1])))
            if not isinstance(err[1], AssertionError):
                sys.excepthook(*err)

        addError = addFailure

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            if err is not None:
                self.addFailure(subtest, err)

    return Result


def _name(test: Any) -> str:
    return str(test.id()).partition("__main__.")[2] or str(test.id())


def run_pytest(space: dict[str, Any], functions: list[str], called: set[str]) -> list[_Outcome]:
    """Collect the names of a module as pytest does, and run what it finds.

    Of plain functions only `functions` are run: the others were called by the test code itself.
    """
    import pytest

    outcomes: list[_Outcome] = []
    plugin = _plugin_class(pytest)(space, functions, outcomes)
    arguments = [
        *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler"),
        *("--noconftest", "-c", "/dev/null", "--rootdir=/", "--import-mode=importlib"),
    ]
    status = pytest.main(arguments, plugins=[plugin])
    if not plugin.finished:
        why = ["RuntimeError", f"pytest ended with {status!s} before the tests did"]
        outcomes.append(("pytest", "failed", why))
    return outcomes


def _plugin_class(pytest: Any) -> Any:
    from pathlib import Path

    class InMemory(pytest.Module):
        """The module of the tests, which lies in no file."""

        space: dict[str, Any]

        def _getobj(self) -> Any:
            return sys.modules["__main__"]

    class Plugin:
        """Gives pytest the tests and takes down their outcomes."""

        def __init__(
            self, space: dict[str, Any], functions: list[str], outcomes: list[_Outcome]
        ) -> None:
            self.finished = False
            self._space, self._functions, self._outcomes = space, set(functions), outcomes

        def pytest_collection(self, session: Any) -> bool:
            module = InMemory.from_parent(session, path=Path("/tests.py"))
            module._nodeid = "tests"
            items = [item for item in session.genitems(module) if self._is_left(item)]
            session.config.hook.pytest_collection_modifyitems(
                session=session, config=session.config, items=items
            )
            session.items, session.testscollected = items, len(items)
            return True

        def _is_left(self, item: Any) -> bool:
            is_plain = isinstance(item.parent, InMemory)
            return not is_plain or getattr(item, "originalname", item.name) in self._functions

        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(self, pyfuncitem: Any) -> Any:
            function = pyfuncitem.obj
            code = getattr(getattr(function, "__func__", function), "__code__", None)
            if code is None or not code.co_flags & 0x80:  # CO_COROUTINE
                return None
            import asyncio

            names = pyfuncitem._fixtureinfo.argnames
            asyncio.run(function(**{name: pyfuncitem.funcargs[name] for name in names}))
            return True

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
            report = (yield).get_result()
            name = item.nodeid.partition("::")[2]
            if report.failed:
                error = call.excinfo.value if call.excinfo else AssertionError("unexpected success")
                self._outcomes.append((name, "failed", describe(error)))
                if call.excinfo and not isinstance(error, AssertionError):
                    sys.excepthook(type(error), error, error.__traceback__)
            elif report.skipped:
                self._outcomes.append((name, "skipped", getattr(report, "wasxfail", "skipped")))
            elif report.when == "call":
                self._outcomes.append((name, "passed", None))

        def pytest_sessionfinish(self) -> None:
            self.finished = True

    return Plugin
