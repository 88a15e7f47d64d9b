"""Asserts in a text that a model continued and that may be torn at its end.

As in CodeT's recordings: the prompt ends in `assert `, what follows are asserts, then often prose,
imports or rubbish. Each `assert` at the beginning of a line is taken by itself, up to where the
grammar ends it, so one that is wrong costs no other. A line break right after `assert`, which
models write and Python refuses, is taken out.
"""

import ast
import re
import tokenize
from collections.abc import Iterator

from veristone.generators.seeds.filters.trees import Parsed, parse

__all__ = ["asserts_in"]

_BEGIN = re.compile(r"^[ \t]*assert\b", re.MULTILINE)
_AFTER = re.compile(r"[ \t]*\\?(?:\r?\n[ \t]*)?")


def asserts_in(text: str, *, torn: bool) -> list[str]:
    """Return the complete asserts of a text, each once, in order, on lines of their own.

    `torn` says that the text may end in the middle of a statement: then an assert that no newline
    follows is left out, even if it parses (`== 1` may have been going to be `== 12`).
    """
    found: dict[str, None] = {}
    starts = [match.end() for match in _BEGIN.finditer(text)]
    for start, end in zip(starts, [*starts, len(text)][1:], strict=True):
        gap = _AFTER.match(text, start)
        chunk = "assert " + text[gap.end() if gap else start : end].lstrip(" \t")
        statement = _statement(chunk, open_end=torn and end == len(text))
        if statement:
            found[statement] = None
    return list(found)


def _statement(chunk: str, open_end: bool) -> str:
    """The assert that a text begins with; empty where it is none, or not whole."""
    lines = iter(chunk.splitlines(keepends=True))
    row, column, newline = 0, 0, ""
    try:
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            if token.type == tokenize.NEWLINE:
                (row, column), newline = token.start, token.string
                break
    except (tokenize.TokenError, SyntaxError, RecursionError):
        return ""
    if not row or (open_end and not newline):
        return ""
    kept = chunk.splitlines(keepends=True)[:row]
    kept[-1] = kept[-1][:column]
    statement = "".join(kept).rstrip()
    tree = parse(statement)
    if isinstance(tree, Parsed) and all(isinstance(node, ast.Assert) for node in _body(tree)):
        return statement
    return ""


def _body(tree: Parsed) -> Iterator[ast.stmt]:
    yield from tree.module.body
