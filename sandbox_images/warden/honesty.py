"""Comparisons of the tests' own that would be true of nothing, made to look at what they compare.

`all(a == b for a, b in zip(answer, expected))` holds for an empty answer, `numpy.allclose` for an
empty array, and `not abs(answer - 2.5) > 1e-6` for NaN. What these functions get is wrapped in
calls that raise AssertionError there. All else stays as it was written.
"""

from __future__ import annotations

import ast
import builtins
import re
from typing import Any

_ZIP, _SAME, _NUMBER = (f"__veristone_{name}__" for name in ("zip", "same_size", "number"))
_CLOSE = {"allclose", "isclose", "assert_allclose", "assert_almost_equal", "assert_array_equal"}
_CLOSE |= {"assert_array_almost_equal", "array_equal"}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_COUNTING = {"range", "count", "enumerate", "cycle", "repeat"}
_zip = zip


def install() -> None:
    """Make the functions that the calls name known to the tests."""
    for name, function in ((_ZIP, even_zip), (_SAME, same_size), (_NUMBER, number)):
        setattr(builtins, name, function)


_CONCERNS = re.compile(r"\bzip\b|close\b|almost_equal|array_equal|\bnot\b[^=!]*[<>]")


def concerns(source: str) -> bool:
    """True where the text of the tests may hold such a comparison."""
    return _CONCERNS.search(source) is not None


class Expressions(ast.NodeVisitor):
    """Finds the comparisons of a statement and puts the calls in."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Compare):
            refuse_nan(node.operand)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        refuse_empty(node, _name(node.func))

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.generic_visit(node)
        compare_all(node.generators[0].iter, node.elt)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.generic_visit(node)
        compare_all(node.generators[0].iter, node.elt)

    def visit_For(self, node: ast.For) -> None:
        asserted = [inner.test for inner in node.body if isinstance(inner, ast.Assert)]
        self.generic_visit(node)
        if len(asserted) == 1 and len(node.body) <= 3:
            compare_all(node.iter, asserted[0])


def compare_all(iterated: ast.expr, compared: ast.expr) -> None:
    """Have a `zip` refuse uneven lengths where what it yields is compared for equality."""
    if not isinstance(iterated, ast.Call) or _name(iterated.func) != "zip":
        return
    if len(iterated.args) < 2 or iterated.keywords or not _is_equality(compared):
        return
    names = [_names(arg) for arg in iterated.args]
    if any(names[0] & other for other in names[1:]) or _COUNTING & set().union(*names):
        return
    if not any(isinstance(arg, ast.Starred) for arg in iterated.args):
        iterated.func = ast.copy_location(ast.Name(_ZIP, ast.Load()), iterated.func)


def refuse_empty(call: ast.Call, name: str) -> None:
    """Have a function that compares arrays look whether one of two is empty."""
    if name in _CLOSE and len(call.args) >= 2 and not isinstance(call.args[1], ast.Starred):
        pair = ast.Call(ast.Name(_SAME, ast.Load()), call.args[:2], [])
        call.args[:2] = [ast.Starred(pair, ast.Load())]
        ast.copy_location(pair, call)
        ast.fix_missing_locations(call)


def refuse_nan(compare: ast.Compare) -> None:
    """Have an order that is denied look at its numbers."""
    if all(isinstance(op, _ORDER) for op in compare.ops):
        compare.left = _number_of(compare.left)
        compare.comparators = [_number_of(side) for side in compare.comparators]


def _number_of(node: ast.expr) -> ast.expr:
    call = ast.Call(ast.Name(_NUMBER, ast.Load()), [node], [])
    return ast.fix_missing_locations(ast.copy_location(call, node))


def _name(node: ast.AST) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _is_equality(node: ast.AST) -> bool:
    """True for `a == b`, `isclose(a, b)` and `abs(a - b) < e`."""
    if isinstance(node, ast.Call):
        return _name(node.func) in _CLOSE
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return False
    small = isinstance(node.left, ast.Call) and _name(node.left.func) == "abs"
    return isinstance(node.ops[0], ast.Eq) or (small and isinstance(node.ops[0], _ORDER[:2]))


def even_zip(*iterables: Any) -> Any:
    """Return `zip` of these; raise AssertionError where their lengths are known and differ."""
    if not all(hasattr(type(each), "__len__") for each in iterables):
        return _zip(*iterables)
    # What its length says and what it yields may differ where the solution has made it.
    counted = [list(each) for each in iterables]
    lengths = {len(each) for each in counted}
    if len(lengths) > 1:
        raise AssertionError(f"what is compared has lengths {sorted(lengths)}")
    return _zip(*counted)


def same_size(first: Any, second: Any) -> tuple[Any, Any]:
    """Return both; raise AssertionError where exactly one of them is empty."""
    if _is_empty(first) != _is_empty(second):
        raise AssertionError("an empty array is compared with one that is not")
    return first, second


def _is_empty(value: Any) -> bool:
    size = getattr(value, "size", None)
    if type(size) is int:
        return size == 0
    return hasattr(type(value), "__len__") and len(value) == 0


def number(value: Any) -> Any:
    """Return a value; raise AssertionError where it is NaN."""
    if isinstance(value, float) and value != value:
        raise AssertionError("NaN is neither smaller nor greater")
    return value
