"""`no_tests`, `vacuous_tests`, `tests_define_solution`: Python tests that say nothing.

Everything that passes needs at least one assertion that runs, that is not hidden by a handler, that
can fail, and that depends on what the solution does.
"""

import ast
from collections.abc import Mapping

from veristone.generators.seeds.filters.trees import Parsed, Unparsable, parse
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.checks.suites.constants import truth
from veristone.generators.synthesis.checks.suites.dependence import Dependence
from veristone.generators.synthesis.checks.suites.nodes import calls
from veristone.generators.synthesis.checks.suites.reach import Assertion, Function, reached
from veristone.generators.synthesis.parsing.python import defined_names, imported_names

__all__ = ["suite"]

_BY_RIGHT = frozenset({"main", "run_tests", "setup", "teardown", "setUp", "tearDown"})
"""Names that solutions and tests both use for themselves."""
_ALWAYS_LIKE = {"assertTrue": True, "assertFalse": False, "assert_": True}


def suite(tests: str, code: str) -> Problem | None:
    """Return what is wrong with the tests of a Python program; code that does not parse defines
    nothing."""
    if not tests.strip():
        return problem("no_tests", "nothing there")
    tree = parse(tests)
    if isinstance(tree, Unparsable):
        return problem("vacuous_tests", f"do not parse: {tree.detail}")
    if not tree.module.body:
        return problem("no_tests", "comments only")
    solution = parse(code)
    module = solution.module if isinstance(solution, Parsed) else ast.Module([], [])
    defined = defined_names(module)
    names = {name: node for name, node in defined.items() if not _is_test(name, node)}
    again = _redefined(tree.module, set(names))
    if again:
        return problem("tests_define_solution", ", ".join(again))
    helpers = [node for name, node in defined.items() if _is_test(name, node)]
    known = names or dict.fromkeys(imported_names(module))
    return _vacuous(tree.module, known, helpers)


def _is_test(name: str, node: ast.stmt) -> bool:
    """Whether a part of the solution is a test of its own, not a function such as `test_bit`."""
    return name.lower().startswith("test") and any(
        isinstance(inner, ast.Assert)
        or (isinstance(inner, ast.Attribute) and inner.attr.startswith("assert"))
        for inner in ast.walk(node)
    )


def _redefined(tests: ast.Module, names: set[str]) -> list[str]:
    """Functions and classes of the solution that the tests define anew."""
    found: list[str] = []
    for name, node in defined_names(tests).items():
        whole = isinstance(node, Function | ast.ClassDef)
        replaced = whole or isinstance(getattr(node, "value", None), ast.Lambda)
        if name in names - _BY_RIGHT and replaced:
            found.append(name)
    return found


def _vacuous(
    tests: ast.Module, names: Mapping[str, ast.stmt | None], helpers: list[ast.stmt]
) -> Problem | None:
    runs = reached(tests, [node for node in helpers if isinstance(node, Function)])
    real = [assertion for assertion in runs.assertions if not _holds_always(assertion)]
    if real:
        dependence = Dependence(names, runs)
        if any(dependence.decides(assertion) for assertion in real):
            return None
        # Asserts about files and output that the solution was called to make.
        if dependence.acts() and any(_observes(assertion) for assertion in real):
            return None
        return problem("vacuous_tests", "no assertion depends on the solution")
    if runs.assertions:
        return problem("vacuous_tests", "what is asserted always holds")
    if runs.swallowed:
        return problem("vacuous_tests", "a handler hides what fails")
    if any(isinstance(node, ast.Assert) for node in ast.walk(tests)):
        return problem("vacuous_tests", "no assertion runs")
    return problem("vacuous_tests", "nothing is asserted")


def _observes(assertion: Assertion) -> bool:
    return isinstance(assertion.node, ast.Assert) and any(calls(assertion.node.test))


def _holds_always(assertion: Assertion) -> bool:
    match assertion.node:
        case ast.Assert(test=test):
            return truth(test) is True
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[first, *rest]):
            if name in _ALWAYS_LIKE:
                return truth(first) is _ALWAYS_LIKE[name]
            if name in ("assertEqual", "assertEquals", "assert_equal") and rest:
                return truth(ast.Compare(first, [ast.Eq()], [rest[0]])) is True
            return False
        case _:
            return False
