"""Functions as tree-sitter sees them, and what rules ask of languages other than Python.

A method is parsed inside a class of our making, since it is no whole program by itself. Parsing is
bounded by `code.grammars`; nothing here recurses over nodes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from veristone.generators.code.grammars import has_too_many_brackets, parse_bytes
from veristone.generators.code.python import MAX_CHARACTERS, Unparsable

if TYPE_CHECKING:
    from tree_sitter import Node

    from veristone.generators.seeds.records import Seed

__all__ = ["LANGUAGES", "Function", "Located", "children", "function_of", "located"]

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
    "python": frozenset({"function_definition"}),
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
    """A function with a body, and what the rules ask about it."""

    node: Node
    body: Node
    language: str

    def is_stub(self) -> bool:
        """Whether it does nothing, or only says that it does not."""
        if self.body.type not in ("block", "statement_block", "compound_statement"):
            return False  # the expression of an arrow function
        inside = children(self.body)
        # Go and Rust wrap statements once more.
        while len(inside) == 1 and inside[0].type in ("statement_list", "expression_statement"):
            inside = children(inside[0])
        return all(map(_gives_up, inside))

    def gives(self, generators: bool) -> bool:
        """Whether it returns a value, or yields some where `generators` says so."""
        if self.language == "rust":
            return _rust_gives(self.node)
        if self.node.type == "arrow_function" and self.body.type != "statement_block":
            return not _is_null(self.body)
        kinds = {"return_statement", "co_return_statement"}
        if generators:
            kinds |= {"yield_expression", "co_yield_statement"}
        result = self.node.child_by_field_name("result")  # Go's
        listed = result.named_children if result and result.type == "parameter_list" else []
        named = any(one.child_by_field_name("name") for one in listed)
        for node in self._nodes():
            if node.type in kinds:
                values = children(node)
                if len(values) == 1 and values[0].type == "expression_list":
                    values = children(values[0])
                if not all(map(_is_null, values)) or (named and not values):
                    return True
        return False

    def takes(self) -> bool:
        """Whether it has parameters besides its own object."""
        return not all(map(_is_no_argument, self._parameters()))

    def _nodes(self) -> list[Node]:
        """Return the named nodes of the body, without the insides of functions and classes in it;
        the body first."""
        nodes = [self.body]
        for node in nodes:
            if node is self.body or not (node.type in _INNER or node.type in _ECMASCRIPT):
                nodes.extend(node.named_children)
        return nodes

    def _parameters(self) -> list[Node]:
        node: Node | None = self.node
        if self.language == "cpp":
            node = node.child_by_field_name("declarator")
            while node is not None and node.type != "function_declarator":
                # A reference's has no name in the grammar.
                unnamed = (child for child in children(node) if "declarator" in child.type)
                node = node.child_by_field_name("declarator") or next(unnamed, None)
        elif single := node.child_by_field_name("parameter"):  # `x => x + 1`
            return [single]
        listed = node.child_by_field_name("parameters") if node is not None else None
        return children(listed) if listed is not None else []


class Located(NamedTuple):
    """Where the first function of some code is that no other function encloses."""

    root: Node
    function: Node
    body: Node
    shift: int
    """Bytes that stand before the code in what was parsed."""


def function_of(seed: Seed) -> Function | Unparsable:
    """Return the first function of a seed.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    found = located(seed.code, seed.language, seed.shape)
    if isinstance(found, Unparsable):
        return found
    return Function(found.function, found.body, seed.language)


def located(code: str, language: str, shape: str) -> Located | Unparsable:
    """Find the first function of some code of a language that has a grammar.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    if len(code) > MAX_CHARACTERS:
        return Unparsable("too_large", f"{len(code)} characters")
    plain = code.encode("utf-8", "replace")
    if has_too_many_brackets(plain):
        return Unparsable("too_deep", "too many brackets to be parsed safely")
    wrappings = [("", "")]
    if shape == "method" or language == "java":
        wrappings.insert(0, _CLASSES.get(language, ("", "")))
    problem = Unparsable("syntax_error", "not a function as the grammar has it")
    for before, after in wrappings:
        root = parse_bytes(language, before.encode() + plain + after.encode())
        if root is None:
            return Unparsable("too_deep", "too many operations for the parser")
        if root.has_error:
            problem = Unparsable("syntax_error", _first_error(root))
            continue
        found = _first_function(root, language, len(before))
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


def _first_function(root: Node, language: str, shift: int) -> Located | None:
    level = [root]
    while level:
        for node in level:
            body = node.child_by_field_name("body") if node.type in _FUNCTIONS[language] else None
            if body is not None:
                return Located(root, node, body, shift)
        level = [child for node in level for child in node.named_children]
    return None


def _gives_up(node: Node) -> bool:
    if node.type in ("throw_statement", "throw_expression", "empty_statement"):
        return True
    word = _text(node)[:20]
    if node.type == "macro_invocation":
        return word.startswith(("todo!", "unimplemented!", "panic!", "unreachable!"))
    return node.type == "call_expression" and word.startswith("panic(")


def _rust_gives(function: Node) -> bool:
    declared = function.child_by_field_name("return_type")
    if declared is None or declared.type in ("unit_type", "never_type"):
        return False
    words = "".join(_text(declared).split())
    return re.match(r"(?:\w+::)*\w*(?:Result|Option|Poll)<\(\)[,>]", words) is None


def _is_no_argument(parameter: Node) -> bool:
    """Whether it is the method's own object, an attribute, or C's `(void)`."""
    if parameter.type in ("self_parameter", "receiver_parameter", "attribute_item"):
        return True
    said = _text(parameter)
    return said == "void" or said.partition(":")[0].strip() == "this"


def children(node: Node) -> list[Node]:
    """Return the named nodes right below one, without comments."""
    return [child for child in node.named_children if "comment" not in child.type]


def _is_null(node: Node) -> bool:
    """Whether an expression is the language's word for nothing."""
    return node.type in _NULLS or _text(node) in ("undefined", "void 0", "NULL", "nullptr")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
