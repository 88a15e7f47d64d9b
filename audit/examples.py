"""The examples that a task's statement shows, as tests of its gold solution.

A statement that shows `>>> add(1, 2)` and below it `3` promises something to whoever solves the
task. Where the gold solution does not keep the promise, statement and tests disagree.
"""

import ast
import doctest
from collections.abc import Iterator
from typing import NamedTuple

from veristone.generators.code.python import Parsed, parse

__all__ = ["Example", "examples", "holds"]

_MOST = 50
_TRACEBACK = "Traceback (most recent call last):"


class Example(NamedTuple):
    """One line of an interpreter's session, and what is to come of it."""

    source: str
    want: str
    before: str = ""
    """Statements of the same session that stand before it."""


def examples(code: str) -> list[Example]:
    """Return the examples in a program's docstrings, in the syntax of `doctest`.

    What raises, and what is no expression, is left out.
    """
    found: list[Example] = []
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return found
    parser = doctest.DocTestParser()
    for node in ast.walk(tree.module):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            continue
        try:
            shown = parser.get_examples(ast.get_docstring(node) or "")
        except ValueError:  # a session that is laid out wrongly is prose
            continue
        found += _of_session(shown)
    return found[:_MOST]


def _of_session(shown: list[doctest.Example]) -> Iterator[Example]:
    before = ""
    for one in shown:
        source, want = one.source.strip(), one.want.strip()
        if not want:
            before += f"{source}\n"
        elif not want.startswith(_TRACEBACK) and _is_expression(source):
            yield Example(source, want, before)


def holds(example: Example) -> str:
    """Return an assertion that the example holds.

    What is shown is read as a value where it is one, so that `0.5` equals `.5`; else it is the
    text that an interpreter shows.
    """
    try:
        ast.literal_eval(example.want)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return f"{example.before}assert repr({example.source}) == {example.want!r}"
    return f"{example.before}assert ({example.source}) == ({example.want})"


def _is_expression(source: str) -> bool:
    tree = parse(source)
    return isinstance(tree, Parsed) and [*map(type, tree.module.body)] == [ast.Expr]
