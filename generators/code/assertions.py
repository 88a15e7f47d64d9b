"""What of a test code runs, and where something can fail in it.

The statements at the top run, and with them every function whose name they mention; functions
called `test...` without parameters and the tests of unittest classes run because the verifier calls
them, as pytest would (see `sandbox_images.warden.python_asserts`). What follows a `return`, stands
under a condition that never holds or in a loop over nothing does not run. Asserts under a handler
that catches them do not fail.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from veristone.generators.code.names import names_in
from veristone.generators.code.python import Function

__all__ = ["Assertion", "Run", "asserts_by_call", "called", "calls", "truth"]

_BROAD = frozenset({"AssertionError", "Exception", "BaseException"})
_LEAVES = (ast.Return, ast.Continue, ast.Break)
_FIXTURES = frozenset({"setUp", "setUpClass", "tearDown", "asyncSetUp", "setup_method", "__init__"})
_PLAIN = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.Compare),
    *(ast.expr_context, ast.operator, ast.unaryop, ast.cmpop),
)
_ALWAYS_LIKE = {"assertTrue": True, "assertFalse": False, "assert_": True}


class Assertion(NamedTuple):
    """A place where tests can fail on purpose."""

    node: ast.stmt | ast.expr
    """An `assert`, a `raise`, a call such as `self.assertEqual`, or an item of a `with`."""
    around: tuple[ast.AST, ...]
    """What decides, or is tried, around it: tests of `if`, iterables, bodies of `try`, `with`."""

    @property
    def always_holds(self) -> bool:
        """Whether it holds whatever the solution does."""
        match self.node:
            case ast.Assert(test=test):
                return truth(test) is True
            case ast.Call(args=[first, *rest]) as call:
                name = called(call)
                if name in _ALWAYS_LIKE:
                    return truth(first) is _ALWAYS_LIKE[name]
                if name in ("assertEqual", "assertEquals", "assert_equal") and rest:
                    return truth(ast.Compare(first, [ast.Eq()], [rest[0]])) is True
                return False
            case _:
                return False


class Run:
    """What runs of a test code.

    Attributes:
        statements: every statement that runs, compound ones before what is in them.
        assertions: those that run, and whose failure is seen.
        hidden: how many run and fail unseen.
        functions: every function that runs.
        classes: every class, whether it is used or not.
    """

    def __init__(self, module: ast.Module) -> None:
        self.statements: list[ast.stmt] = []
        self.assertions: list[Assertion] = []
        self.hidden = 0
        self.functions: list[Function] = []
        nodes = list(ast.walk(module))
        self.classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        self._known: dict[str, list[Function]] = {}
        for node in nodes:
            if isinstance(node, Function):
                self._known.setdefault(node.name, []).append(node)
        for node in self.classes:
            # Who makes an object of a class may run any of its methods.
            methods = [inner for inner in node.body if isinstance(inner, Function)]
            self._known.setdefault(node.name, []).extend(methods)
        self._entered: set[tuple[int, bool]] = set()
        self._pending: list[tuple[Function, bool]] = []
        self._block(module.body, (), False)
        for function in _entries(module):
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

    def _mentions(self, node: ast.AST, hidden: bool) -> None:
        for name in names_in(node):
            for function in self._known.get(name, ()):
                self._enter(function, hidden)

    def _block(self, body: Iterable[ast.stmt], around: tuple[ast.AST, ...], hidden: bool) -> None:
        for statement in body:
            self._statement(statement, around, hidden)
            if isinstance(statement, (*_LEAVES, ast.Raise)):
                return

    def _statement(self, node: ast.stmt, around: tuple[ast.AST, ...], hidden: bool) -> None:
        if isinstance(node, Function):
            return
        if isinstance(node, ast.ClassDef):
            self._block(node.body, around, hidden)
            return
        self.statements.append(node)
        match node:
            case (
                ast.If(test=head)
                | ast.While(test=head)
                | ast.For(iter=head)
                | ast.AsyncFor(iter=head)
            ):
                self._mentions(head, hidden)
                holds = truth(head)
                self._block(node.body if holds is not False else (), (*around, head), hidden)
                self._block(node.orelse if holds is not True else (), (*around, head), hidden)
            case ast.Match(subject=head, cases=cases):
                self._mentions(head, hidden)
                for case in cases:
                    self._block(case.body, (*around, head), hidden)
            case ast.Try() | ast.TryStar():
                self._try(node, around, hidden)
            case ast.With() | ast.AsyncWith():
                self._with(node, around, hidden)
            case ast.Assert():
                self._found([node], around, hidden)
                self._mentions(node, hidden)
            case ast.Raise():
                # A failure that is passed on is none of the tests' own.
                self._found([node] if around and node.exc is not None else [], around, hidden)
            case _:
                self._found(filter(asserts_by_call, calls(node)), around, hidden)
                self._mentions(node, hidden)

    def _found(
        self, nodes: Iterable[ast.stmt | ast.expr], around: tuple[ast.AST, ...], hidden: bool
    ) -> None:
        found = [Assertion(node, around) for node in nodes]
        self.hidden += len(found) if hidden else 0
        self.assertions += [] if hidden else found

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
        self, node: ast.With | ast.AsyncWith, around: tuple[ast.AST, ...], hidden: bool
    ) -> None:
        inner = hidden
        for call in (item.context_expr for item in node.items):
            self._mentions(call, hidden)
            name = called(call)
            if isinstance(call, ast.Call) and name == "suppress":
                inner = inner or any(names_in(argument) & _BROAD for argument in call.args)
            elif name == "raises" or name.startswith("assertRaises"):
                self._found([call], (*around, *node.body), hidden)
                inner = True
        self._block(node.body, around, inner)


def called(call: ast.AST) -> str:
    """Return the last name of what is called: `raises` of `pytest.raises(...)`; empty where nothing
    is."""
    match call:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case _:
            return ""


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield every call in a piece of code."""
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def asserts_by_call(call: ast.Call) -> bool:
    """Whether a call is an assertion: `self.assertEqual(...)`, `self.fail()`."""
    name = called(call)
    return name.lower().startswith("assert") or name in {"fail", "raises"}


