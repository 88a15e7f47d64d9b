"""Where a function that a model continues ends.

By the grammar's own tokens: the function ends where, outside of brackets and strings, a line begins
at column 0 with anything but a comment. So text in a docstring at column 0 is still in it, and what
follows the function (tests, a second function, `if __name__ ...`) is not.
"""

import ast
import tokenize
from typing import NamedTuple

from veristone.generators.seeds.filters.trees import Parsed, parse

__all__ = ["Cut", "completed", "last_function"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_LAYOUT = frozenset(
    {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
)


class Cut(NamedTuple):
    """A function's head with its continuation up to the function's end."""

    continuation: str
    """What belongs to the function, without blank lines and comments after it."""
    ended: bool
    """Whether something followed the function: then it is whole, however the text ended."""


def completed(head: str, text: str) -> Cut:
    """Return as much of `text` as belongs to the function whose head is `head`.

    Text that has no tokens (an open string, an indentation that fits nowhere) is left as it is from
    there on; whether the whole parses is for others to say.
    """
    whole = head + text
    lines = whole.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    last = 0
    fresh = True
    try:
        for token in tokenize.generate_tokens(_Lines(lines).readline):
            if token.type in _LAYOUT:
                continue
            if token.type == tokenize.ENDMARKER:
                break
            row, column = token.start
            place = starts[row - 1] + column
            if fresh and column == 0 and place >= len(head) and place > 0:
                return Cut(_kept(whole, head, last), True)
            fresh = token.type == tokenize.NEWLINE
            end_row, end_column = token.end
            if not fresh:
                last = starts[min(end_row, len(lines)) - 1] + end_column
    except (tokenize.TokenError, SyntaxError, RecursionError):
        return Cut(text.rstrip(), False)
    return Cut(_kept(whole, head, last), False)


def _kept(whole: str, head: str, last: int) -> str:
    return whole[len(head) : max(last, len(head))]


class _Lines:
    """Lines for the tokenizer, one at a time: it need not see what comes after the function."""

    def __init__(self, lines: list[str]) -> None:
        self._file = iter(lines)

    def readline(self) -> str:
        return next(self._file, "")


def last_function(head: str) -> str:
    """Return the name of the last function at the top of a head, finished or not; empty where there
    is none."""
    for body in ("", "\n    pass\n", '\n    """\n'):
        tree = parse(head + body)
        if isinstance(tree, Parsed):
            functions = [n.name for n in tree.module.body if isinstance(n, _FUNCTIONS)]
            return functions[-1] if functions else ""
    return ""
