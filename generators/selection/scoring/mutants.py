"""Small changes to Python code that its tests should notice.

The operators are those of mutation testing: a comparison, an arithmetic or a boolean operator is
exchanged, a constant is moved by one, a condition turned round, a result becomes None, a bound is
off by one, a statement is left out. One change a mutant. Which of them are made is drawn by hash,
kinds of change in turn, so a long function is not all constants.

Documentation, annotations, decorators, and what stands under `if __name__ == "__main__"` are left
alone. Not promised: that a mutant differs in what it does (an equivalent mutant survives every
test), so a strength of 1 cannot be asked for.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from veristone.generators.selection.draws import draw

__all__ = ["Mutant", "mutants", "stub"]

_MOST_BYTES = 100_000
_LARGEST_NUMBER = 10**9
"""Moving such a constant by one is hardly ever noticed, and should not be."""
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_Functions = ast.FunctionDef | ast.AsyncFunctionDef


class Mutant(NamedTuple):
    """A changed copy of a program."""

    kind: str
    """Which operator of mutation made it: `comparison`, `constant`, ..."""
    line: int
    """Of the change, in the original."""
    code: str


class _Site(NamedTuple):
    """A place that can be changed: a field of a node, or a position in a list."""

    kind: str
    line: int
    holder: Any
    key: str | int
    value: object
    """What is to stand there."""

    def swap(self, value: object) -> object:
        """Put something there; return what was there."""
        if isinstance(self.key, int):
            old = self.holder[self.key]
            self.holder[self.key] = value
        else:
            old = getattr(self.holder, self.key)
            setattr(self.holder, self.key, value)
        return old


def mutants(code: str, most: int, random_seed: int, name: str) -> list[Mutant]:
    """Return at most `most` different mutants of Python code, none if it cannot be read.

    Args:
        code: the program.
        most: how many.
        random_seed: of the recipe.
        name: what the draw is for: the id of the response.
    """
    tree = _parsed(code)
    if tree is None or most < 1:
        return []
    found: list[Mutant] = []
    seen = {ast.unparse(tree)}
    sites = list(_sites(tree))
    for index in _in_turn(sites, random_seed, name):
        if len(found) == most:
            break
        site = sites[index]
        old = site.swap(site.value)
        text = ast.unparse(ast.fix_missing_locations(tree))
        site.swap(old)
        if text not in seen:
            seen.add(text)
            found.append(Mutant(site.kind, site.line, text))
    return found


def stub(code: str) -> str | None:
    """Return the program with functions that do nothing; None where it has no function."""
    tree = _parsed(code)
    if tree is None:
        return None
    found = False
    for node in ast.walk(tree):
        if isinstance(node, _Functions):
            node.body = [ast.Return(ast.Constant(None))]
            found = True
    return ast.unparse(ast.fix_missing_locations(tree)) if found else None


def _parsed(code: str) -> ast.Module | None:
    if len(code) > _MOST_BYTES:
        return None
    try:
        tree = ast.parse(code)
        # What is nested too deep to be written again is found out now.
        ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def _in_turn(sites: list[_Site], random_seed: int, name: str) -> list[int]:
    """Return the sites' indices in random order, the first of every kind before the second."""
    kinds: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for index, site in enumerate(sites):
        kinds[site.kind].append((draw(random_seed, "mutant", name, str(index)), index))
    order = [
        (rank, chance, index)
        for members in kinds.values()
        for rank, (chance, index) in enumerate(sorted(members))
    ]
    return [index for _, _, index in sorted(order)]


def _sites(tree: ast.Module) -> Iterator[_Site]:
    """Yield all places in an order that is the same for every copy of the tree."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield from _changes(node)
        stack += reversed(list(_children(node)))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children that are code."""
    for field, value in ast.iter_fields(node):
        if field in ("decorator_list", "annotation", "returns", "type_params"):
            continue
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, ast.AST) and not _left_alone(node, item):
                yield item


def _left_alone(parent: ast.AST, node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        names = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
        return "__name__" in names
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(parent, ast.JoinedStr | ast.FormattedValue)


def _changes(node: ast.AST) -> Iterator[_Site]:
    """Yield what can be changed in one node, apart from its children."""
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            new = _COMPARISONS[type(operator)]()
            yield _Site("comparison", line, node.ops, at, new)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield _Site("arithmetic", line, node, "op", _ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        new = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _Site("boolean", line, node, "op", new)
    elif isinstance(node, ast.Constant):
        yield from _constant(node)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        negated = ast.UnaryOp(ast.Not(), node.test)
        yield _Site("condition", line, node, "test", negated)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield _Site("result", line, node, "value", ast.Constant(None))
    elif isinstance(node, ast.Call):
        yield from _bound(node)
    elif isinstance(node, ast.Slice):
        for field in ("lower", "upper"):
            bound = getattr(node, field)
            if bound is not None and not isinstance(bound, ast.Constant):
                moved = ast.BinOp(bound, ast.Add(), ast.Constant(1))
                yield _Site("bound", line, node, field, moved)
    yield from _left_out(node)


def _constant(node: ast.Constant) -> Iterator[_Site]:
    value: object = node.value
    new: object = None
    if isinstance(value, bool):
        new = not value
    elif isinstance(value, int | float):
        # Infinity and what is no number stay what they are when one is added.
        new = value + 1 if abs(value) < _LARGEST_NUMBER else None
    elif isinstance(value, str):
        new = "" if value else "x"
    if new is not None:
        yield _Site("constant", node.lineno, node, "value", new)


def _bound(node: ast.Call) -> Iterator[_Site]:
    """Yield the end of a `range` that is no constant, one less."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "range" and node.args):
        return
    at = 0 if len(node.args) == 1 else 1
    if not isinstance(node.args[at], ast.Constant | ast.Starred):
        less = ast.BinOp(node.args[at], ast.Sub(), ast.Constant(1))
        yield _Site("bound", node.lineno, node.args, at, less)


def _left_out(node: ast.AST) -> Iterator[_Site]:
    """Yield the statements of a function's blocks that can be left out."""
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if not isinstance(block, list) or isinstance(node, ast.Module | ast.ClassDef):
            continue
        statements = cast("list[Any]", block)
        for at, statement in enumerate(statements):
            called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            if called or isinstance(statement, ast.AugAssign):
                yield _Site("statement", statement.lineno, statements, at, ast.Pass())
