"""The arguments rule: a function takes something from its caller.

A method's own object does not count: the first parameter of a Python method that is not static, a
parameter called `self`, `cls` or `mcs`, Rust's `self`, Go's receiver, TypeScript's `this`. The
original pipelines looked for `():` in the text and missed `def f() -> int:`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar, Literal

from veristone.generators.seeds.filters.grammars import (
    GRAMMARS,
    Function,
    children,
    function_of,
    text,
)
from veristone.generators.seeds.filters.trees import AnyFunction, Parsed, Unparsable, parse
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Arguments"]

_OBJECTS = ("self", "cls", "mcs")


class Arguments(Rule, frozen=True):
    """Rejects functions without parameters."""

    kind: Literal["arguments"] = "arguments"
    languages: ClassVar[frozenset[str] | None] = GRAMMARS | {"python"}
    reasons: ClassVar[tuple[str, ...]] = ("no_arguments", "unparsable")

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed if it has parameters. Snippets pass."""
        if seed.shape == "snippet":
            return seed
        if seed.language == "python":
            tree = parse(seed.code)
            if not isinstance(tree, Parsed) or tree.function is None:
                return Rejected("unparsable")
            takes = _python(tree.function, seed.shape)
        else:
            function = function_of(seed)
            if isinstance(function, Unparsable):
                return Rejected("unparsable", function.detail)
            takes = bool(_parameters(function))
        return seed if takes else Rejected("no_arguments")


def _python(function: AnyFunction, shape: str) -> bool:
    args = function.args
    if args.vararg or args.kwarg or args.kwonlyargs:
        return True
    positional = [*args.posonlyargs, *args.args]
    static = any(
        isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
        for decorator in function.decorator_list
    )
    if positional and not static and (shape == "method" or positional[0].arg in _OBJECTS):
        return len(positional) > 1
    return bool(positional)


def _parameters(function: Function) -> list[Node]:
    node: Node | None = function.node
    if function.language == "cpp":
        node = _cpp_declarator(function.node)
    elif single := function.node.child_by_field_name("parameter"):  # `x => x + 1`
        return [single]
    listed = node.child_by_field_name("parameters") if node is not None else None
    if listed is None:
        return []
    return [child for child in children(listed) if not _is_none(child)]


def _cpp_declarator(function: Node) -> Node | None:
    node = function.child_by_field_name("declarator")
    while node is not None and node.type != "function_declarator":
        inner = node.child_by_field_name("declarator")
        if inner is None:  # a reference's has no name in the grammar
            inner = next((child for child in children(node) if "declarator" in child.type), None)
        node = inner
    return node


def _is_none(parameter: Node) -> bool:
    """Whether it is the method's own object, an attribute, or C's `(void)`."""
    if parameter.type in ("self_parameter", "receiver_parameter", "attribute_item"):
        return True
    return text(parameter) == "void" or text(parameter).partition(":")[0].strip() == "this"
