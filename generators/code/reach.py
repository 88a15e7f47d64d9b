"""Which of a program's names a piece of it needs: a closure over names, blind to order.

A reading, not a proof: what is looked up by a string (`globals()["f"]`) is not seen.
"""

import ast
from collections.abc import Collection, Mapping, Sequence

from veristone.generators.code.names import free_names
from veristone.generators.code.python import Function

__all__ = ["binds", "reached", "uses"]


def uses(body: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """Return what each name of a module takes from it."""
    found: dict[str, set[str]] = {}
    for node in body:
        for name in binds(node):
            found.setdefault(name, set()).update(free_names(node))
    return found


def reached(names: Collection[str], uses: Mapping[str, set[str]]) -> set[str]:
    """Return names with all that they need, and what that needs."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += uses.get(name, ())
    return found


def binds(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds, or changes: an element, an attribute, by a call of a
    method."""
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    found: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
            case ast.Name(ctx=ast.Store() | ast.Del()):
                found.add(inner.id)
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                found |= _root(inner)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
                found |= _root(method)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(inner.name)
            case _:
                pass
    return found


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
