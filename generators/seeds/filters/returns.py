"""The return rule: a function gives a value to its caller.

Counted are only `return` statements of the function itself, not those of functions, lambdas and
classes inside it, and not those that return nothing: `None`, `null`, `undefined`, a lone `nil`. The
original pipelines counted any `return` with a word behind it, wherever it stood.

Other languages, besides such a `return`: the expression of an arrow function (JavaScript,
TypeScript), a plain `return` where results have names (Go), `co_return` (C++), and a declared type
that is not the unit type, nor `Result<(), E>` (Rust, whose compiler then demands a value).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar, Literal

from veristone.generators.seeds.filters.grammars import (
    GRAMMARS,
    Function,
    body_nodes,
    children,
    function_of,
    is_null,
    text,
)
from veristone.generators.seeds.filters.trees import (
    AnyFunction,
    Parsed,
    Unparsable,
    own_nodes,
    parse,
)
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Returns"]


class Returns(Rule, frozen=True):
    """Rejects functions that return no value."""

    kind: Literal["returns"] = "returns"
    languages: ClassVar[frozenset[str] | None] = GRAMMARS | {"python"}
    reasons: ClassVar[tuple[str, ...]] = ("no_return_value", "unparsable")

    generators: bool = True
    """Let functions through that yield values; the original pipelines did not."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed if it returns a value. Snippets pass."""
        if seed.shape == "snippet":
            return seed
        if seed.language == "python":
            tree = parse(seed.code)
            if not isinstance(tree, Parsed) or tree.function is None:
                return Rejected("unparsable")
            gives = _python(tree.function, self.generators)
        else:
            function = function_of(seed)
            if isinstance(function, Unparsable):
                return Rejected("unparsable", function.detail)
            gives = _other(function, self.generators)
        return seed if gives else Rejected("no_return_value")


def _python(function: AnyFunction, generators: bool) -> bool:
    for node in own_nodes(function):
        match node:
            case ast.Return(value=value):
                if not _is_nothing(value):
                    return True
            case ast.Yield(value=value):
                if generators and not _is_nothing(value):
                    return True
            case ast.YieldFrom():
                if generators:
                    return True
            case _:
                pass
    return False


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _other(function: Function, generators: bool) -> bool:
    if function.language == "rust":
        return _rust(function)
    if function.node.type == "arrow_function" and function.body.type != "statement_block":
        return not is_null(function.body)
    kinds = {"return_statement", "co_return_statement"}
    if generators:
        kinds |= {"yield_expression", "co_yield_statement"}
    named = function.language == "go" and _has_named_results(function.node)
    for node in body_nodes(function):
        if node.type in kinds:
            values = children(node)
            if len(values) == 1 and values[0].type == "expression_list":
                values = children(values[0])
            if any(not is_null(value) for value in values) or (named and not values):
                return True
    return False


def _has_named_results(function: Node) -> bool:
    result = function.child_by_field_name("result")
    if result is None or result.type != "parameter_list":
        return False
    return any(child.child_by_field_name("name") is not None for child in result.named_children)


def _rust(function: Function) -> bool:
    declared = function.node.child_by_field_name("return_type")
    if declared is None or declared.type in ("unit_type", "never_type"):
        return False
    if declared.type != "generic_type":
        return True
    base, arguments = (declared.child_by_field_name(field) for field in ("type", "type_arguments"))
    if base is None or arguments is None:
        return True
    first = next(iter(children(arguments)), None)
    wrapper = text(base).endswith(("Result", "Option", "Poll"))
    return not (wrapper and first is not None and first.type == "unit_type")
