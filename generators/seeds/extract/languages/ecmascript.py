"""JavaScript and TypeScript: functions at the top level of a module, and methods of its classes.

A function is a declaration, exported or not, or the only function that a `const` (`let`, `var`) or
an `exports.name` is set to. Documentation is JSDoc, `/** */`. Namespaces are looked into; wrappers
that run at once, as AMD modules are, are not.
"""

from collections.abc import Iterator

from tree_sitter import Node

from veristone.generators.seeds.extract.languages.base import Entry, Found, beginning, entries, text
from veristone.generators.seeds.extract.languages.comments import Style, documentation

__all__ = ["find"]

STYLE = Style(openings=("/**",), plain=False)
COMMENTS = frozenset({"comment"})
DECORATORS = frozenset({"decorator"})
DECLARED = frozenset({"function_declaration", "generator_function_declaration"})
VALUES = frozenset({"arrow_function", "function_expression", "generator_function"})
VARIABLES = frozenset({"lexical_declaration", "variable_declaration"})
CLASSES = frozenset({"class_declaration", "abstract_class_declaration", "class"})
NAMESPACES = frozenset({"internal_module", "module"})


def find(root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield functions of the module and its namespaces and, if asked for, methods of classes."""
    pending = [(root, "")]
    while pending:
        container, owner = pending.pop()
        for entry in entries(container, COMMENTS, DECORATORS):
            inner = _inner(entry.node)
            kind = inner.type
            if kind == "method_definition":
                if owner:
                    name = inner.child_by_field_name("name")
                    yield _found(entry, text(name, source) if name else "", source, owner)
            elif owner:
                continue
            elif kind in CLASSES:
                name, body = inner.child_by_field_name("name"), inner.child_by_field_name("body")
                if methods and body is not None:
                    pending.append((body, text(name, source) if name else "default"))
            elif kind in NAMESPACES:
                body = inner.child_by_field_name("body")
                if body is not None:
                    pending.append((body, ""))
            elif kind == "ERROR":
                pending.append((inner, ""))
            else:
                own = _name(inner, source)
                if own:
                    yield _found(entry, own, source)


def _inner(node: Node) -> Node:
    """Return what a statement is about: what is exported, a namespace inside a statement."""
    if node.type == "export_statement":
        exported = node.child_by_field_name("declaration") or node.child_by_field_name("value")
        node = exported or node
    if node.type == "expression_statement" and node.named_child_count:
        inner = node.named_child(0)
        if inner.type in NAMESPACES or inner.type == "assignment_expression":
            return inner
    return node


def _name(node: Node, source: bytes) -> str:
    """Return the name of the function that a statement makes; empty if it makes none.

    A default export without a name is called what it is imported as.
    """
    name: Node | None = None
    if node.type in DECLARED or node.type in VALUES:
        name = node.child_by_field_name("name")
        return text(name, source) if name is not None else "default"
    if node.type in VARIABLES and node.named_child_count == 1:
        variable = node.named_child(0)
        value, name = variable.child_by_field_name("value"), variable.child_by_field_name("name")
        if value is None or value.type not in VALUES or name is None or name.type != "identifier":
            name = None
    elif node.type == "assignment_expression":
        left, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and value is not None and value.type in VALUES:
            target = left.child_by_field_name("object")
            if target is not None and text(target, source) in ("exports", "module.exports"):
                name = left.child_by_field_name("property")
    return text(name, source) if name is not None else ""


def _found(entry: Entry, name: str, source: bytes, owner: str = "") -> Found:
    comment = documentation(entry.above, entry.node, source, STYLE)
    first = beginning(entry, comment.first if comment is not None else None)
    docstring = comment.text if comment is not None else ""
    if owner:
        return Found(first, entry.node, f"{owner}.{name}", docstring, "method")
    return Found(first, entry.node, name, docstring)
