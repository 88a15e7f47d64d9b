"""Conditions that hold, or do not, whatever a solution does."""

import ast

__all__ = ["truth"]

_PLAIN = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.Compare),
    *(ast.expr_context, ast.operator, ast.unaryop, ast.cmpop),
)
_SAME = (ast.Eq, ast.Is, ast.LtE, ast.GtE)
_DIFFERENT = (ast.NotEq, ast.IsNot, ast.Lt, ast.Gt)


def truth(test: ast.expr) -> bool | None:
    """Return the value of a condition that is fixed; None where running it decides.

    Fixed are constants, a value compared with itself, a tuple with something in it (as in
    `assert (f(1) == 2, "message")`), lambdas, and comparisons of constants. The last are taken to
    hold: one that does not hold fails for every solution, and running it will tell.
    """
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth(operand)
            return None if inner is None else not inner
        case ast.BoolOp(op=op, values=values):
            return _combined([truth(value) for value in values], isinstance(op, ast.And))
        case ast.NamedExpr(value=value):
            return truth(value)
        case ast.IfExp(test=condition, body=body, orelse=orelse):
            known = truth(condition)
            return None if known is None else truth(body if known else orelse)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return bool(elements)
        case ast.Dict(keys=keys):
            return bool(keys)
        case ast.Lambda():
            return True
        case ast.JoinedStr(values=parts):
            return True if any(isinstance(part, ast.Constant) for part in parts) else None
        case ast.Compare():
            return _compared(test)
        case _:
            return True if _is_plain(test) else None


def _combined(known: list[bool | None], every: bool) -> bool | None:
    if (not every) in known:
        return not every
    return None if None in known else every


def _compared(test: ast.Compare) -> bool | None:
    sides = [test.left, *test.comparators]
    if len(sides) == 2 and ast.dump(sides[0]) == ast.dump(sides[1]):
        if isinstance(test.ops[0], _SAME):
            return True
        if isinstance(test.ops[0], _DIFFERENT):
            return False
    return True if _is_plain(test) else None


def _is_plain(node: ast.expr) -> bool:
    return all(isinstance(inner, _PLAIN) for inner in ast.walk(node))
