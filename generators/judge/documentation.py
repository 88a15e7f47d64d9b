"""A function's code without its documentation, by the grammar that found it.

Of Python the docstring goes, of the other languages every comment above the function. Comments in
the body stay: they are code as far as the question is concerned. Where there is no grammar, or it
cannot make sense of the code within bounds, the code is returned as it is.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from veristone.generators.code.grammars import GRAMMARS, parser, syntax_tree
from veristone.generators.seeds.records import Seed

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["without_documentation"]

_STRINGS = frozenset({"string", "concatenated_string"})
_BODIES = frozenset({"arrow_function", "function_declaration", "function_definition"}) | {
    "constructor_declaration",
    "function_expression",
    "function_item",
    "generator_function",
    "generator_function_declaration",
    "method_declaration",
    "method_definition",
}
_CLASSES = {
    "cpp": ("struct Outer {\n", "\n};\n"),
    "java": ("class Outer {\n", "\n}\n"),
    "javascript": ("class Outer {\n", "\n}\n"),
    "rust": ("impl Outer {\n", "\n}\n"),
    "tsx": ("class Outer {\n", "\n}\n"),
    "typescript": ("class Outer {\n", "\n}\n"),
}
_NEXT_STATEMENT = re.compile(rb"[ \t]*;[ \t]*")


class _Span(NamedTuple):
    """Bytes of the code."""

    start: int
    end: int


def without_documentation(seed: Seed) -> str:
    """Return the seed's text, imports included, without its documentation.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    code = seed.code
    if seed.docstring and seed.language in GRAMMARS:
        parser(seed.language)  # here first: a missing grammar is the caller's business
        code = _cut(seed.code, seed.language, seed.shape)
    return msgspec.structs.replace(seed, code=code).text


def _cut(code: str, language: str, shape: str) -> str:
    wrappings = [("", "")]
    if language in _CLASSES and (shape == "method" or language == "java"):
        wrappings.insert(0, _CLASSES[language])
    for before, after in wrappings:
        root = syntax_tree(language, before + code + after)
        if root is None or root.has_error:
            continue
        function = _first_function(root)
        if function is not None:
            spans = _docstring(function) if language == "python" else _above(root, function)
            shift = len(before)
            return _removed(code.encode(), [_Span(a - shift, b - shift) for a, b in spans])
    return code


def _first_function(root: "Node") -> "Node | None":
    level = [root]
    while level:
        for node in level:
            if node.type in _BODIES and node.child_by_field_name("body") is not None:
                return node
        level = [child for node in level for child in node.named_children]
    return None


def _docstring(function: "Node") -> list[_Span]:
    body = function.child_by_field_name("body")
    first = next(_children(body), None) if body is not None else None
    if first is None:
        return []
    node = first
    while node.type in ("expression_statement", "parenthesized_expression"):
        inner = list(_children(node))
        if len(inner) != 1:
            return []
        node = inner[0]
    return [_Span(first.start_byte, first.end_byte)] if node.type in _STRINGS else []


def _children(node: "Node") -> Iterator["Node"]:
    return (child for child in node.named_children if "comment" not in child.type)


def _above(root: "Node", function: "Node") -> list[_Span]:
    """Return the comments that end before the function begins."""
    found: list[_Span] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if "comment" in node.type:
            found.append(_Span(node.start_byte, node.end_byte))
        else:
            waiting += (one for one in node.children if one.start_byte < function.start_byte)
    return sorted(found)


def _removed(source: bytes, spans: list[_Span]) -> str:
    """Return the source without the spans, and without the lines that are blank without them."""
    kept: list[bytes] = []
    position = 0
    for span in spans:
        start, end = _widened(source, span)
        kept.append(source[position:start])
        position = max(position, end)
    return b"".join([*kept, source[position:]]).decode().strip("\r\n")


def _widened(source: bytes, span: _Span) -> _Span:
    """Return the span with its whole line where nothing else stands there."""
    following = _NEXT_STATEMENT.match(source, span.end)
    if following is not None:
        return _Span(span.start, following.end())
    begin = source.rfind(b"\n", 0, span.start) + 1
    after = source.find(b"\n", span.end)
    after = len(source) if after < 0 else after + 1
    if source[begin : span.start].strip() or source[span.end : after].strip():
        return span
    return _Span(begin, after)
