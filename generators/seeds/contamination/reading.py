"""Text and code taken apart for comparison: words, and tokens with their names marked.

One way for all languages, not one grammar each: what is compared may be half a function, or an
answer in Markdown. Every pattern is linear in the text, whatever the text is.

Not promised: right tokens where a language's own lexer needs context (a regular expression in
JavaScript, a heredoc in a shell). Both sides of a comparison are misread in the same way.
"""

import builtins
import keyword
import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Code", "documentation", "read_code", "same_but_names", "words"]

NAME = "\1"
"""Stands for every name in `Code.tokens`."""
_WORDS = re.compile(r"[^\W\d_]+")
_HASHED = frozenset(
    ["python", "py", "ruby", "rb", "shell", "bash", "sh", "perl", "pl", "r", "julia", "elixir"]
)
"""Languages whose comments begin with `#`."""
_TRIPLE = r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|' + r"'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
_STRING = r'"(?:[^"\\\n]|\\.)*+"?|' + r"'(?:[^'\\\n]|\\.)*+'?"
_TOKENS = rf"{_STRING}|\d[\w.]*|\w+|[^\w\s]"
_HASH, _SLASHES = r"#[^\n]*", r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_WITH_HASH = re.compile(f"(?:{_TRIPLE}|{_HASH})|({_TOKENS})", re.DOTALL)
_WITH_SLASHES = re.compile(f"(?:{_TRIPLE}|{_SLASHES})|({_TOKENS})", re.DOTALL)
_DOCUMENTATION = re.compile(
    rf"{_TRIPLE}|/\*.*?\*/|^[ \t]*(?://|#(?!include)|--|;|%)[^\n]*", re.DOTALL | re.MULTILINE
)
_DROPPED = frozenset("(){},;:`")
_OTHER_WORDS = (
    "var let const function func fn fun sub local end then do new this switch case default throw"
    " catch null nil undefined true false void int long double float char boolean string auto"
    " public private static final unsigned mut my pub match unless until elsif foreach echo"
)
_PYTHON = frozenset([*keyword.kwlist, *dir(builtins)])
_FIXED = _PYTHON | frozenset(_OTHER_WORDS.split())
"""Words that mean something by themselves: they are no names."""


class Code(NamedTuple):
    """Code for comparison: no comments, documentation, brackets, separators, Python signatures."""

    tokens: list[str]
    """With `NAME` for every name; strings in double quotes."""
    names: list[str]
    """The name at each place of `tokens`, "" where none is."""


def words(text: str) -> list[str]:
    """Return the words of a text or of code in lower case; names are split at underscores."""
    return _WORDS.findall(text.lower())


def documentation(code: str) -> str:
    """Return comments and strings in triple quotes, signs included."""
    return "\n".join(_DOCUMENTATION.findall(code))


def read_code(code: str, language: str) -> Code:
    """Read code of any language; a name after a dot is an attribute, and is not marked."""
    pattern = _WITH_HASH if language in _HASHED else _WITH_SLASHES
    found = [token for token in pattern.findall(code) if token]
    fixed = _FIXED
    if language in ("python", "py"):
        found, fixed = _without_signatures(found), _PYTHON
    read = Code([], [])
    before = ""
    for token in found:
        if token not in _DROPPED:
            first = token[0]
            is_name = (first.isalpha() or first == "_") and token not in fixed and before != "."
            read.names.append(token if is_name else "")
            if first in "\"'":
                token = f'"{token[1:-1]}"'
            read.tokens.append(NAME if is_name else token)
        before = token
    return read


def _without_signatures(tokens: Sequence[str]) -> list[str]:
    """Leave Python's signatures out: annotations are changed first, benchmarks often have none."""
    found: list[str] = []
    depth, inside = 0, False
    for token in tokens:
        if token == "def":
            depth, inside = 0, True
        elif not inside:
            found.append(token)
        elif token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        elif token == ":" and depth <= 0:
            inside = False
    return found


def same_but_names(pattern: Code, sample: Code, start: int) -> bool:
    """Tell whether `sample` has `pattern` at `start`, with its names changed one to one.

    Parameterized matching: Baker, "On finding duplication and near-duplication in large software
    systems", 1995.
    """
    end = start + len(pattern.tokens)
    if sample.tokens[start:end] != pattern.tokens:
        return False
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    return all(
        there.setdefault(ours, theirs) == theirs and back.setdefault(theirs, ours) == ours
        for ours, theirs in zip(pattern.names, sample.names[start:end], strict=True)
    )
