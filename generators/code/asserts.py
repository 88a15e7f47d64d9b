"""Asserts in a text that a model continued and that may be torn at its end.

As in CodeT's recordings: the prompt ends in `assert `, what follows are asserts, then often prose,
imports or rubbish. Each `assert` at the beginning of a line is taken by itself, up to where the
grammar ends it, so one that is wrong costs no other. A line break right after `assert`, which
models write and Python refuses, is taken out.
"""

import ast
import io
import re
import tokenize

from veristone.generators.code.comments import NO_TOKENS
from veristone.generators.code.python import Parsed, parse

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
        match parse(statement):
            case Parsed(module=ast.Module(body=[_, *_] as body)):
                if all(isinstance(node, ast.Assert) for node in body):
                    found[statement] = None
            case _:
                pass
    return list(found)


def _statement(chunk: str, open_end: bool) -> str:
    """The logical line that a text begins with; empty where it is not whole."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(chunk).readline):
            if token.type == tokenize.NEWLINE:
                row, column = token.start
                lines = io.StringIO(chunk).readlines()[:row]
                lines[-1] = lines[-1][:column]
                return "" if open_end and not token.string else "".join(lines).rstrip()
    except NO_TOKENS:
        pass
    return ""
