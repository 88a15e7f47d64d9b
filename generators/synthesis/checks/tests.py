"""`no_tests`, `vacuous_tests`, `tests_define_solution`: Python tests that say nothing.

Everything that passes has at least one effective assertion: see `generators.code.suites`.
"""

from veristone.generators.code.python import Parsed, parse
from veristone.generators.code.suites import read_suite
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["suite"]


def suite(tests: str, code: str) -> Problem | None:
    """Return what is wrong with the tests of a Python program; code that does not parse defines
    nothing."""
    tree = parse(tests)
    if not tests.strip() or (isinstance(tree, Parsed) and not tree.module.body):
        return problem("no_tests", "comments only" if tests.strip() else "nothing there")
    found = read_suite(code, tests)
    if found.redefined:
        return problem("tests_define_solution", ", ".join(found.redefined))
    return problem("vacuous_tests", found.problem) if found.problem else None
