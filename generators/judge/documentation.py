"""A function's code without its documentation, by the grammar that found it.

Of Python the docstring goes, of the other languages every comment above the function. Comments in
the body stay: they are code as far as the question is concerned. Where there is no grammar, or it
cannot make sense of the code within bounds, the code is returned as it is.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from veristone.generators.code.grammars import GRAMMARS
from veristone.generators.code.python import Unparsable
from veristone.generators.seeds.filters.grammars import children, located
from veristone.generators.seeds.records import Seed

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["without_documentation"]

_STRINGS = frozenset({"string", "concatenated_string"})
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
        found = located(code, seed.language, seed.shape)
        if not isinstance(found, Unparsable):
            python = seed.language == "python"
            spans = _docstring(found.body) if python else _above(found.root, found.function)
            shift = found.shift
            code = _removed(code.encode(), [_Span(a - shift, b - shift) for a, b in spans])
    return msgspec.structs.replace(seed, code=code).text


def _docstring(body: "Node") -> list[_Span]:
    statements = children(body)
    if not statements:
        return []
    node = statements[0]
    while node.type in ("expression_statement", "parenthesized_expression"):
        inner = children(node)
        if len(inner) != 1:
            return []
        node = inner[0]
    return (
        [_Span(statements[0].start_byte, statements[0].end_byte)] if node.type in _STRINGS else []
    )


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
