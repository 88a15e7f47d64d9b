"""A program without what shows it off: prints, trials and a main guard around a function.

A grader calls the function; what a model wrote beside it to try it out would be run first, and may
ask for an input that nobody gives. So it goes, wherever the function does without it. EvalPlus does
the same to answers before it runs them (`sanitize`), and keeps less.
"""

import ast
from collections.abc import Collection, Sequence

from veristone.generators.code.names import defined_names, free_names, names_in, parts_run
from veristone.generators.code.python import Function, Parsed, parse

__all__ = ["without_demo"]

_SHOWS = frozenset({"print", "pprint", "__name__", "unittest", "doctest", "pytest", "exit", "quit"})
_READS = frozenset({"input", "raw_input", "stdin", "argv"})


def without_demo(code: str, entry_point: str) -> str:
    """Return a program without the statements that show its entry point off, print or read.

    Only what stands behind all that the entry point needs goes; what reads an input goes from
    anywhere. What may set something (`sys.setrecursionlimit(...)`, a table that is filled) stays,
    and so do definitions. Code that does not parse or does not define the entry point is returned
    as it is.
    """
    tree = parse(code)
    if not isinstance(tree, Parsed) or entry_point not in defined_names(tree.module):
        return code
    body = tree.module.body
    uses = _uses(body)
    needed = _reached({entry_point}, uses)
    binding = [place for place, node in enumerate(body) if not _bound(node).isdisjoint(needed)]
    dropped: list[ast.stmt] = []
    for place, node in enumerate(body):
        told = {entry_point, *_SHOWS, *_READS} if place > binding[-1] else _READS
        idle = place > binding[-1] and _does_nothing(node)
        if place not in binding and (idle or not _mentions(node, uses).isdisjoint(told)):
            dropped.append(node)
    if not dropped:
        return code
    kept = {line for node in body if node not in dropped for line in _lines(node)}
    gone = {line for node in dropped for line in _lines(node)} - kept
    lines = code.split("\n")
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in gone)


def _lines(node: ast.stmt) -> range:
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    return range(first, (node.end_lineno or node.lineno) + 1)


def _uses(body: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """Return what each name of the module takes from it."""
    found: dict[str, set[str]] = {}
    for node in body:
        for name in _bound(node):
            found.setdefault(name, set()).update(free_names(node))
    return found


def _reached(names: Collection[str], uses: dict[str, set[str]]) -> set[str]:
    """Return names with all that they need, and what that needs."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += uses.get(name, ())
    return found


def _mentions(node: ast.stmt, uses: dict[str, set[str]]) -> set[str]:
    """Return what is used when a statement is run: of a definition not the bodies of functions."""
    return _reached({name for part in parts_run(node) for name in names_in(part)}, uses)


def _bound(node: ast.stmt) -> set[str]:
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


def _does_nothing(node: ast.stmt) -> bool:
    """Whether it is a value that goes nowhere, or a note that reads like an annotation."""
    bare = isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and node.value is None)
    calls = any(isinstance(inner, ast.Call) for inner in ast.walk(node))
    return bare and (isinstance(node, ast.AnnAssign) or not calls)
