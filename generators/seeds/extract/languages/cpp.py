"""C++: functions of the file and its namespaces, and member functions.

Documentation is Doxygen's (`/** */`, `/*! */`, `///`, `//!`), or a block of `//` lines directly
above. Templates keep their `template <...>`. What is defined outside of its class (`Stack::push`)
counts as a method, and so does every other function with a qualified name: the file alone does not
say whether a class or a namespace stands before the `::`.

The preprocessor is not run: all branches of an `#if` are looked into, and definitions that macros
make (`TEST(a, b) {}`) are none, for they have no return type.
"""

from collections.abc import Iterator

from tree_sitter import Node

from veristone.generators.seeds.extract.languages.base import Entry, Found, beginning, entries, text
from veristone.generators.seeds.extract.languages.comments import Style, documentation

__all__ = ["find"]

STYLE = Style(openings=("/**", "/*!", "///", "//!"), plain=True)
COMMENTS = frozenset({"comment"})
OPEN = frozenset(
    {
        "declaration_list",
        "linkage_specification",
        "namespace_definition",
        "preproc_elif",
        "preproc_elifdef",
        "preproc_else",
        "preproc_if",
        "preproc_ifdef",
    }
)
CLASSES = frozenset({"class_specifier", "struct_specifier"})
DECLARATORS = frozenset({"pointer_declarator", "reference_declarator", "parenthesized_declarator"})
SPECIAL = frozenset({"destructor_name", "operator_cast", "operator_name"})


def find(root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield functions and, if asked for, member functions, in their class or outside of it."""
    pending = [(root, "")]
    while pending:
        container, owner = pending.pop()
        for entry in entries(container, COMMENTS):
            inner = _inner(entry.node)
            kind = inner.type
            if kind == "function_definition":
                if root.has_error and not owner and entry.node.start_point.column:
                    continue  # perhaps of a class that the parser did not see begin
                found = _found(entry, inner, source, owner)
                if found is not None and (methods or found.shape == "function"):
                    yield found
            elif kind in CLASSES and not owner and methods:
                name, body = inner.child_by_field_name("name"), inner.child_by_field_name("body")
                if name is not None and body is not None:
                    pending.append((body, text(name, source)))
            elif kind in OPEN or (kind == "ERROR" and not owner):
                pending.append((inner, owner))


def _inner(node: Node) -> Node:
    """Return what is declared inside `template <...>` and `extern "C"` without braces."""
    while node.type == "template_declaration" and node.named_child_count:
        node = node.named_child(node.named_child_count - 1)
    if node.type == "linkage_specification":
        body = node.child_by_field_name("body")
        if body is not None and body.type == "function_definition":
            return body
    return node


def _found(entry: Entry, function: Node, source: bytes, owner: str) -> Found | None:
    """Return the function of a definition; None if it is no function or has no body of its own."""
    declarator = function.child_by_field_name("declarator")
    while declarator is not None and declarator.type in DECLARATORS:
        declarator = declarator.child_by_field_name("declarator") or (
            declarator.named_child(declarator.named_child_count - 1)
            if declarator.named_child_count
            else None
        )
    if declarator is None or declarator.type not in ("function_declarator", "operator_cast"):
        return None
    body = function.child_by_field_name("body")
    if not any(child.type == "try_statement" for child in function.named_children) and (
        body is None or body.type != "compound_statement"
    ):
        return None
    named = declarator.child_by_field_name("declarator")
    if declarator.type == "operator_cast" or named is None:
        named = declarator
    qualified = named.type == "qualified_identifier"
    typed = function.child_by_field_name("type") is not None
    if not (typed or qualified or owner or named.type in SPECIAL):
        return None
    comment = documentation(entry.above, entry.node, source, STYLE)
    own = text(named, source) if declarator is not named else "operator"
    return Found(
        beginning(entry, comment.first if comment is not None else None),
        entry.node,
        f"{owner}::{own}" if owner else own,
        comment.text if comment is not None else "",
        "method" if owner or qualified else "function",
    )
