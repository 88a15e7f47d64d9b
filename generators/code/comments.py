"""Comments of Python code, by its own tokenizer: a `#` in a string is none."""

import io
import tokenize
from collections.abc import Callable

__all__ = ["comments", "without_comments"]

NO_TOKENS = (tokenize.TokenError, SyntaxError, ValueError, RecursionError)
"""What the tokenizer raises."""


def comments(code: str) -> tuple[list[tokenize.TokenInfo], bool]:
    """Return the comments in order, and whether they are all: code may have no tokens from
    somewhere on."""
    found: list[tokenize.TokenInfo] = []
    try:
        tokens = tokenize.generate_tokens(io.StringIO(code).readline)
        found.extend(token for token in tokens if token.type == tokenize.COMMENT)
    except NO_TOKENS:
        return found, False
    return found, True


def without_comments(code: str, drop: Callable[[str], bool] = lambda comment: True) -> str:
    """Return the code without those comments that `drop` says.

    A line that held nothing else goes whole. Code that cannot be tokenized is returned as it is.
    """
    found, whole = comments(code)
    if not whole:
        return code
    lines = io.StringIO(code).readlines()
    gone: set[int] = set()
    for token in found:
        if not drop(token.string):
            continue
        row, column = token.start
        line = lines[row - 1]
        before = line[:column].rstrip()
        if before:
            lines[row - 1] = before + line[len(line.rstrip("\r\n")) :]
        else:
            gone.add(row)
    return "".join(line for row, line in enumerate(lines, 1) if row not in gone)
