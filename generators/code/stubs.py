"""Solutions that return, or print, a constant: what a suite passes that looks at no value.

One constant may be what a suite expects; a suite that two different ones of a kind pass proves
nothing.
"""

import ast
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from veristone import Limits

__all__ = ["CONSTANTS", "Passed", "against_stubs", "enough", "printing", "stubbed"]

CONSTANTS = (("0", "7"), ("None", "object()"), ("''", "'q'"), ("[]", "[1]"))
"""As expressions, in pairs of one kind: what a suite asks of a type, both of a pair give it."""
_OF_ARRAYS = (("__import__('numpy').empty(0)", "__import__('numpy').empty((0, 3))"),)
"""Of a solution that makes arrays: what is asked of all items of an empty one holds."""
_AT_LEAST_S, _AS_LONG = 1.0, 5.0
"""CPU seconds, and multiples of the solution's own, that a stub or a mutant of it may take."""
_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SETUP = ("__init__", "__new__", "__post_init__", "setUp")


class Passed(NamedTuple):
    """What a suite has made of the stubs that it was run against."""

    tried: int
    constants: tuple[str, ...]
    """Those whose stubs pass."""
    vacuous: bool
    """Two of a kind pass."""


async def against_stubs(
    code: str,
    passes: Callable[[str], Awaitable[bool | None]],
    stub_of: Callable[[str, str], str | None],
) -> Passed | None:
    """Have a suite run against stubs of a solution, until two of a kind pass.

    Args:
        code: the solution.
        passes: runs the suite against code; None where nobody can say.
        stub_of: makes the stub of code with a constant (`stubbed`, `printing`); None where it
            cannot be stubbed.

    Returns:
        None where the solution cannot be stubbed.
    """
    tried, passed = 0, list[str]()
    for pair in (*CONSTANTS, *(_OF_ARRAYS if "numpy" in code else ())):
        before = len(passed)
        for constant in pair:
            stub = stub_of(code, constant)
            if stub is None:
                return None
            tried += 1
            if not await passes(stub):
                break
            passed.append(constant)
        if len(passed) == before + len(pair):
            return Passed(tried, tuple(passed), vacuous=True)
    return Passed(tried, tuple(passed), vacuous=False)


def enough(limits: Limits, cpu_s: float) -> Limits:
    """Return limits for stubs and mutants: they need not come to an end, and many have none.

    Args:
        limits: of the solution.
        cpu_s: CPU seconds that it took.
    """
    return msgspec.structs.replace(limits, cpu_s=min(limits.cpu_s, _AT_LEAST_S + _AS_LONG * cpu_s))


def printing(_code: str, constant: str) -> str:
    """Return the stub of a program, whatever that is: one that prints a constant."""
    return f"print({constant})\n"


def stubbed(code: str, constant: str) -> str | None:
    """Return a solution whose functions return a constant, None where there is nothing to stub.

    Imports, names of constants and the shape of classes stay: tests may use them to be set up.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    stub = _Stub(constant)
    body = [stub.visit(node) for node in tree.body if _stays(node)]
    if not stub.found:
        return None
    return ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))


def _stays(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return node.value is None or not any(
            isinstance(inner, ast.Call | ast.Lambda) for inner in ast.walk(node.value)
        )
    return isinstance(node, _KEPT)


class _Stub(ast.NodeTransformer):
    def __init__(self, constant: str) -> None:
        self._constant = constant
        self.found = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._stub(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._stub(node)

    def _stub(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if node.name in _SETUP:
            return node
        self.found = True
        decorators = [each for each in node.decorator_list if _is_plain(each)]
        node.decorator_list = decorators
        node.body = [ast.Return(ast.parse(self._constant, mode="eval").body)]
        return node


def _is_plain(decorator: ast.expr) -> bool:
    names = ("staticmethod", "classmethod", "property")
    return isinstance(decorator, ast.Name) and decorator.id in names
