"""Python: functions at the top level of a module, and methods of its classes.

A docstring is what Python takes for one: a first statement that is nothing but a string, which may
be raw, concatenated or in parentheses, but neither bytes nor formatted. Functions inside a
top-level `if` or `try` are not looked for: what they are depends on what is around them.
"""

import inspect
import re
import unicodedata
from collections.abc import Iterator

from tree_sitter import Node

from veristone.generators.seeds.extract.languages.base import Found, entries, text

__all__ = ["find", "literal"]

COMMENTS = frozenset({"comment"})
STRING = re.compile(r"""(?s)([rRuU]?)(\"\"\"|'''|"|')(.*)\2""")
ESCAPE = re.compile(
    r"(?s)\\(\r?\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]+\}|.)"
)
ESCAPED = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def find(root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield top-level functions and, if asked for, methods of top-level classes."""
    pending = [(root, "")]
    while pending:
        container, owner = pending.pop()
        for node, _ in entries(container, COMMENTS):
            definition = node
            if node.type == "decorated_definition":
                definition = node.child_by_field_name("definition") or node
            if definition.type == "function_definition":
                yield _found(node, definition, source, owner)
            elif definition.type == "class_definition" and methods and not owner:
                body = definition.child_by_field_name("body")
                name = definition.child_by_field_name("name")
                if body is not None and name is not None:
                    pending.append((body, text(name, source)))
            elif node.type == "ERROR" and not owner:
                pending.append((node, owner))


def _found(node: Node, definition: Node, source: bytes, owner: str) -> Found:
    name = definition.child_by_field_name("name")
    own = text(name, source) if name is not None else ""
    docstring = _docstring(definition, source)
    if owner:
        return Found(node, node, f"{owner}.{own}", docstring, "method")
    return Found(node, node, own, docstring)


def _docstring(definition: Node, source: bytes) -> str:
    body = definition.child_by_field_name("body")
    if body is None:
        return ""
    first = next(iter(entries(body, COMMENTS)), None)
    if first is None or first.node.type != "expression_statement":
        return ""
    node = first.node
    while node.type in ("expression_statement", "parenthesized_expression"):
        inner = [child for child in node.named_children if child.type != "comment"]
        # A comma makes a tuple of it: `"text",`.
        if len(inner) != 1 or any(child.type == "," for child in node.children):
            return ""
        node = inner[0]
    if node.type == "concatenated_string":
        parts = [child for child in node.named_children if child.type != "comment"]
    else:
        parts = [node]
    values: list[str] = []
    for part in parts:
        value = literal(text(part, source)) if part.type == "string" else None
        if value is None:
            return ""
        values.append(value)
    return inspect.cleandoc("".join(values)).strip()


def literal(token: str) -> str | None:
    """Return the value of a string literal, None if it is of another kind (bytes, formatted).

    As the interpreter would have it, but for surrogates and code points that there are none of,
    which become U+FFFD: a seed's text can be written down as UTF-8.
    """
    match = STRING.fullmatch(token)
    if match is None:
        return None
    prefix, _, body = match.groups()
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if "\\" in body and prefix not in ("r", "R"):
        body = ESCAPE.sub(_unescape, body)
    return body


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if escape in ESCAPED:
        return ESCAPED[escape]
    if escape == "\n":
        return ""
    if escape[0] == "N" and len(escape) > 1:
        try:
            return unicodedata.lookup(escape[2:-1])
        except KeyError:
            return match[0]
    if escape[0] in "01234567":
        return chr(int(escape, 8))
    if escape[0] in "xuU" and len(escape) > 1:
        code = int(escape[1:], 16)
        return "\ufffd" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)
    return match[0]
