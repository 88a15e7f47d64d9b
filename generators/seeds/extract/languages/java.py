"""Java: static methods of top-level classes, which are its functions, and instance methods.

Documentation is Javadoc, `/** */`, or Markdown Javadoc, `///` (JEP 467). Annotations are part of a
method. Methods without a body (abstract, native) and those of nested classes are not looked for.
"""

from collections.abc import Iterator

from tree_sitter import Node

from veristone.generators.seeds.extract.languages.base import Found, beginning, entries, text
from veristone.generators.seeds.extract.languages.comments import Style, documentation

__all__ = ["find"]

STYLE = Style(openings=("/**", "///"), plain=False)
COMMENTS = frozenset({"block_comment", "line_comment"})
CLASSES = frozenset(
    {"class_declaration", "enum_declaration", "interface_declaration", "record_declaration"}
)


def find(root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield static methods of top-level classes and, if asked for, the others."""
    pending = [(root, "")]
    while pending:
        container, owner = pending.pop()
        for entry in entries(container, COMMENTS):
            node = entry.node
            kind = node.type
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if kind in CLASSES and not owner and name is not None and body is not None:
                pending.append((body, text(name, source)))
            elif kind == "enum_body_declarations" and owner:
                pending.append((node, owner))
            elif kind == "ERROR" and not owner:
                pending.append((node, ""))
            elif kind == "method_declaration" and owner and name is not None and body is not None:
                static = _is_static(node)
                if not static and not methods:
                    continue
                comment = documentation(entry.above, node, source, STYLE)
                first = beginning(entry, comment.first if comment is not None else None)
                yield Found(
                    first,
                    node,
                    f"{owner}.{text(name, source)}",
                    comment.text if comment is not None else "",
                    "function" if static else "method",
                )


def _is_static(node: Node) -> bool:
    modifiers = node.child(0)
    return modifiers.type == "modifiers" and any(
        modifier.type == "static" for modifier in modifiers.children
    )
