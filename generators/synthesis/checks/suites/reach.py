"""What of a test suite runs, and where something can fail in it.

The statements at the top run, and with them every function whose name they mention; functions
called `test...` without parameters and the tests of unittest classes run because the verifier calls
them, as pytest would. What follows a `return`, stands under a condition that never holds or in a
loop over nothing does not run. Asserts under a handler that catches them do not fail.
"""

import ast
from collections.abc import Iterable
from typing import NamedTuple

from veristone.generators.synthesis.checks.suites.constants import truth
from veristone.generators.synthesis.checks.suites.entries import Function, entries
from veristone.generators.synthesis.checks.suites.nodes import called, calls, names_in

__all__ = ["Assertion", "Function", "Reached", "reached"]

_BROAD = frozenset({"AssertionError", "Exception", "BaseException"})
_LEAVES = (ast.Return, ast.Continue, ast.Break)
_ENDS = (*_LEAVES, ast.Raise)


class Assertion(NamedTuple):
    """A place where tests can fail on purpose."""

    node: ast.stmt | ast.expr
    """An `assert`, a `raise`, a call such as `self.assertEqual`, or an item of a `with`."""
    conditions: tuple[ast.AST, ...]
    """What decides, or is tried, around it: tests of `if`, iterables, bodies of `try`, `with`."""


class Reached(NamedTuple):
    """What runs."""

    statements: list[ast.stmt]
    """Every statement that runs, compound ones before what is in them."""
    assertions: list[Assertion]
    swallowed: int
    """Asserts that run and whose failure a handler hides."""
    functions: list[Function]
    """Every function that runs."""
    classes: list[ast.ClassDef]
    """Every class, whether it is used or not."""


class _Walk:
    """Follows what runs."""

    def __init__(self, known: dict[str, list[Function]]) -> None:
        self.known = known
        self.statements: list[ast.stmt] = []
        self.assertions: list[Assertion] = []
        self.swallowed = 0
        self.functions: list[Function] = []
        self._entered: set[tuple[int, bool]] = set()
        self._pending: list[tuple[Function, bool]] = []

    def run(self, body: Iterable[ast.stmt], entries: Iterable[Function]) -> None:
        self._block(body, (), False)
        for function in entries:
            self._enter(function, False)
        while self._pending:
            function, hidden = self._pending.pop()
            self.functions.append(function)
            self._block(function.body, (), hidden)

    def _enter(self, function: Function, hidden: bool) -> None:
        # Once as it fails openly, once as it fails unseen: the first is what counts.
        if self._entered.isdisjoint({(id(function), hidden), (id(function), False)}):
            self._entered.add((id(function), hidden))
            self._pending.append((function, hidden))

    def _block(self, body: Iterable[ast.stmt], around: tuple[ast.AST, ...], hidden: bool) -> None:
        for statement in body:
            self._statement(statement, around, hidden)
            if isinstance(statement, _ENDS):
                return

    def _statement(self, node: ast.stmt, around: tuple[ast.AST, ...], hidden: bool) -> None:
        if isinstance(node, Function | ast.ClassDef):
            for decorator in node.decorator_list:
                self._mentions(decorator, hidden)
            if isinstance(node, ast.ClassDef):
                self._block(node.body, around, hidden)
            return
        self.statements.append(node)
        match node:
            case ast.Assert() | ast.Raise():
                self._found(node, around, hidden)
                self._mentions(node, hidden)
            case ast.If(test=test) | ast.While(test=test):
                self._branches(node, test, around, hidden)
            case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable):
                self._mentions(iterable, hidden)
                if truth(iterable) is not False:
                    self._block(node.body, (*around, iterable), hidden)
                self._block(node.orelse, around, hidden)
            case ast.Try() | ast.TryStar():
                self._try(node, around, hidden)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                self._with(node, items, around, hidden)
            case ast.Match(subject=subject, cases=cases):
                self._mentions(subject, hidden)
                for case in cases:
                    self._block(case.body, (*around, subject), hidden)
            case _:
                for call in calls(node):
                    if _asserts_by_call(call):
                        self._found(call, around, hidden)
                self._mentions(node, hidden)

    def _found(self, node: ast.stmt | ast.expr, around: tuple[ast.AST, ...], hidden: bool) -> None:
        # A failure that is passed on is none of the tests' own.
        if isinstance(node, ast.Raise) and (not around or node.exc is None):
            return
        if hidden:
            self.swallowed += 1
        else:
            self.assertions.append(Assertion(node, around))

    def _branches(
        self, node: ast.If | ast.While, test: ast.expr, around: tuple[ast.AST, ...], hidden: bool
    ) -> None:
        self._mentions(test, hidden)
        holds = _main_guard(test)
        if holds is None:
            holds = truth(test)
        inner = (*around, test) if holds is None else around
        if holds is not False:
            self._block(node.body, inner, hidden)
        if holds is not True:
            self._block(node.orelse, inner, hidden)

    def _try(self, node: ast.Try | ast.TryStar, around: tuple[ast.AST, ...], hidden: bool) -> None:
        catches = any(_catches_asserts(handler) for handler in node.handlers)
        # A `return` in `finally` ends every exception.
        catches = catches or any(isinstance(last, _LEAVES) for last in node.finalbody)
        inner = (*around, *node.body)
        self._block(node.body, inner, hidden or catches)
        for handler in node.handlers:
            self._block(handler.body, inner, hidden)
        self._block(node.orelse, inner, hidden)
        self._block(node.finalbody, around, hidden)

    def _with(
        self,
        node: ast.With | ast.AsyncWith,
        items: list[ast.withitem],
        around: tuple[ast.AST, ...],
        hidden: bool,
    ) -> None:
        inner = hidden
        for item in items:
            self._mentions(item.context_expr, hidden)
            call = item.context_expr
            if not isinstance(call, ast.Call):
                continue
            name = called(call)
            if name == "suppress":
                inner = inner or any(names_in(argument) & _BROAD for argument in call.args)
            elif name == "raises" or name.startswith("assertRaises"):
                self._found(call, (*around, *node.body), hidden)
                inner = True
        self._block(node.body, around, inner)

    def _mentions(self, node: ast.AST, hidden: bool) -> None:
        for name in names_in(node):
            for function in self.known.get(name, ()):
                self._enter(function, hidden)


