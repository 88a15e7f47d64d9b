"""Which values in a test suite come from the solution.

A closure over names, blind to order: a name depends on the solution where something that does is
assigned to it, put into it, looped over into it, or decides whether it is assigned; where it is
given to something of the solution, which may change it; and a parameter, where any call gives it
something that depends. That is more than the truth, on purpose: what is refused in the end depends
on nothing.

It is not enough to look whether a function is there (`assert callable(f)`, `f is not None`).
"""

import ast
from collections.abc import Iterable, Iterator, Mapping

from veristone.generators.synthesis.checks.suites.nodes import called, calls, names_in
from veristone.generators.synthesis.checks.suites.reach import Assertion, Function, Reached

__all__ = ["Dependence"]

_SHALLOW = frozenset({"callable", "isinstance", "issubclass", "hasattr", "type", "id", "print"})
"""Calls that look at a function without calling it."""
_MAX_ROUNDS = 20
"""Rounds of the closure. In the order of the text two or three do; what needs more was made to."""
_IN_PLACE = frozenset({"append", "add", "extend", "update", "insert", "setdefault", "put", "write"})


class Dependence:
    """Knows what depends on the solution."""

    def __init__(self, solution: Mapping[str, ast.stmt | None], suite: Reached) -> None:
        """`solution` are the names that the solution defines and how."""
        self._looked_at = {
            name
            for name, node in solution.items()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        self._names: set[str] = set(solution)
        self._attributes: set[str] = set()
        self._suite = suite
        self._parameters: dict[str, set[str]] = {}
        for function in suite.functions:
            self._parameters.setdefault(function.name, set()).update(_parameters(function))
        rounds = 0
        while self._grow() and rounds < _MAX_ROUNDS:
            rounds += 1
        self._unsure = rounds == _MAX_ROUNDS
        self._decided: dict[int, bool] = {}

    def decides(self, assertion: Assertion) -> bool:
        """Whether what the solution does can decide about an assertion; true where that takes too
        long to find out."""
        return self._unsure or any(map(self._decides, (assertion.node, *assertion.conditions)))

    def _decides(self, node: ast.AST) -> bool:
        # Many assertions may have the same things around them.
        if id(node) not in self._decided:
            self._decided[id(node)] = self._uses(node, looked_at=True)
        return self._decided[id(node)]

    def acts(self) -> bool:
        """Whether something of the solution is called for what it does, not for what it returns."""
        return any(
            isinstance(statement, ast.Expr)
            and any(self._uses(call.func) for call in calls(statement))
            for statement in self._suite.statements
        )

    def _uses(self, node: ast.AST, looked_at: bool = False) -> bool:
        """Whether a piece of code uses what depends on the solution; a function's bare name does
        not count where it is only looked at."""
        match node:
            case ast.Name(id=name):
                return name in self._names and not (looked_at and name in self._looked_at)
            case ast.Attribute(attr=name, value=value):
                if name in self._attributes:
                    return True
                return self._uses(value, looked_at=name.startswith("__"))
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.NamedExpr() | ast.Expr():
                inside = looked_at or isinstance(node, ast.Compare | ast.Expr)
            case ast.Assert() | ast.If() | ast.While():
                inside = True
            case ast.Call(func=ast.Name(id=name)) if name in _SHALLOW:
                inside = True
            case _:
                inside = False
        return any(self._uses(inner, inside) for inner in ast.iter_child_nodes(node))

    def _grow(self) -> bool:
        """Add what follows from what is known so far; whether anything did."""
        before = len(self._names) + len(self._attributes)
        for statement in self._suite.statements:
            if self._uses(_decider(statement)):
                self._add_assigned(statement)
            for call in calls(statement):
                self._add_given(call)
        for definition in (*self._suite.functions, *self._suite.classes):
            if any(self._uses(inner) for inner in ast.iter_child_nodes(definition)):
                self._names.add(definition.name)
        return len(self._names) + len(self._attributes) > before

    def _add_given(self, call: ast.Call) -> None:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(self._uses(item) for item in given):
            self._names |= self._parameters.get(called(call), set())
        if called(call) in _SHALLOW or not self._uses(call.func):
            return
        for item in given:
            inner = item.value if isinstance(item, ast.Starred) else item
            if isinstance(inner, ast.Name):
                self._names.add(inner.id)
            elif isinstance(inner, ast.Attribute):
                self._attributes.add(inner.attr)

    def _add_assigned(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            match inner:
                case (
                    ast.Name(id=name, ctx=ast.Store())
                    | ast.Subscript(value=ast.Name(id=name), ctx=ast.Store())
                ):
                    self._names.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    self._attributes.add(name)
                case ast.Call(func=ast.Attribute(attr=method, value=owner)) if method in _IN_PLACE:
                    self._add_owner(owner)
                case ast.ExceptHandler(name=str(name)):
                    self._names.add(name)
                case ast.withitem(context_expr=ast.Call(args=arguments)):
                    self._names |= {name for item in arguments for name in names_in(item)}
                case _:
                    pass

    def _add_owner(self, owner: ast.expr) -> None:
        if isinstance(owner, ast.Name):
            self._names.add(owner.id)
        elif isinstance(owner, ast.Attribute):
            self._attributes.add(owner.attr)


def _decider(statement: ast.stmt) -> ast.AST:
    """What decides whether, and with what, a statement assigns."""
    match statement:
        case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable):
            return iterable
        case ast.If(test=test) | ast.While(test=test):
            return test
        case ast.Match(subject=subject):
            return subject
        case _:
            return statement


def _parameters(function: Function) -> Iterable[str]:
    return _arguments(function.args)


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if argument.arg not in ("self", "cls"):
            yield argument.arg
    for argument in (arguments.vararg, arguments.kwarg):
        if argument is not None:
            yield argument.arg
