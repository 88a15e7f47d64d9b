"""A program without what shows it off: prints, trials and a main guard around a function.

A grader calls the function; what a model wrote beside it to try it out would be run first, and may
ask for an input that nobody gives. So it goes, wherever the function does without it. EvalPlus does
the same to answers before it runs them (`sanitize`), and keeps less.
"""

import ast
from collections.abc import Collection

from veristone.generators.code.names import defined_names, names_in, parts_run
from veristone.generators.code.python import Parsed, parse
from veristone.generators.code.reach import binds, reached, uses

__all__ = ["without_demo"]

_SHOWS = frozenset({"print", "pprint", "__name__", "unittest", "doctest", "pytest", "exit", "quit"})
_READS = frozenset({"input", "raw_input", "stdin", "argv"})


def without_demo(code: str, entry_point: str, also: Collection[str] = ()) -> str:
    """Return a program without the statements that show its entry point off, print or read.

    `also` are further names that a grader takes from it.

    Only what stands behind all that the entry point needs goes; what reads an input goes from
    anywhere. What may set something (`sys.setrecursionlimit(...)`, a table that is filled) stays,
    and so do definitions. Code that does not parse or does not define the entry point is returned
    as it is.
    """
    tree = parse(code)
    if not isinstance(tree, Parsed) or entry_point not in defined_names(tree.module):
        return code
    body = tree.module.body
    used = uses(body)
    needed = reached({entry_point, *also}, used)
    binding = [place for place, node in enumerate(body) if not binds(node).isdisjoint(needed)]
    dropped: list[ast.stmt] = []
    for place, node in enumerate(body):
        told = {entry_point, *_SHOWS, *_READS} if place > binding[-1] else _READS
        idle = place > binding[-1] and _does_nothing(node)
        if place not in binding and (idle or not _mentions(node, used).isdisjoint(told)):
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


def _mentions(node: ast.stmt, used: dict[str, set[str]]) -> set[str]:
    """Return what is used when a statement is run: of a definition not the bodies of functions."""
    return reached({name for part in parts_run(node) for name in names_in(part)}, used)


def _does_nothing(node: ast.stmt) -> bool:
    """Whether it is a value that goes nowhere, or a note that reads like an annotation."""
    bare = isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and node.value is None)
    calls = any(isinstance(inner, ast.Call) for inner in ast.walk(node))
    return bare and (isinstance(node, ast.AnnAssign) or not calls)
