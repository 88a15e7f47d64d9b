"""Arguments that a solution changes before the tests work out from them what it should have said.

``assert largest(items) == max(items)`` holds for every solution that leaves one item and returns
it. It may be meant so: ``assert insert(items, 2) == sorted(items)`` tests one that is to change
them. So the comparison stays what it is, and is counted where it would not hold of the argument as
it was.
"""

from __future__ import annotations

import ast
import builtins
from typing import Any, Callable

from ..suite import Instrument

_BEFORE, _COMPARED = "__veristone_before__", "__veristone_compared__"
_PURE = frozenset(
    (
        *("abs", "all", "any", "dict", "enumerate", "len", "list", "max", "min", "range"),
        *("reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"),
    )
)
_SIMPLE = (
    *(ast.Name, ast.Constant, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp, ast.Call),
    *(ast.List, ast.Tuple, ast.keyword, ast.expr_context, ast.operator, ast.unaryop),
)
_VALUES = frozenset((bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type(None)))
_MOST = 10_000
"""Items of an argument that is looked at: it is copied each time."""


class Watching(Instrument):
    """Has asserts that compare a call's answer with something made of its arguments look twice."""

    def look_into(self, node: ast.Assert) -> None:
        test = node.test
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return
        # Most arguments are written out: that is seen at once, and the rest is not looked at.
        given, expected = _given(test.left), test.comparators[0]
        if not given or not isinstance(test.ops[0], ast.Eq):
            return
        names = sorted(given & _names(expected))
        if names and _is_simple(expected):
            node.test = ast.fix_missing_locations(
                ast.copy_location(_compared(names, test.left, expected), test)
            )


def install(claim: Callable[[], None]) -> None:
    """Make the functions that those asserts call known; `claim` counts a comparison."""

    def compared(
        before: list[Any], answer: Any, expected: Any, now: list[Any], again: Callable[..., Any]
    ) -> Any:
        equal = answer == expected
        if equal is True and type(answer) in _VALUES and before != now:
            try:
                holds = answer == again(*before)
            except Exception:
                holds = False
            if not holds:
                claim()
        return equal

    setattr(builtins, _BEFORE, lambda *values: [_copied(value) for value in values])
    setattr(builtins, _COMPARED, compared)


def _copied(value: Any) -> Any:
    """Return a copy of a container of the tests' own, and anything else as it is."""
    kind = type(value)
    if kind not in (list, dict, set) or len(value) > _MOST:
        return value
    if kind is dict:
        return {key: _copied(item) for key, item in value.items()}
    return kind(map(_copied, value))


def _compared(names: list[str], answer: ast.expr, expected: ast.expr) -> ast.expr:
    """Return a call that compares; its arguments are worked out in the order of the original's."""
    values: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    parameters = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    before = ast.Call(ast.Name(_BEFORE, ast.Load()), values, [])
    now = ast.List(values, ast.Load())
    again = ast.Lambda(parameters, expected)
    return ast.Call(ast.Name(_COMPARED, ast.Load()), [before, answer, expected, now, again], [])


def _given(answer: ast.expr) -> set[str]:
    """Return names that are given as they are to a call, or to one whose answer it is given."""
    if not isinstance(answer, ast.Call):
        return set()
    found: set[str] = set()
    for argument in (*answer.args, *(keyword.value for keyword in answer.keywords)):
        if isinstance(argument, ast.Name):
            found.add(argument.id)
        elif isinstance(argument, ast.Call):
            found |= _given(argument)
    return found


def _names(node: ast.expr) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _is_simple(node: ast.expr) -> bool:
    """True for what may be worked out twice: it asks nobody, and changes nothing."""
    return all(
        isinstance(inner, _SIMPLE)
        and (not isinstance(inner, ast.Call) or getattr(inner.func, "id", "") in _PURE)
        for inner in ast.walk(node)
    )


__all__ = ["Watching", "install"]
