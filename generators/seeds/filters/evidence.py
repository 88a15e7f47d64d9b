"""How a name is used, as far as that tells where it comes from."""

import ast
from collections.abc import Iterable
from typing import NamedTuple

from veristone.generators.seeds.filters.scopes import Use

__all__ = ["Call", "Usage", "usage_of"]

_CONSUMERS = frozenset(
    {"all", "any", "dict", "enumerate", "filter", "iter", "len", "list", "map", "max", "min"}
    | {"next", "set", "sorted", "sum", "tuple", "zip", "islice", "takewhile", "frozenset"}
)


class Call(NamedTuple):
    """One call of a name."""

    arguments: int
    """Positional ones."""
    starred: bool
    """Whether `*` adds an unknown number to them."""
    operand: bool
    iterated: bool
    first: ast.expr | None


class Usage(NamedTuple):
    """All uses of one name together."""

    chains: tuple[tuple[str, ...], ...]
    """Attributes read from it, as far as the dots go: `("path", "join")` of `os.path.join`."""
    calls: tuple[Call, ...]
    annotations: int
    """Uses in annotations, but for their attributes."""
    generics: int
    """Of those: with a subscript, `Pattern[str]`."""
    checks: int
    """Uses as a class of `isinstance` or `issubclass`."""
    operands: int
    """Uses of the name itself in arithmetic or comparisons."""
    subscripts: int
    """Outside annotations."""
    loads: int
    """All other uses: as an argument, a base class, an exception."""


class _Collector:
    def __init__(self) -> None:
        self.chains: list[tuple[str, ...]] = []
        self.calls: list[Call] = []
        self.annotations = 0
        self.generics = 0
        self.checks = 0
        self.operands = 0
        self.subscripts = 0
        self.loads = 0

    def add(self, use: Use, parents: dict[int, ast.AST]) -> None:
        match use.parent:
            case ast.Attribute():
                self.chains.append(_chain(use.parent, parents))
            case ast.Call(func=ast.Name() as func) as call if func is use.node:
                self.calls.append(_call(call, parents))
            case _ if use.annotation:
                self.annotations += 1
                self.generics += isinstance(use.parent, ast.Subscript)
            case _ if _is_checked(use.node, use.parent, parents):
                self.checks += 1
            case ast.BinOp() | ast.UnaryOp() | ast.Compare():
                self.operands += 1
            case ast.Subscript(value=value) if value is use.node:
                self.subscripts += 1
            case _:
                self.loads += 1


def usage_of(uses: Iterable[Use], parents: dict[int, ast.AST]) -> Usage:
    """Return how a name is used.

    Args:
        uses: all uses of the name.
        parents: nodes by the `id` of the nodes right below them.
    """
    found = _Collector()
    for use in uses:
        found.add(use, parents)
    return Usage(
        tuple(found.chains),
        tuple(found.calls),
        found.annotations,
        found.generics,
        found.checks,
        found.operands,
        found.subscripts,
        found.loads,
    )


def _chain(node: ast.Attribute, parents: dict[int, ast.AST]) -> tuple[str, ...]:
    names = [node.attr]
    above = parents.get(id(node))
    while isinstance(above, ast.Attribute):
        names.append(above.attr)
        above = parents.get(id(above))
    return tuple(names)


def _is_checked(node: ast.AST, above: ast.AST | None, parents: dict[int, ast.AST]) -> bool:
    """Whether a name is the second argument of `isinstance`, alone or in a tuple."""
    if isinstance(above, ast.Tuple):
        node, above = above, parents.get(id(above))
    match above:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, classes]):
            return classes is node
        case _:
            return False


def _call(node: ast.Call, parents: dict[int, ast.AST]) -> Call:
    above = parents.get(id(node))
    return Call(
        arguments=sum(not isinstance(argument, ast.Starred) for argument in node.args),
        starred=any(isinstance(argument, ast.Starred) for argument in node.args),
        operand=isinstance(above, ast.BinOp | ast.UnaryOp | ast.Compare),
        iterated=_is_iterated(node, above),
        first=node.args[0] if node.args else None,
    )


def _is_iterated(node: ast.Call, above: ast.AST | None) -> bool:
    match above:
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            return above.iter is node
        case ast.Starred() | ast.YieldFrom():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in _CONSUMERS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ("join", "extend", "update", "from_iterable")
        case _:
            return False
