"""Whether test code tests anything: which of its assertions can fail because of the solution.

StarCoder2-Instruct took tests that did not parse, and any text with the word `assert`; tautologies,
asserts that a `try` swallows and functions that nobody calls passed. Here the syntax tree is read.
It is a reading, not a proof: where it cannot tell, tests are taken for real, since running them is
what decides.

What depends on the solution is a closure over names, blind to order: where a statement uses
something that does, every name in it does too, since it may be assigned, put into, looped over or
changed by what it is given to; and so do the parameters of functions that it calls. That is more
than the truth, on purpose. It is not enough to look whether a function is there
(`assert callable(f)`, `f is not None`).
"""

import ast
import builtins
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from veristone.generators.code.assertions import Assertion, Run, asserts_by_call, called, calls
from veristone.generators.code.names import defined_names, imported_names
from veristone.generators.code.python import Function, Parsed, parse

__all__ = ["Suite", "asserts_by_itself", "effective_asserts", "read_suite"]

_BY_RIGHT = frozenset({"main", "run_tests", "setup", "teardown", "setUp", "tearDown"})
"""Names that solutions and tests both use for themselves."""
_SHALLOW = frozenset({"callable", "isinstance", "issubclass", "hasattr", "type", "id", "print"})
"""Calls that look at a function without calling it."""
_NOBODYS = frozenset({*dir(builtins), "self", "cls"})
_MAX_ROUNDS = 20
"""Rounds of the closure. In the order of the text two or three do; what needs more was made to."""


class Suite(NamedTuple):
    """What a test code is worth."""

    effective: int = 0
    """Different assertions that run, can fail, are seen to fail and depend on the solution."""
    redefined: tuple[str, ...] = ()
    """Functions and classes of the solution that the tests define anew."""
    problem: str = ""
    """Why there is no effective assertion; for a person."""


def effective_asserts(code: str, tests: str) -> int | None:
    """Return how many effective assertions a test code has; None where code or tests do not parse
    within bounds."""
    both = isinstance(parse(code), Parsed) and isinstance(parse(tests), Parsed)
    return read_suite(code, tests).effective if both else None


def asserts_by_itself(code: str) -> bool:
    """Whether something in a piece of code can fail on purpose. An assert in a function that nobody
    calls is the function's own."""
    tree = parse(code)
    return isinstance(tree, Parsed) and bool(Run(tree.module).assertions)


def read_suite(code: str, tests: str) -> Suite:
    """Return what the tests of a Python program are worth; code that does not parse defines
    nothing."""
    tree, solution = parse(tests), parse(code)
    if not isinstance(tree, Parsed):
        return Suite(problem=f"do not parse: {tree.detail}")
    module = solution.module if isinstance(solution, Parsed) else ast.Module([], [])
    own = defined_names(module)
    again = tuple(
        name
        for name, node in defined_names(tree.module).items()
        if name in own and name not in _BY_RIGHT and _replaces(node)
    )
    run = Run(tree.module)
    real = [assertion for assertion in run.assertions if not assertion.always_holds]
    known = _Dependence(own or dict.fromkeys(imported_names(module)), run, tree.module)
    acts = known.acts()
    found = {
        ast.dump(assertion.node)
        for assertion in real
        # Or about files and output that the solution was called to make.
        if known.decides(assertion) or (acts and _observes(assertion))
    }
    return Suite(len(found), again, "" if found else _why(tree, run, bool(real)))


def _why(tree: Parsed, run: Run, real: bool) -> str:
    if real:
        return "no assertion depends on the solution"
    if run.assertions:
        return "what is asserted always holds"
    if run.hidden:
        return "a handler hides what fails"
    if any(isinstance(node, ast.Assert) for node in tree.nodes):
        return "no assertion runs"
    return "nothing is asserted"


def _replaces(node: ast.stmt) -> bool:
    whole = isinstance(node, Function | ast.ClassDef)
    return whole or isinstance(getattr(node, "value", None), ast.Lambda)


