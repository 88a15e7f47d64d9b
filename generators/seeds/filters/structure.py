"""Rules about a function's form: it is one and does something, returns a value, takes arguments.

Snippets are pieces of code and pass unread. Python is read by `ast`, other languages by
tree-sitter.
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from veristone.generators.code.python import (
    Function,
    Parsed,
    Unparsable,
    children,
    parse,
    statements,
)
from veristone.generators.seeds.filters import grammars
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

if TYPE_CHECKING:
    from veristone.generators.seeds.records import Seed

__all__ = ["Arguments", "Returns", "Syntax"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class _Form(Rule, frozen=True):
    """A rule about a function as a tree."""

    languages: ClassVar[frozenset[str] | None] = grammars.LANGUAGES | {"python"}

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or what is wrong with its form."""
        if seed.shape == "snippet":
            return seed
        function = _python(seed) if seed.language == "python" else grammars.function_of(seed)
        if isinstance(function, Unparsable):
            return Rejected(function.reason, function.detail)
        wrong = self.wrong(function)
        return Rejected(wrong) if wrong else seed

    @abstractmethod
    def wrong(self, function: _Python | grammars.Function) -> str | None:
        """Return why a function is rejected, None if it is not."""


class Syntax(_Form, frozen=True):
    """Rejects what is not exactly one function that does something.

    A function whose body only raises, passes or returns None is a stub: an abstract method, an
    overload, a placeholder.
    """

    kind: Literal["syntax"] = "syntax"

    stubs: bool = False
    """Let stubs through."""

    def wrong(self, function: _Python | grammars.Function) -> str | None:
        """Return whether it is a stub."""
        return "stub" if not self.stubs and function.is_stub() else None


class Returns(_Form, frozen=True):
    """Rejects functions that return no value.

    Counted are only `return` statements of the function itself, not those of functions, lambdas and
    classes inside it, and not those that return nothing: `None`, `null`, `undefined`, a lone `nil`.
    Other languages, besides such a `return`: the expression of an arrow function (JavaScript,
    TypeScript), a plain `return` where results have names (Go), `co_return` (C++), and a declared
    type that is not the unit type, nor `Result<(), E>` (Rust, whose compiler then demands a value).
    """

    kind: Literal["returns"] = "returns"

    generators: bool = True
    """Let functions through that yield values; the original pipelines did not."""

    def wrong(self, function: _Python | grammars.Function) -> str | None:
        """Return whether it gives nothing back."""
        return None if function.gives(self.generators) else "no_return_value"


class Arguments(_Form, frozen=True):
    """Rejects functions without parameters.

    An object's own method does not take it from its caller: the first parameter of a Python method
    that is not static, a parameter called `self`, Rust's `self`, Go's receiver, TypeScript's
    `this`.
    """

    kind: Literal["arguments"] = "arguments"

    def wrong(self, function: _Python | grammars.Function) -> str | None:
        """Return whether it takes nothing."""
        return None if function.takes() else "no_arguments"


class _Python(NamedTuple):
    """A function of Python, asked what `grammars.Function` is asked of other languages."""

    node: Function
    shape: str

    def is_stub(self) -> bool:
        return all(map(_does_nothing, statements(self.node)))

    def gives(self, generators: bool) -> bool:
        nodes: list[ast.AST] = list(self.node.body)
        for node in nodes:
            match node:
                case ast.Return(value=value) if not _is_none(value):
                    return True
                case ast.Yield(value=value) if generators and not _is_none(value):
                    return True
                case ast.YieldFrom() if generators:
                    return True
                case _:
                    pass
            if not isinstance(node, _SCOPES):
                nodes.extend(children(node))
        return False

    def takes(self) -> bool:
        args = self.node.args
        if args.vararg or args.kwarg or args.kwonlyargs:
            return True
        positional = [*args.posonlyargs, *args.args]
        decorators = self.node.decorator_list
        static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in decorators)
        if positional and not static and (self.shape == "method" or positional[0].arg == "self"):
            return len(positional) > 1
        return bool(positional)


def _python(seed: Seed) -> _Python | Unparsable:
    tree = parse(seed.code)
    if not isinstance(tree, Parsed):
        return tree
    if tree.function is None:
        return Unparsable("not_one_function", f"{len(tree.module.body)} statements")
    return _Python(tree.function, seed.shape)


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Raise() | ast.Global() | ast.Nonlocal():
            return True
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Return(value=None | ast.Constant(value=None) | ast.Name(id="NotImplemented")):
            return True
        case _:
            return False


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)