def reached(module: ast.Module, helpers: Iterable[Function] = ()) -> Reached:
    """Return what of a module of tests runs; `helpers` are functions of the solution that it may
    call: those called `test...`."""
    known: dict[str, list[Function]] = {}
    classes: list[ast.ClassDef] = []
    for node in (*ast.walk(module), *helpers):
        if isinstance(node, Function):
            known.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            classes.append(node)
    for node in classes:
        # Who makes an object of a class may run any of its methods.
        known.setdefault(node.name, []).extend(n for n in node.body if isinstance(n, Function))
    walk = _Walk(known)
    walk.run(module.body, list(entries(module)))
    return Reached(walk.statements, walk.assertions, walk.swallowed, walk.functions, classes)


def _main_guard(test: ast.expr) -> bool | None:
    match test:
        case (
            ast.Compare(
                left=ast.Name(id="__name__"),
                ops=[operator],
                comparators=[ast.Constant(value=value)],
            )
            | ast.Compare(
                left=ast.Constant(value=value),
                ops=[operator],
                comparators=[ast.Name(id="__name__")],
            )
        ):
            if isinstance(operator, ast.Eq):
                return value == "__main__"
            if isinstance(operator, ast.NotEq):
                return value != "__main__"
            return None
        case _:
            return None


def _catches_asserts(handler: ast.ExceptHandler) -> bool:
    """Whether a failed assert ends here: nothing in the handler raises or fails again."""
    if handler.type is not None and not names_in(handler.type) & _BROAD:
        return False
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return False
        if isinstance(node, ast.Assert) and truth(node.test) is not True:
            return False
        if isinstance(node, ast.Call) and called(node) in {"fail", "exit", "_exit", "abort"}:
            return False
    return True


def _asserts_by_call(call: ast.Call) -> bool:
    name = called(call)
    return name.lower().startswith("assert") or name in {"fail", "raises"}
