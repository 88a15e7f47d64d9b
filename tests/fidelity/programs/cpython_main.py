"""Runs one of the test modules that come with CPython; prints every test and how it ended."""

import sys
import unittest

outcomes = []


class Noting(unittest.TestResult):
    def addSuccess(self, test):
        outcomes.append((test.id(), "passed"))

    def addSkip(self, test, reason):
        outcomes.append((test.id(), f"skipped: {reason}"))

    def _note(self, test, error):
        outcomes.append((test.id(), f"{error[0].__name__}: {error[1]}"))

    def addError(self, test, error):
        self._note(test, error)

    def addFailure(self, test, error):
        self._note(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._note(subtest, error)

    def addExpectedFailure(self, test, error):
        outcomes.append((test.id(), "failed as expected"))

    def addUnexpectedSuccess(self, test):
        outcomes.append((test.id(), "passed against expectation"))


if __name__ == "__main__":
    out, name = sys.stdout, sys.argv.pop()
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.test_{name}")
    suite.run(Noting())
    print(len(outcomes), file=out)
    for each in sorted(outcomes):
        print(*each, file=out)
