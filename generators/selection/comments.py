"""Comments taken out of Python code, by its own tokenizer: a `#` in a string is none."""

import io
import tokenize
from collections.abc import Callable

__all__ = ["without_comments"]


def without_comments(code: str, drop: Callable[[str], bool] = lambda comment: True) -> str:
    """Return the code without those comments that `drop` says.

    A line that held nothing else goes whole. Code that cannot be tokenized is returned as it is.
    """
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return code
    lines = io.StringIO(code).readlines()
    gone: set[int] = set()
    for token in tokens:
        if token.type != tokenize.COMMENT or not drop(token.string):
            continue
        row, column = token.start
        line = lines[row - 1]
        before = line[:column].rstrip()
        end = line[len(line.rstrip("\r\n")) :]
        if before:
            lines[row - 1] = before + end
        else:
            gone.add(row)
    return "".join(line for row, line in enumerate(lines, 1) if row not in gone)
