"""Functions of languages other than Python, as tree-sitter sees them.

A method is parsed inside a class of our making, since it is no whole program by itself. Parsing is
bounded by `code.grammars`; nothing here recurses over nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from veristone.generators.code.grammars import has_too_many_brackets, parse_bytes
from veristone.generators.code.python import MAX_CHARACTERS, Unparsable

if TYPE_CHECKING:
    from tree_sitter import Node

    from veristone.generators.seeds.records import Seed

__all__ = [
    "LANGUAGES",
    "Function",
    "body_nodes",
    "children",
    "function_of",
    "is_null",
    "parameters",
    "text",
]

LANGUAGES: Final = frozenset({"cpp", "go", "java", "javascript", "rust", "tsx", "typescript"})
"""Languages, as in `Seed.language`."""

_ECMASCRIPT = frozenset(
    {"function_declaration", "generator_function_declaration", "method_definition"}
    | {"arrow_function", "function_expression", "generator_function"}
)
_FUNCTIONS: Final = {
    "cpp": frozenset({"function_definition"}),
    "go": frozenset({"function_declaration", "method_declaration"}),
    "java": frozenset({"method_declaration", "constructor_declaration"}),
    "javascript": _ECMASCRIPT,
    "rust": frozenset({"function_item"}),
    "tsx": _ECMASCRIPT,
    "typescript": _ECMASCRIPT,
}
# What has `return` statements of its own, besides functions.
_INNER: Final = frozenset(
    {"lambda_expression", "func_literal", "closure_expression", "async_block", "class_body"}
    | {"class_declaration", "class_specifier", "struct_specifier", "impl_item", "class"}
)
_NULLS: Final = frozenset({"null", "undefined", "null_literal", "nullptr", "nil"})
_CLASSES: Final = {
    "cpp": ("struct Outer {\n", "\n};\n"),
    "java": ("class Outer {\n", "\n}\n"),
    "javascript": ("class Outer {\n", "\n}\n"),
    "rust": ("impl Outer {\n", "\n}\n"),
    "tsx": ("class Outer {\n", "\n}\n"),
    "typescript": ("class Outer {\n", "\n}\n"),
}


class Function(NamedTuple):
    """A function with a body."""

    node: Node
    body: Node
    language: str


def function_of(seed: Seed) -> Function | Unparsable:
    """Return the first function of a seed that no other function encloses.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    if len(seed.code) > MAX_CHARACTERS:
        return Unparsable("too_large", f"{len(seed.code)} characters")
    plain = seed.code.encode("utf-8", "replace")
    if has_too_many_brackets(plain):
        return Unparsable("too_deep", "too many brackets to be parsed safely")
    before, after = _CLASSES.get(seed.language, ("", ""))
    inside = before.encode() + plain + after.encode()
    texts = [inside, plain] if seed.shape == "method" or seed.language == "java" else [plain]
    problem = Unparsable("syntax_error", "not a function as the grammar has it")
    for source in texts:
        root = parse_bytes(seed.language, source)
        if root is None:
            return Unparsable("too_deep", "too many operations for the parser")
        if root.has_error:
            problem = Unparsable("syntax_error", _first_error(root))
            continue
        found = _first_function(root, seed.language)
        if found is not None:
            return found
    return problem


def _first_error(root: Node) -> str:
    node = root
    while True:
        inner = next((child for child in node.children if child.has_error), None)
        if inner is None or node.is_error:
            return f"near line {node.start_point.row + 1}"
        node = inner


def _first_function(root: Node, language: str) -> Function | None:
    kinds = _FUNCTIONS[language]
    level = [root]
    while level:
        for node in level:
            body = node.child_by_field_name("body") if node.type in kinds else None
            if body is not None:
                return Function(node, body, language)
        level = [child for node in level for child in node.named_children]
    return None


def body_nodes(function: Function) -> list[Node]:
    """Return the named nodes of a function's body, without the insides of functions and classes in
    it; the body first."""
    nodes = [function.body]
    for node in nodes:
        if node is function.body or not (node.type in _INNER or node.type in _ECMASCRIPT):
            nodes.extend(node.named_children)
    return nodes


def parameters(function: Function) -> list[Node]:
    """Return the nodes of a function's parameters."""
    node: Node | None = function.node
    if function.language == "cpp":
        node = node.child_by_field_name("declarator")
        while node is not None and node.type != "function_declarator":
            # A reference's has no name in the grammar.
            unnamed = (child for child in children(node) if "declarator" in child.type)
            node = node.child_by_field_name("declarator") or next(unnamed, None)
    elif single := node.child_by_field_name("parameter"):  # `x => x + 1`
        return [single]
    listed = node.child_by_field_name("parameters") if node is not None else None
    return children(listed) if listed is not None else []


def children(node: Node) -> list[Node]:
    """Return the named nodes right below one, without comments."""
    return [child for child in node.named_children if "comment" not in child.type]


def is_null(node: Node) -> bool:
    """Whether an expression is the language's word for nothing."""
    return node.type in _NULLS or text(node) in ("undefined", "void 0", "NULL", "nullptr")


def text(node: Node) -> str:
    """Return what a node covers."""
    return (node.text or b"").decode("utf-8", "replace")