def truth(test: ast.expr) -> bool | None:
    """Return the value of a condition that is fixed; None where running it decides.

    Fixed are constants, a value compared with itself, a tuple with something in it (as in
    `assert (f(1) == 2, "message")`), and comparisons of constants. The last are taken to hold: one
    that does not hold fails for every solution, and running it will tell.
    """
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth(operand)
            return None if inner is None else not inner
        case ast.BoolOp(op=op, values=values):
            every = isinstance(op, ast.And)
            known = [truth(value) for value in values]
            return not every if (not every) in known else None if None in known else every
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return bool(items)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if _same(left, right):
            if isinstance(op, ast.Eq | ast.Is | ast.LtE | ast.GtE):
                return True
            return False if isinstance(op, ast.NotEq | ast.IsNot | ast.Lt | ast.Gt) else None
        case _:
            return True if all(isinstance(inner, _PLAIN) for inner in ast.walk(test)) else None


def _same(left: ast.expr, right: ast.expr) -> bool:
    return ast.dump(left) == ast.dump(right)


def _catches_asserts(handler: ast.ExceptHandler) -> bool:
    """Whether a failed assert ends here: nothing in the handler raises or fails again."""
    if handler.type is not None and not names_in(handler.type) & _BROAD:
        return False
    return not any(
        isinstance(node, ast.Raise)
        or called(node) in {"fail", "exit", "_exit", "abort"}
        or (isinstance(node, ast.Assert) and truth(node.test) is not True)
        for node in ast.walk(handler)
    )


def _entries(module: ast.Module) -> Iterator[Function]:
    """Yield the functions that the verifier calls by itself."""
    cases: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            bases = {name for base in node.bases for name in names_in(base)}
            # Derived from unittest's, perhaps by way of another of the module.
            if bases & cases or any(name.endswith("TestCase") for name in bases):
                cases.add(node.name)
                methods = (inner for inner in node.body if isinstance(inner, Function))
                yield from (m for m in methods if m.name.startswith("test") or m.name in _FIXTURES)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            given = node.args
            if len(given.posonlyargs) + len(given.args) <= len(given.defaults):
                yield node
