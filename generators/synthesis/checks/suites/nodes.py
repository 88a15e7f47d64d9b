"""Small questions about syntax trees. Trees are at most 200 levels deep, see `filters.trees`."""

import ast
from collections.abc import Iterator

__all__ = ["called", "calls", "names_in"]


def called(call: ast.Call) -> str:
    """Return the last name of what is called: `raises` of `pytest.raises(...)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield every call in a piece of code."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield inner


def names_in(node: ast.AST) -> set[str]:
    """Return the names and attributes that a piece of code mentions."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
    return found
