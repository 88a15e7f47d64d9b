"""Small changes to Python code that its tests should notice.

The operators are those of mutation testing (DeMillo, Lipton and Sayward, "Hints on Test Data
Selection", 1978): a comparison, an arithmetic or a boolean operator is exchanged, a constant is
moved by one, a condition turned round, two arguments change places, a result becomes None, a bound
is off by one, a statement is left out. One change a mutant. Which of them are made is drawn by
hash, kinds of change in turn, so a long function is not all constants.

Documentation, annotations, decorators, what an exception is raised with, what stands under
`if __name__ == "__main__"`, and functions that nothing in the tests leads to (a helper that the
statement shows and the solution does not call) are left alone. Not promised: that a mutant differs
in what it does (an equivalent mutant survives every test), so a strength of 1 cannot be asked for.
"""

import ast
import difflib
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple, cast

from veristone.generators.code.draws import draw
from veristone.generators.code.reach import binds, reached, uses

__all__ = ["Mutant", "Noticed", "against_mutants", "mutants"]

_MAX_CHARS = 100_000
_SHOWN, _DIFFERENCE = 5, 400
"""Survivors that are shown, and the characters of each."""
_MAX_NUMBER = 10**9
"""Moving a larger constant by one is hardly ever noticed, and should not be."""
_EXCHANGED: dict[type[ast.AST], type[ast.AST]] = {
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
    ast.And: ast.Or,
    ast.Or: ast.And,
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
_NOT_CODE = ("decorator_list", "annotation", "returns", "type_params")
_CAN_GO = (ast.AugAssign, ast.Raise, ast.Continue, ast.Delete)
"""Statements that do something and give no name a value."""
_ANY_ORDER = frozenset({"min", "max", "zip", "print"})
"""What does the same with its arguments exchanged, as far as tests can tell."""
_ONE_ORDER = frozenset({"isinstance", "issubclass", "hasattr", "getattr", "super"})
"""What raises at once with its arguments exchanged: every test that runs it would notice."""


class Mutant(NamedTuple):
    """A changed copy of a program."""

    kind: str
    """Which operator of mutation made it: `comparison`, `constant`, ..."""
    code: str

    def differs(self, original: str) -> str:
        """Return the lines in which it differs from the program, both as Python writes them."""
        before = ast.unparse(ast.parse(original)).splitlines()
        lines = difflib.unified_diff(before, self.code.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


class _Site(NamedTuple):
    """A field of a node that can be changed."""

    kind: str
    node: ast.AST
    field: str
    value: object
    """What is to stand there."""


class Noticed(NamedTuple):
    """What a suite has made of the mutants that it was run against."""

    decided: int
    killed: int
    """Those of them that it refuses."""
    survivors: tuple[str, ...]
    """Some of those that pass, as the lines that differ."""
    undecided: int
    """Mutants of which nobody could say; they count nowhere else."""


async def against_mutants(
    code: str,
    limit: int,
    name: str,
    passes: Callable[[str], Awaitable[bool | None]],
    tests: str = "",
) -> Noticed:
    """Have a suite run against mutants of a solution.

    Args:
        code: the solution.
        limit: how many mutants, at most.
        name: what their draw is for.
        passes: runs the suite against code; None where nobody can say.
        tests: see `mutants`.
    """
    killed = undecided = 0
    survivors: list[str] = []
    made = mutants(code, limit, random_seed=0, name=name, tests=tests)
    for mutant in made:
        passed = await passes(mutant.code)
        killed += passed is False
        undecided += passed is None
        if passed:
            survivors.append(mutant.differs(code)[:_DIFFERENCE])
    return Noticed(len(made) - undecided, killed, tuple(survivors[:_SHOWN]), undecided)


def mutants(code: str, limit: int, random_seed: int, name: str, tests: str = "") -> list[Mutant]:
    """Return at most `limit` different mutants of Python code, none if it cannot be read.

    Args:
        code: the program.
        limit: how many.
        random_seed: of the recipe.
        name: what the draw is for: the id of the response.
        tests: text with the names that whoever tests the code begins with: test code, or the name
            of a function. What they do not lead to is left alone; all may be changed where they
            name nothing that the code defines.
    """
    tree = _parsed(code)
    if tree is None or limit < 1:
        return []
    found: list[Mutant] = []
    seen = {ast.unparse(tree)}
    sites = [site for node in _tested(tree, tests) for site in _sites(node)]
    for index in _in_turn(sites, random_seed, name):
        if len(found) == limit:
            break
        site = sites[index]
        old = getattr(site.node, site.field)
        setattr(site.node, site.field, site.value)
        text = ast.unparse(ast.fix_missing_locations(tree))
        setattr(site.node, site.field, old)
        if text not in seen:
            seen.add(text)
            found.append(Mutant(site.kind, text))
    return found


def _parsed(code: str) -> ast.Module | None:
    """Return a tree of one's own, to be changed; None for code that cannot be written again."""
    if len(code) > _MAX_CHARS:
        return None
    try:
        tree = ast.parse(code)
        ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def _tested(tree: ast.Module, tests: str) -> list[ast.stmt]:
    """Return the module's statements that define, change or are what tests lead to."""
    used = uses(tree.body)
    begun = used.keys() & set(re.findall(r"\w+", tests))
    needed = reached(begun, used) if begun else used.keys()
    found = (node for node in _children(tree) if isinstance(node, ast.stmt))
    return [node for node in found if not (names := binds(node)) or names & needed]


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


def _sites(statement: ast.stmt) -> Iterator[_Site]:
    """Yield all places in an order that is the same for every copy of the statement."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield from _changes(node)
        yield from _left_out(node)
        stack += reversed(list(_children(node)))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children that are code."""
    for field, value in ast.iter_fields(node):
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        for item in items if field not in _NOT_CODE else ():
            if isinstance(item, ast.AST) and not _left_alone(node, item):
                yield item


def _left_alone(parent: ast.AST, node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        names = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
        return "__name__" in names
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(parent, ast.JoinedStr | ast.FormattedValue | ast.Raise)


def _changes(node: ast.AST) -> Iterator[_Site]:
    """Yield what can be changed in one node, apart from its children."""
    match node:
        case ast.Compare(ops=operators):
            for at, operator in enumerate(operators):
                other = _EXCHANGED[type(operator)]()
                yield _Site("comparison", node, "ops", _with(operators, at, other))
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _EXCHANGED:
            yield _Site("arithmetic", node, "op", _EXCHANGED[type(operator)]())
        case ast.BoolOp(op=operator):
            yield _Site("boolean", node, "op", _EXCHANGED[type(operator)]())
        case ast.Constant(value=value):
            other = _other_constant(value)
            if other is not None:
                yield _Site("constant", node, "value", other)
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield _Site("condition", node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.Return(value=ast.expr()):
            yield _Site("result", node, "value", ast.Constant(None))
        case ast.Call():
            yield from _other_arguments(node)
        case ast.Slice():
            for field in ("lower", "upper"):
                bound = getattr(node, field)
                if bound is not None and not isinstance(bound, ast.Constant):
                    more = ast.BinOp(bound, ast.Add(), ast.Constant(1))
                    yield _Site("bound", node, field, more)
        case _:
            pass


def _other_arguments(node: ast.Call) -> Iterator[_Site]:
    arguments = node.args
    if any(isinstance(argument, ast.Starred) for argument in arguments):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "range" and arguments:
        # The end of a `range`, one less.
        at = 0 if len(arguments) == 1 else 1
        if not isinstance(arguments[at], ast.Constant):
            less = ast.BinOp(arguments[at], ast.Sub(), ast.Constant(1))
            yield _Site("bound", node, "args", _with(arguments, at, less))
    if len(arguments) == 2 and name not in _ANY_ORDER | _ONE_ORDER:
        yield _Site("arguments", node, "args", arguments[::-1])


def _other_constant(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        # Infinity and what is no number stay what they are when one is added.
        return value + 1 if abs(value) < _MAX_NUMBER else None
    if isinstance(value, str):
        return "" if value else "x"
    return None


def _left_out(node: ast.AST) -> Iterator[_Site]:
    """Yield the statements of a function's blocks that can be left out."""
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if not isinstance(block, list) or isinstance(node, ast.Module | ast.ClassDef):
            continue
        statements = cast("list[Any]", block)
        for at, statement in enumerate(statements):
            called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            if called or isinstance(statement, _CAN_GO):
                left = _with(statements, at, ast.Pass())
                yield _Site("statement", node, field, left)


def _with(items: list[Any], at: int, item: object) -> list[Any]:
    return [*items[:at], item, *items[at + 1 :]]
