"""Where functions end in languages with braces, for answers that hold more than was asked for.

A benchmark's tests bring a `main` of their own, and some close the function that a model left open.
A model that is asked, and not continued, closes it itself and often shows it off in a `main`.
"""

import re

__all__ = ["body_end", "without_functions", "without_main"]

_SKIPPED = (
    r'"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.[^'\n]{0,8}|[^'\\\n])'"  # one character: a quote may also begin a lifetime
    r"|//[^\n]*|/\*.*?\*/"
)
_TOKENS = re.compile(rf"{_SKIPPED}|[{{}}]", re.S)
_SHELL = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|(?:^|(?<=\s))#[^\n]*|[{}]', re.M)
_MAIN = re.compile(r"^(?:int|auto|void)\s+main\s*\([^;{}]*\)[^;{}]*(?=\{)", re.M)


def _end_of(code: str, opening: int, *, shell: bool = False) -> int | None:
    """Return where the brace stands that closes the one at `opening`; None where none does."""
    depth = 0
    for token in (_SHELL if shell else _TOKENS).finditer(code, opening):
        if token[0] in "{}":
            depth += 1 if token[0] == "{" else -1
            if depth == 0:
                return token.start()
    return None


def body_end(code: str, name: str, *, shell: bool = False) -> int | None:
    """Return where the brace stands that closes the function `name`; None where it is open, or
    there is no such function."""
    # In a comment an example may look like it.
    line = r"^(?![ \t]*(?://|#|\*|/\*)).*?"
    head = re.search(rf"{line}\b{re.escape(name)}\s*\([^;{{}}]*\)[^;{{}}]*(?=\{{)", code, re.M)
    return None if head is None else _end_of(code, head.end(), shell=shell)


def without_main(code: str) -> str:
    """Return a C++ program without its `main`."""
    return without_functions(code, _MAIN)


def without_functions(code: str, heads: re.Pattern[str]) -> str:
    """Return a program without the functions whose heads, up to the brace, the pattern finds; one
    that does not end stays, and so does what is behind it."""
    place = 0
    while (head := heads.search(code, place)) is not None:
        end = _end_of(code, head.end())
        if end is None:
            break
        code, place = code[: head.start()] + code[end + 1 :], head.start()
    return code
