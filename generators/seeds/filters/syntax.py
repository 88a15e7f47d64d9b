"""The syntax rule: a seed is one function of its language, and does something.

A function whose body only raises, passes or returns None is a stub: an abstract method, an
overload, a placeholder. Snippets are pieces of code and pass unread.
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
from veristone.generators.seeds.filters.trees import Parsed, Unparsable, parse, statements
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Syntax"]


class Syntax(Rule, frozen=True):
    """Rejects what is not exactly one function that does something."""

    kind: Literal["syntax"] = "syntax"
    languages: ClassVar[frozenset[str] | None] = GRAMMARS | {"python"}
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
        check = _python if seed.language == "python" else _other
        wrong = check(seed, self.stubs)
        return seed if wrong is None else wrong


def _python(seed: Seed, stubs: bool) -> Rejected | None:
    tree = parse(seed.code)
    if not isinstance(tree, Parsed):
        return Rejected(tree.reason, tree.detail)
    function = tree.function
    if function is None:
        return Rejected("not_one_function", f"{len(tree.module.body)} statements")
    if not stubs and all(_does_nothing(statement) for statement in statements(function)):
        return Rejected("stub")
    return None


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


def _other(seed: Seed, stubs: bool) -> Rejected | None:
    function = function_of(seed)
    if isinstance(function, Unparsable):
        return Rejected(function.reason, function.detail)
    return Rejected("stub") if not stubs and _is_stub(function) else None


def _is_stub(function: Function) -> bool:
    if function.body.type not in ("block", "statement_block", "compound_statement"):
        return False  # the expression of an arrow function
    inside = children(function.body)
    # Go and Rust wrap statements once more.
    while len(inside) == 1 and inside[0].type in ("statement_list", "expression_statement"):
        inside = children(inside[0])
    return all(_gives_up(node) for node in inside)


def _gives_up(node: Node) -> bool:
    if node.type in ("throw_statement", "throw_expression", "empty_statement"):
        return True
    word = text(node)[:20]
    if node.type == "macro_invocation":
        return word.startswith(("todo!", "unimplemented!", "panic!", "unreachable!"))
    return node.type == "call_expression" and word.startswith("panic(")
