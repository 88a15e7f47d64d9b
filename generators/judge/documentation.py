"""A function's code without its documentation, by the grammar that found it.

Of Python the docstring goes, of the other languages every comment above the function. Comments in
the body stay: they are code as far as the question is concerned. Where there is no grammar, or it
cannot make sense of the code, the code is returned as it is.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from veristone.generators.children import Child, ChildDied, Limits
from veristone.generators.code.grammars import GRAMMARS, parse_bytes, parser
from veristone.generators.seeds.records import Seed

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["without_documentation"]

_LIMITS = Limits(memory_bytes=1 << 30, cpu_s=30)
"""Limits for one seed, as for a document (`extract.functions`): some text no parser survives."""
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

    Not for several threads at a time, as the parser's child process is not.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    code = seed.code
    if seed.docstring and seed.language in GRAMMARS:
        parser(seed.language)  # here first: a missing grammar is the caller's business
        # Halves of surrogate pairs have no UTF-8: they are not from our sources.
        with suppress(UnicodeEncodeError, ChildDied):
            code = _cutter()((seed.code, seed.language, seed.shape))
    return msgspec.structs.replace(seed, code=code).text


@cache
def _cutter() -> Child:
    return Child(lambda request: _cut(*request), _LIMITS)


def _cut(code: str, language: str, shape: str) -> str:
    plain = code.encode()
    wrappings = [("", "")]
    if language in _CLASSES and (shape == "method" or language == "java"):
        wrappings.insert(0, _CLASSES[language])
    for before, after in wrappings:
        root = parse_bytes(language, before.encode() + plain + after.encode())
        if root is None or root.has_error:
            continue
        function = _first_function(root)
        if function is not None:
            spans = _docstring(function) if language == "python" else _above(root, function)
            shift = len(before.encode())
            return _removed(plain, [_Span(a - shift, b - shift) for a, b in spans])
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
    first = next((node for node in _children(body)), None) if body is not None else None
    if body is None or first is None or first.type != "expression_statement":
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
    level = [root]
    while level:
        below: list[Node] = []
        for node in level:
            for child in node.children:
                if child.start_byte >= function.start_byte:
                    break
                if "comment" in child.type:
                    found.append(_Span(child.start_byte, child.end_byte))
                else:
                    below.append(child)
        level = below
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
