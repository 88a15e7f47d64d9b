"""Python that models wrote: which fences are code, and one program out of several.

Parsing is that of `generators.seeds.filters.trees`: by `ast`, bounded in size and depth, never by
compiling, and no input makes it fail.
"""

import ast
from collections.abc import Collection, Sequence

from veristone.generators.seeds.filters.stdlib import roots
from veristone.generators.seeds.filters.trees import Parsed, parse

__all__ = [
    "defined_names",
    "imported_names",
    "joined",
    "parses",
    "top_level",
    "without_imports_of",
]


def parses(code: str) -> bool:
    """Whether it is Python with at least one statement."""
    tree = parse(code)
    return isinstance(tree, Parsed) and bool(tree.module.body)


def joined(blocks: Sequence[str]) -> str:
    """Return one program of several that each parse, with a blank line between them.

    `from __future__` must come first in a file; it is moved there from later blocks.
    """
    futures: dict[str, None] = {}
    bodies: list[str] = []
    for index, block in enumerate(blocks):
        found, rest = _without_futures(block) if index else ([], block)
        futures.update(dict.fromkeys(found))
        bodies.append(rest.strip("\n"))
    return "\n\n".join(filter(None, ["\n".join(futures), *bodies]))


def _without_futures(block: str) -> tuple[list[str], str]:
    tree = parse(block)
    lines = block.split("\n")
    found: list[str] = []
    if isinstance(tree, Parsed) and "__future__" in block:
        nodes = [
            node
            for node in tree.module.body
            if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        ]
        for node in reversed(nodes):
            names = ", ".join(alias.name for alias in node.names)
            found.insert(0, f"from __future__ import {names}")
            lines[node.lineno - 1 : node.end_lineno] = []
    return found, "\n".join(lines)


def without_imports_of(code: str, names: Collection[str]) -> str:
    """Return a program without those imports at its top that name nothing but `names`, from modules
    that are not the standard library's: `from solution import f`, where the solution stands in the
    same file."""
    tree = parse(code)
    if not isinstance(tree, Parsed) or "import" not in code:
        return code
    lines = code.split("\n")
    for node in reversed(tree.module.body):
        if not isinstance(node, ast.ImportFrom) or any(alias.asname for alias in node.names):
            continue
        known = (node.module or "").partition(".")[0] in roots() and not node.level
        alone = not any(
            other is not node and other.lineno <= (node.end_lineno or 0) <= (other.end_lineno or 0)
            for other in tree.module.body
        )
        if not known and alone and all(alias.name in names for alias in node.names):
            lines[node.lineno - 1 : node.end_lineno] = []
    return "\n".join(lines)


def top_level(module: ast.Module) -> list[ast.stmt]:
    """Return a module's statements, with those inside its `if`, `try` and `with` statements."""
    found: list[ast.stmt] = []
    pending: list[ast.stmt] = list(reversed(module.body))
    while pending:
        node = pending.pop()
        found.append(node)
        inner: list[ast.stmt] = []
        match node:
            case ast.If():
                inner = [*node.body, *node.orelse]
            case ast.Try() | ast.TryStar():
                handlers = [line for handler in node.handlers for line in handler.body]
                inner = [*node.body, *handlers, *node.orelse, *node.finalbody]
            case ast.With():
                inner = node.body
            case _:
                pass
        pending.extend(reversed(inner))
    return found


def defined_names(module: ast.Module) -> dict[str, ast.stmt]:
    """Return the functions, classes and variables that a module defines, each with the last
    statement that does; without what it imports."""
    found: dict[str, ast.stmt] = {}
    for node in top_level(module):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found[node.name] = node
            case ast.Assign():
                for target in node.targets:
                    found.update(dict.fromkeys(_bound(target), node))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                found[name] = node
            case _:
                pass
    return found


def imported_names(module: ast.Module) -> set[str]:
    """Return the names that a module's imports bind."""
    found: set[str] = set()
    for node in top_level(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return found


def _bound(target: ast.expr) -> list[str]:
    names: list[str] = []
    pending = [target]
    while pending:
        match pending.pop():
            case ast.Name(id=name):
                names.append(name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                pending.extend(elements)
            case ast.Starred(value=value):
                pending.append(value)
            case _:
                pass
    return names
