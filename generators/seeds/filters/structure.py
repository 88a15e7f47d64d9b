"""Rules about a function's form: it is one and does something, returns a value, takes arguments.

Snippets are pieces of code and pass unread. Python is read by `ast`, other languages by
tree-sitter.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar, Literal

from veristone.generators.code.python import (
    Function,
    Parsed,
    Unparsable,
    children,
    parse,
    statements,
)
from veristone.generators.seeds.filters import grammars
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Arguments", "Returns", "Syntax"]

_LANGUAGES = grammars.LANGUAGES | {"python"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Syntax(Rule, frozen=True):
    """Rejects what is not exactly one function that does something.

    A function whose body only raises, passes or returns None is a stub: an abstract method, an
    overload, a placeholder.
    """

    kind: Literal["syntax"] = "syntax"
    languages: ClassVar[frozenset[str] | None] = _LANGUAGES
    reasons: ClassVar[tuple[str, ...]] = (
        "syntax_error",
        "too_deep",
        "too_large",
        "not_one_function",
        "stub",
    )

    stubs: bool = False
    """Let stubs through."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or what is wrong with its form."""
        if seed.shape == "snippet":
            return seed
        function = _function(seed)
        if isinstance(function, Unparsable):
            return Rejected(function.reason, function.detail)
        if isinstance(function, grammars.Function):
            stub = _other_is_stub(function)
        else:
            stub = all(_does_nothing(statement) for statement in statements(function))
        return Rejected("stub") if stub and not self.stubs else seed


class Returns(Rule, frozen=True):
    """Rejects functions that return no value.

    Counted are only `return` statements of the function itself, not those of functions, lambdas and
    classes inside it, and not those that return nothing: `None`, `null`, `undefined`, a lone `nil`.
    Other languages, besides such a `return`: the expression of an arrow function (JavaScript,
    TypeScript), a plain `return` where results have names (Go), `co_return` (C++), and a declared
    type that is not the unit type, nor `Result<(), E>` (Rust, whose compiler then demands a value).
    """

    kind: Literal["returns"] = "returns"
    languages: ClassVar[frozenset[str] | None] = _LANGUAGES
    reasons: ClassVar[tuple[str, ...]] = ("no_return_value", "unparsable")

    generators: bool = True
    """Let functions through that yield values; the original pipelines did not."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed if it returns a value."""
        if seed.shape == "snippet":
            return seed
        function = _function(seed)
        if isinstance(function, Unparsable):
            return Rejected("unparsable", function.detail)
        if isinstance(function, grammars.Function):
            gives = _other_gives(function, self.generators)
        else:
            gives = _gives(function, self.generators)
        return seed if gives else Rejected("no_return_value")


class Arguments(Rule, frozen=True):
    """Rejects functions without parameters.

    An object's own method does not take it from its caller: the first parameter of a Python method
    that is not static, a parameter called `self`, Rust's `self`, Go's receiver, TypeScript's
    `this`.
    """

    kind: Literal["arguments"] = "arguments"
    languages: ClassVar[frozenset[str] | None] = _LANGUAGES
    reasons: ClassVar[tuple[str, ...]] = ("no_arguments", "unparsable")

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed if it has parameters."""
        if seed.shape == "snippet":
            return seed
        function = _function(seed)
        if isinstance(function, Unparsable):
            return Rejected("unparsable", function.detail)
        if isinstance(function, grammars.Function):
            takes = any(not _is_no_argument(node) for node in grammars.parameters(function))
        else:
            takes = _takes(function, seed.shape)
        return seed if takes else Rejected("no_arguments")


def _function(seed: Seed) -> Function | grammars.Function | Unparsable:
    if seed.language != "python":
        return grammars.function_of(seed)
    tree = parse(seed.code)
    if not isinstance(tree, Parsed):
        return tree
    count = len(tree.module.body)
    return tree.function or Unparsable("not_one_function", f"{count} statements")


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Raise() | ast.Global() | ast.Nonlocal():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Return(value=None | ast.Constant(value=None) | ast.Name(id="NotImplemented")):
            return True
        case ast.Import() | ast.ImportFrom():
            return True
        case _:
            return False


def _gives(function: Function, generators: bool) -> bool:
    nodes: list[ast.AST] = list(function.body)
    for node in nodes:
        match node:
            case ast.Return(value=value):
                if not _is_none(value):
                    return True
            case ast.Yield(value=value):
                if generators and not _is_none(value):
                    return True
            case ast.YieldFrom():
                if generators:
                    return True
            case _:
                pass
        if not isinstance(node, _SCOPES):
            nodes.extend(children(node))
    return False


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _takes(function: Function, shape: str) -> bool:
    args = function.args
    if args.vararg or args.kwarg or args.kwonlyargs:
        return True
    positional = [*args.posonlyargs, *args.args]
    static = any(
        isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
        for decorator in function.decorator_list
    )
    if positional and not static and (shape == "method" or positional[0].arg == "self"):
        return len(positional) > 1
    return bool(positional)


def _other_is_stub(function: grammars.Function) -> bool:
    if function.body.type not in ("block", "statement_block", "compound_statement"):
        return False  # the expression of an arrow function
    inside = grammars.children(function.body)
    # Go and Rust wrap statements once more.
    while len(inside) == 1 and inside[0].type in ("statement_list", "expression_statement"):
        inside = grammars.children(inside[0])
    return all(_gives_up(node) for node in inside)


def _gives_up(node: Node) -> bool:
    if node.type in ("throw_statement", "throw_expression", "empty_statement"):
        return True
    word = grammars.text(node)[:20]
    if node.type == "macro_invocation":
        return word.startswith(("todo!", "unimplemented!", "panic!", "unreachable!"))
    return node.type == "call_expression" and word.startswith("panic(")


def _other_gives(function: grammars.Function, generators: bool) -> bool:
    if function.language == "rust":
        return _rust_gives(function)
    if function.node.type == "arrow_function" and function.body.type != "statement_block":
        return not grammars.is_null(function.body)
    kinds = {"return_statement", "co_return_statement"}
    if generators:
        kinds |= {"yield_expression", "co_yield_statement"}
    result = function.node.child_by_field_name("result") if function.language == "go" else None
    results = result.named_children if result and result.type == "parameter_list" else []
    named = any(child.child_by_field_name("name") for child in results)
    for node in grammars.body_nodes(function):
        if node.type in kinds:
            values = grammars.children(node)
            if len(values) == 1 and values[0].type == "expression_list":
                values = grammars.children(values[0])
            if any(not grammars.is_null(value) for value in values) or (named and not values):
                return True
    return False


def _rust_gives(function: grammars.Function) -> bool:
    declared = function.node.child_by_field_name("return_type")
    if declared is None or declared.type in ("unit_type", "never_type"):
        return False
    if declared.type != "generic_type":
        return True
    base, arguments = (declared.child_by_field_name(field) for field in ("type", "type_arguments"))
    if base is None or arguments is None:
        return True
    first = next(iter(grammars.children(arguments)), None)
    wrapper = grammars.text(base).endswith(("Result", "Option", "Poll"))
    return not (wrapper and first is not None and first.type == "unit_type")


def _is_no_argument(parameter: Node) -> bool:
    """Whether it is the method's own object, an attribute, or C's `(void)`."""
    if parameter.type in ("self_parameter", "receiver_parameter", "attribute_item"):
        return True
    said = grammars.text(parameter)
    return said == "void" or said.partition(":")[0].strip() == "this"
