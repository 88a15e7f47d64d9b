"""Small mistakes put into a program, one at a time: what tests are good for is finding these.

The operators are the classical ones (DeMillo, Lipton and Sayward, "Hints on Test Data Selection",
1978): another comparison, another arithmetic operator, a number off by one, `and` for `or`, a
condition turned around, arguments exchanged, a statement left out. Annotations, docstrings and
messages of exceptions are left alone, since no test could tell.
"""

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Mutant", "mutants", "stubbed"]

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
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


class Mutant(NamedTuple):
    """A program with one mistake."""

    what: str
    """`line 7: < for <=`."""
    code: str


def mutants(code: str) -> list[Mutant]:
    """Return every mutant of a program, in the order of its lines."""
    tree = ast.parse(code)
    plain = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for place, node in enumerate(_changeable(tree)):
        for variant in range(_variants(node)):
            copied = copy.deepcopy(tree)
            what = _change(list(_changeable(copied))[place], variant)
            changed = ast.unparse(ast.fix_missing_locations(copied))
            if changed != plain:
                line = getattr(node, "lineno", 0)
                found.setdefault(changed, Mutant(f"line {line}: {what}", changed))
    return list(found.values())


def stubbed(code: str) -> str:
    """Return the program with every function (methods too) returning None at once."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [ast.Return(ast.Constant(None))]
    return ast.unparse(ast.fix_missing_locations(tree))


def _changeable(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that may be changed; always in the same order."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or isinstance(node, ast.Raise):
            continue
        if isinstance(node, ast.Call) and name == "keywords" and _is_message(node):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _changeable(child)


def _is_message(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id.endswith("Error")


def _variants(node: ast.AST) -> int:
    """Count the mistakes that can be made at a node."""
    if isinstance(node, ast.Constant):
        return 2 if type(node.value) is int else 0
    if isinstance(node, ast.Compare):
        return len(node.ops)
    if isinstance(node, ast.Call):
        return len(node.args) == 2 and ast.unparse(node.func) not in ("min", "max", "zip")
    if isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.If | ast.AsyncFunctionDef):
        turned = isinstance(node, ast.If | ast.While)
        return sum(_can_go(statement) for statement in node.body) + turned
    return isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp | ast.IfExp)


def _can_go(statement: ast.stmt) -> bool:
    """Whether a statement may be left out: those that do something and define no name."""
    return isinstance(statement, ast.AugAssign | ast.Raise | ast.Continue | ast.Delete) or (
        isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
    )


def _change(node: ast.AST, variant: int) -> str:
    """Make one mistake at a node, and say which."""
    match node:
        case ast.Constant(value=int(value)):
            node.value = value + (1 if variant == 0 else -1)
            return f"{node.value} for {value}"
        case ast.Compare(ops=ops):
            was = type(ops[variant])
            ops[variant] = _COMPARISONS[was]()
            return f"{_COMPARISONS[was].__name__} for {was.__name__}"
        case ast.BinOp(op=op) | ast.AugAssign(op=op):
            became = _OPERATORS.get(type(op), type(op))
            node.op = became()
            return f"{became.__name__} for {type(op).__name__}"
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            return "and exchanged with or"
        case ast.Call(args=args):
            args.reverse()
            return "arguments exchanged"
        case ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
            return "condition turned around"
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.For() | ast.While() | ast.If():
            return _change_block(node, variant)
        case _:
            raise AssertionError(f"no mistake for {ast.dump(node)}")


def _change_block(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.While | ast.If, variant: int
) -> str:
    places = [place for place, statement in enumerate(node.body) if _can_go(statement)]
    if variant < len(places):
        gone = ast.unparse(node.body[places[variant]])
        node.body[places[variant]] = ast.Pass()
        return f"without {gone!r}"
    assert isinstance(node, ast.While | ast.If)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return "condition turned around"
