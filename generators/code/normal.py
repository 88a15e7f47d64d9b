"""Code as what it does: its syntax tree without names of its own, comments and annotations.

Two programs that differ in the names that they define, in layout, comments, documentation and type
hints have the same form. Names from outside (built-ins, modules, attributes) and constants stay:
`max` and `min`, `+ 1` and `+ 2` are different programs. Names are numbered in the order in which
they are first met, the same for a function's name, parameters and variables.

StarCoder2-Instruct compares the *names of the functions* instead, which throws most passes away
for their wording, and keeps copies that were renamed.

Other languages than Python, of which nothing is verified yet, have their text for a form.
"""

import ast
from collections.abc import Iterator
from typing import Any, cast

from veristone.generators.code.python import Function, Parsed, parse

__all__ = ["normal_form"]

_HINTS = frozenset({"annotation", "returns", "type_comment", "type_params"})


def normal_form(code: str, language: str) -> str:
    """Return the form of a program: words between single blanks.

    Where the code cannot be parsed within bounds, the form is the text itself: it then equals
    nothing but its own copies.
    """
    tree = parse(code) if language == "python" else None
    return " ".join(_Form(tree).words(tree.module)) if isinstance(tree, Parsed) else code


class _Form:
    """Writes trees, with numbers for the names that the program itself gives."""

    def __init__(self, tree: Parsed) -> None:
        own: set[str | None] = set()
        members: set[str | None] = set()
        for node in tree.nodes:
            match node:
                case ast.ClassDef(name=name, body=body):
                    own.add(name)
                    members |= {inner.name for inner in body if isinstance(inner, Function)}
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    own.add(name)
                case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    members.add(name)
                case ast.alias(asname=name) | ast.ExceptHandler(name=name):
                    own.add(name)
                case ast.MatchAs(name=name) | ast.MatchStar(name=name):
                    own.add(name)
                case _:
                    pass
        self._own, self._members = own, members
        self._numbers: dict[str, int] = {}

    def words(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            node = ast.Assign([node.target], node.value)
        yield f"{type(node).__name__}("
        for field, value in ast.iter_fields(node):
            if field in _HINTS or value is None or isinstance(value, ast.expr_context):
                continue
            items = cast(list[Any], value) if isinstance(value, list) else [value]
            if field == "body" and isinstance(node, ast.Module | ast.ClassDef | Function):
                items = items[_has_docstring(items) :]
            for item in items:
                if isinstance(item, ast.AST):
                    yield from self.words(item)
                elif isinstance(item, str) and not isinstance(node, ast.Constant):
                    yield self._name(node, field, item)
                elif item is None:
                    yield "None"
                else:
                    yield f"{type(item).__name__}:{item!r}"
        yield ")"

    def _name(self, node: ast.AST, field: str, name: str) -> str:
        own = self._members if isinstance(node, ast.Attribute) else self._own
        outside = isinstance(node, ast.alias | ast.ImportFrom) and field != "asname"
        # What Python itself calls has a meaning: `__eq__` is not `__lt__`.
        if outside or name not in own or (name.startswith("__") and name.endswith("__")):
            return name
        return f"name{self._numbers.setdefault(name, len(self._numbers))}"


def _has_docstring(body: list[Any]) -> bool:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return True
        case _:
            return False
