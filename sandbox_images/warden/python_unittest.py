"""The unittest classes of a test suite, run by a unittest that no sample has touched."""

from __future__ import annotations

import sys
from typing import Any

from .python_calls import describe


class Cases:
    """Loads unittest, before any code of the sample runs, and remembers it as it is."""

    def __init__(self) -> None:
        # Not from the sample's folder, where a file may have the same name.
        folder = sys.path.pop(0)
        import unittest

        sys.path.insert(0, folder)
        self._unittest = unittest
        self._load = unittest.TestLoader().loadTestsFromTestCase
        self._members: list[tuple[type, dict[str, Any]]] = [
            (kind, dict(vars(kind)))
            for kind in (
                unittest.TestCase,
                unittest.TestResult,
                unittest.TestLoader,
                unittest.TestSuite,
            )
        ]
        self._result = _result_class(unittest.TestResult)

    def of(self, kind: object) -> list[Any]:
        """Return the test cases of a class; none where it is no TestCase."""
        if not isinstance(kind, type) or not issubclass(kind, self._unittest.TestCase):
            return []
        return list(self._load(kind))

    def run(self, case: Any) -> None:
        """Run one test case, or raise AssertionError."""
        for kind, members in self._members:
            for name, value in members.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)
        result = self._result()
        case.run(result)
        if result.bad:
            raise AssertionError(result.bad[0])
        if not result.finished:
            raise AssertionError("the test did not run to its end")


def _result_class(base: Any) -> Any:
    class Result(base):
        """Keeps failures where methods that are replaced later do not reach."""

        def __init__(self) -> None:
            super().__init__()
            self.bad: list[str] = []
            self.finished = 0

        def addSuccess(self, test: Any) -> None:
            self.finished += 1

        def addSkip(self, test: Any, reason: str) -> None:
            self.finished += 1

        def addExpectedFailure(self, test: Any, err: Any) -> None:
            self.finished += 1

        def addUnexpectedSuccess(self, test: Any) -> None:
            self.bad.append("unexpected success")

        def addFailure(self, test: Any, err: Any) -> None:
            self.bad.append(": ".join(describe(err[1])))

        addError = addFailure

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            if err is not None:
                self.bad.append(": ".join(describe(err[1])))

    return Result