def _observes(assertion: Assertion) -> bool:
    return isinstance(assertion.node, ast.Assert) and any(calls(assertion.node.test))


class _Dependence:
    """Knows what depends on the solution."""

    def __init__(
        self, solution: Mapping[str, ast.stmt | None], run: Run, module: ast.Module
    ) -> None:
        """`solution` are the names that the solution defines and how, `module` the tests."""
        whole = Function | ast.ClassDef
        self._definitions = {name for name, node in solution.items() if isinstance(node, whole)}
        self._names: set[str] = set(solution)
        self._run = run
        self._nobodys = _NOBODYS | imported_names(module)
        self._parameters: dict[str, set[str]] = {}
        for function in run.functions:
            self._parameters.setdefault(function.name, set()).update(_parameters(function))
        self._unsure = all(self._grow() for _ in range(_MAX_ROUNDS))
        self._decided: dict[int, bool] = {}

    def decides(self, assertion: Assertion) -> bool:
        """Whether what the solution does can decide about an assertion; true where that takes too
        long to find out."""
        return self._unsure or any(map(self._decides, (assertion.node, *assertion.around)))

    def _decides(self, node: ast.AST) -> bool:
        # Many assertions may have the same things around them.
        if id(node) not in self._decided:
            self._decided[id(node)] = self._uses(node, looked_at=True)
        return self._decided[id(node)]

    def acts(self) -> bool:
        """Whether something of the solution is called for what it does, not for what it returns."""
        return any(
            self._uses(call.func)
            for statement in self._run.statements
            if isinstance(statement, ast.Expr)
            for call in calls(statement)
        )

    def _uses(self, node: ast.AST, looked_at: bool = False) -> bool:
        """Whether a piece of code uses what depends on the solution; a function's bare name does
        not count where it is only looked at."""
        match node:
            case ast.Name(id=name):
                return name in self._names and not (looked_at and name in self._definitions)
            case ast.Attribute(attr=name, value=value):
                return name in self._names or self._uses(value, name.startswith("__"))
            case ast.BoolOp() | ast.UnaryOp() | ast.NamedExpr():
                inside = looked_at
            case ast.Compare() | ast.Expr() | ast.Assert() | ast.If() | ast.While():
                inside = True
            case ast.Call(func=ast.Name(id=name)) if name in _SHALLOW:
                inside = True
            case _:
                inside = False
        return any(self._uses(inner, inside) for inner in ast.iter_child_nodes(node))

    def _grow(self) -> bool:
        """Add what follows from what is known so far; whether anything did."""
        before = len(self._names)
        for statement in self._run.statements:
            if not _only_looks(statement) and self._uses(_decider(statement)):
                self._names |= set(_names(statement)) - self._nobodys
                for call in calls(statement):
                    self._names |= self._parameters.get(called(call), set())
        for definition in (*self._run.functions, *self._run.classes):
            if any(self._uses(inner) for inner in ast.iter_child_nodes(definition)):
                self._names.add(definition.name)
        return len(self._names) > before


def _only_looks(statement: ast.stmt) -> bool:
    """Whether nothing is changed by a statement: an assertion, or something printed."""
    match statement:
        case ast.Assert():
            return True
        case ast.Expr(value=ast.Call() as call):
            return asserts_by_call(call) or called(call) in _SHALLOW
        case _:
            return False


def _decider(statement: ast.stmt) -> ast.AST:
    """What decides whether, and with what, a statement assigns."""
    match statement:
        case ast.For(iter=head) | ast.AsyncFor(iter=head):
            return head
        case ast.If(test=head) | ast.While(test=head) | ast.Match(subject=head):
            return head
        case _:
            return statement


def _names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names in a statement, and the attributes that are set or whose own are used."""
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Attribute(attr=name)):
                yield name
            case _:
                pass


def _parameters(function: Function) -> Iterator[str]:
    args = function.args
    for argument in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if argument is not None and argument.arg not in ("self", "cls"):
            yield argument.arg
