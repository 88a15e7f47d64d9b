"""Go: functions, and methods by their receivers.

Documentation is the comment directly above (https://go.dev/doc/comment). Go knows no other form of
it, so what does not begin with the function's name, as it should, is held to the rules for plain
comments. Directives (`//go:noinline`, `//export f`) stay in the code and are no documentation.
Tests, benchmarks and fuzz targets of package testing are left out and counted.
"""

import re
from collections.abc import Iterator

from tree_sitter import Node

from veristone.generators.seeds.extract.languages.base import Entry, Found, beginning, entries, text
from veristone.generators.seeds.extract.languages.comments import (
    Comment,
    Style,
    adjacent,
    comments,
    is_prose,
    unboxed,
)

__all__ = ["find"]

STYLE = Style(openings=(), plain=True)
COMMENTS = frozenset({"comment"})
FUNCTIONS = frozenset({"function_declaration", "method_declaration"})
DIRECTIVE = re.compile(r"//(?:line |extern |export |[a-z0-9]+:[a-z0-9]| ?\+build|nolint\b)")
TEST = re.compile(r"(?:Test|Benchmark|Fuzz)(?![a-z])\w*\(\s*\w+\s+\*\s*testing\.[TBFM]\s*\)")
POINTERS = frozenset({"pointer_type", "parenthesized_type"})


def find(root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield functions and, if asked for, methods; None for tests."""
    pending = [root]
    while pending:
        for entry in entries(pending.pop(), COMMENTS):
            node = entry.node
            if node.type == "ERROR":
                pending.append(node)
            elif node.type in FUNCTIONS and node.child_by_field_name("body") is not None:
                method = node.type == "method_declaration"
                if not method and _is_test(node, source):
                    yield None
                elif methods or not method:
                    yield _found(entry, source, method)


def _found(entry: Entry, source: bytes, method: bool) -> Found:
    named = entry.node.child_by_field_name("name")
    name = text(named, source) if named is not None else ""
    near = adjacent(entry.above, entry.node)
    said = [node for node in near if not DIRECTIVE.match(text(node, source))]
    comment = next(
        (one for one in reversed(comments(said, source, STYLE)) if _documents(one, name)), None
    )
    # Directives that belong to the function stand above it too; the first line is whichever.
    first = comment.first if comment is not None else (near[0] if not said and near else None)
    return Found(
        beginning(entry, first),
        entry.node,
        f"{_receiver(entry.node, source)}.{name}" if method else name,
        unboxed(comment.text) if comment is not None else "",
        "method" if method else "function",
    )


def _is_test(node: Node, source: bytes) -> bool:
    name, parameters = node.child_by_field_name("name"), node.child_by_field_name("parameters")
    if name is None or parameters is None:
        return False
    return TEST.fullmatch(text(name, source) + text(parameters, source)) is not None


def _documents(comment: Comment, name: str) -> bool:
    by_name = re.match(rf"{re.escape(name)}(?![\w(.:=])", comment.text) if name else None
    return is_prose(comment._replace(deliberate=by_name is not None))


def _receiver(node: Node, source: bytes) -> str:
    """Return the name of the type that a method is of, without `*` and type parameters."""
    receiver = node.child_by_field_name("receiver")
    for parameter in receiver.named_children if receiver is not None else []:
        kind = parameter.child_by_field_name("type")
        while kind is not None and kind.type in POINTERS and kind.named_child_count:
            kind = kind.named_child(0)
        if kind is not None and kind.type == "generic_type":
            kind = kind.child_by_field_name("type")
        if kind is not None:
            return text(kind, source)
    return ""
