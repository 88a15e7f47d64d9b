"""How much a suite that passed says: does it pass without the solution as well?

The solution's functions are replaced by stubs that return a constant. One constant may be what a
suite expects; a suite that two different ones of a kind pass looks at no value, and proves nothing.
"""

import ast
from collections.abc import Awaitable, Callable

from veristone import Strength

__all__ = ["strength_of", "stubbed"]

_CONSTANTS = (("0", "7"), ("None", "object()"), ("''", "'q'"), ("[]", "[1]"))
"""In pairs of one kind: what a suite asks of a type, both of a pair give it."""
_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SETUP = ("__init__", "__new__", "__post_init__", "setUp")


async def strength_of(code: str, passes: Callable[[str], Awaitable[bool]]) -> Strength | None:
    """Run a suite against stubs of a solution; None where it cannot be stubbed.

    Args:
        code: the solution.
        passes: runs the suite against code.
    """
    tried, survived = 0, list[str]()
    for pair in _CONSTANTS:
        passed = 0
        for constant in pair:
            stub = stubbed(code, constant)
            if stub is None:
                return None
            tried += 1
            if not await passes(stub):
                break
            survived.append(constant)
            passed += 1
        if passed == len(pair):
            return Strength(vacuous=True, stubs=tried, passed_with=tuple(survived))
    return Strength(vacuous=False, stubs=tried, passed_with=tuple(survived))


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
