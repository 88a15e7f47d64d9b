"""What the verifier runs of a test suite by itself: see `sandbox_images.warden.python_asserts`."""

import ast
from collections.abc import Iterator
from typing import TypeAlias, TypeGuard

from veristone.generators.synthesis.checks.suites.nodes import names_in

__all__ = ["Function", "entries"]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_FIXTURES = frozenset({"setUp", "setUpClass", "tearDown", "asyncSetUp", "setup_method", "__init__"})


def entries(module: ast.Module) -> Iterator[Function]:
    """Yield the functions that the verifier calls: those at the top called `test...` that need no
    arguments, and the tests and fixtures of unittest classes; without what is skipped."""
    cases: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.ClassDef) and _is_case(node, cases):
            cases.add(node.name)
            if not _is_skipped(node):
                yield from filter(_is_case_method, node.body)
        elif isinstance(node, ast.FunctionDef) and not _is_skipped(node):
            arguments = node.args
            named = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
            if node.name.startswith("test") and named <= 0 and not _is_generator(node):
                yield node


def _is_generator(function: Function) -> bool:
    """Whether calling it runs nothing of it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return False


def _is_case_method(node: ast.stmt) -> TypeGuard[Function]:
    if not isinstance(node, Function) or _is_skipped(node):
        return False
    return node.name.startswith("test") or node.name in _FIXTURES


def _is_skipped(node: Function | ast.ClassDef) -> bool:
    return any("skip" in names_in(decorator) for decorator in node.decorator_list)


def _is_case(node: ast.ClassDef, cases: set[str]) -> bool:
    """Whether a class is derived from unittest's, perhaps by way of another of the module."""
    bases = {name for base in node.bases for name in names_in(base)}
    return bool(bases & cases) or any(name.endswith("TestCase") for name in bases)
