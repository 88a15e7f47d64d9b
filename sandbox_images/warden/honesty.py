"""Comparisons of the tests' own that would be true of nothing, made to look at what they compare.

`all(a == b for a, b in zip(answer, expected))` holds for an empty answer, `numpy.allclose` for an
empty array, and `not abs(answer - 2.5) > 1e-6` for NaN; `(answer == numpy.array([1, 1])).all()`
holds for the number 1, which numpy repeats. What these functions get is wrapped in calls that raise
AssertionError there. All else stays as it was written.
"""

from __future__ import annotations

import ast
import builtins
import collections
import re
import sys
from typing import Any, Optional

_ZIP, _SAME, _NUMBER, _MANY = (
    f"__veristone_{name}__" for name in ("zip", "same_size", "number", "as_many")
)
_CLOSE = {"allclose", "isclose", "assert_allclose", "assert_almost_equal", "assert_array_equal"}
_CLOSE |= {"assert_array_almost_equal", "array_equal"}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_DISTANCES = {"abs", "absolute", "fabs", "norm"}
_FILLED = {"zeros", "ones", "full"}
_NUMPY = {"np", "numpy"}
_OURS = {_MANY, _SAME}
_TAKING = {"pop", "remove", "clear", "resize"}
_COUNTING = {"range", "count", "enumerate", "cycle", "repeat"}
_zip = zip


def install() -> None:
    """Make the functions that the calls name known to the tests."""
    known = {_ZIP: even_zip, _SAME: same_size, _NUMBER: number, _MANY: as_many}
    for name, function in known.items():
        setattr(builtins, name, function)


_CONCERNS = re.compile(
    r"\bzip\b|close\b|almost_equal|array_equal|\bnot\b[^=!]*[<>]|\ball\(|\bnumpy\b"
)


def concerns(source: str) -> bool:
    """True where the text of the tests may hold such a comparison."""
    return _CONCERNS.search(source) is not None


class Expressions(ast.NodeVisitor):
    """Finds the comparisons of a statement and puts the calls in."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def know(self, tree: ast.Module) -> None:
        """Note which names of the tests stand for values that are written out there."""
        self._sizes = written_out(tree)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Compare):
            refuse_nan(node.operand)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = _name(node.func)
        self._refuse_repeated(node, name)
        refuse_empty(node, name)

    def _refuse_repeated(self, node: ast.Call, name: str) -> None:
        """Have a call that speaks of all items of two arrays refuse an answer with too few."""
        if name in _CLOSE - {"isclose"} and len(node.args) >= 2:
            node.args[:2] = self._as_many(*node.args[:2])
        elif name == "all":
            within = node.func.value if isinstance(node.func, ast.Attribute) else None
            for each in (*node.args[:1], within):
                self._look_into_all(each)
        elif name in _DISTANCES and node.args and isinstance(node.args[0], ast.BinOp):
            difference = node.args[0]
            if isinstance(difference.op, ast.Sub):
                difference.left, difference.right = self._as_many(difference.left, difference.right)

    def _look_into_all(self, node: Optional[ast.expr]) -> None:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            node.left, node.comparators[0] = self._as_many(node.left, node.comparators[0])
        elif isinstance(node, ast.Call) and _name(node.func) == "isclose" and len(node.args) == 1:
            node.args[0] = self._pair(node.args[0])

    def _pair(self, starred: ast.expr) -> ast.expr:
        """Look into what `refuse_empty` has made of two arguments."""
        if isinstance(starred, ast.Starred) and isinstance(starred.value, ast.Call):
            starred.value.args = self._as_many(*starred.value.args)
        return starred

    def _as_many(self, left: ast.expr, right: ast.expr) -> list[ast.expr]:
        """Return both sides; where one is written out, the other in a call that counts its items.

        What the other is made of as well is no answer that is waited for, but something given.
        """
        known = {} if _names(left) & _names(right) - _NUMPY - _OURS else self._sizes
        sizes = [size_of(side, known) for side in (left, right)]
        if sizes[0] is None and sizes[1] is not None:
            return [_counted(left, sizes[1]), right]
        if sizes[1] is None and sizes[0] is not None:
            return [left, _counted(right, sizes[0])]
        return [left, right]

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


def _counted(node: ast.expr, size: int) -> ast.expr:
    if isinstance(node, ast.Starred):
        return node
    call = ast.Call(ast.Name(_MANY, ast.Load()), [node, ast.Constant(size)], [])
    return ast.fix_missing_locations(ast.copy_location(call, node))


def written_out(tree: ast.Module) -> dict[str, int]:
    """Return how many items the arrays and lists have that names stand for, by the text alone.

    Only of names that are bound in one place, and from which nothing is taken.
    """
    sizes: dict[str, Optional[int]] = {}
    bound: collections.Counter[str] = collections.Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            sizes[node.targets[0].id] = size_of(node.value, {})
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound[node.id] += 1
        elif isinstance(node, ast.arg):
            bound[node.arg] += 1
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.value, ast.Name):
            is_deleted = isinstance(node.ctx, ast.Del) or _name(node) in _TAKING
            bound[node.value.id] += is_deleted
    return {name: size for name, size in sizes.items() if size is not None and bound[name] == 1}


def size_of(node: ast.expr, known: dict[str, int]) -> Optional[int]:
    """Return how many items an array or a list has that is written out, None where it is not."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        sizes = [size_of(item, known) if _is_display(item) else _one(item) for item in node.elts]
        counted = [size for size in sizes if size is not None]
        return sum(counted) if len(counted) == len(sizes) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if _name(node.func.value) not in _NUMPY:
            return None
        name, first = node.func.attr, node.args[0]
        if name in ("array", "asarray"):
            return size_of(first, known)
        if name in _FILLED:
            return _product(first)
    return None


def _is_display(node: ast.expr) -> bool:
    return isinstance(node, (ast.List, ast.Tuple))


def _one(node: ast.expr) -> Optional[int]:
    """Return 1 for a number that is written out, also with a sign or as part of a term."""
    parts = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
    return 1 if all(isinstance(each, parts) for each in ast.walk(node)) else None


def _product(shape: ast.expr) -> Optional[int]:
    """Return how many items an array of this shape has."""
    items = shape.elts if isinstance(shape, (ast.List, ast.Tuple)) else [shape]
    size = 1
    for item in items:
        if not isinstance(item, ast.Constant) or type(item.value) is not int:
            return None
        size *= item.value
    return size


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


def as_many(answer: Any, size: int) -> Any:
    """Return an answer; raise AssertionError where it has fewer items than it is compared with.

    A single number has one. Only numbers, arrays, and lists and tuples of them are counted.
    """
    numpy: Any = sys.modules.get("numpy")
    if numpy is None:
        return answer
    if type(answer) not in (*_COUNTED, numpy.ndarray) and not isinstance(answer, numpy.generic):
        return answer
    try:
        items = numpy.size(answer)
    except ValueError:  # not a rectangle
        return answer
    if items < size:
        raise AssertionError(f"{items} items are compared with {size}")
    return answer


_COUNTED = (bool, int, float, complex, list, tuple)


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
