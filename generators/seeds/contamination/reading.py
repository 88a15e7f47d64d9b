"""Code read for comparison: as concepts, and as tokens with its names marked.

Both come from one pass. What a word means is looked up once for each different word.
"""

import keyword
import re
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from veristone.generators.seeds.contamination.neutral import CONCEPTS, KEYWORDS

__all__ = ["Reading", "read", "renamed"]

_OTHER_KEYWORDS = "var let const new this self function fn func sub local my end then do"
_FIXED = KEYWORDS | frozenset(keyword.kwlist) | frozenset(_OTHER_KEYWORDS.split())
_DROPPED = frozenset("(){},;:`")
_ASKING = frozenset((".", "(", "::", "->", "|>", "&"))
_CALLING_BARELY = "perl pl ruby rb shell bash sh racket rkt haskell hs ocaml ml"
_BARE_CALLS = frozenset(_CALLING_BARELY.split())
_NAME = "\1"
_NOT_LITERAL = re.compile(r"^[a-zA-Z]{0,2}[\"'`]+|[\"'`]+$")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?")
_HEADER_TOKENS = 80
"""A C loop's header is looked for this far; a longer one is no counting loop."""
_MEMORY_TOKENS = 200_000


class Reading(NamedTuple):
    """What the matchers compare of a piece of code."""

    concepts: list[str]
    """Concepts and literals in order: `#` and a number, `$` and a string's content."""
    marked: list[str]
    """Tokens without brackets and separators, the same mark for every name."""
    names: list[str]
    """The name at each place of `marked`, "" where none is."""


class _Kind(IntEnum):
    DROPPED = 0
    FIXED = 1  # a sign or keyword without a meaning that languages share
    NAME = 2
    CONCEPT = 3
    CALLED = 4  # a concept where it is called, a name elsewhere: `count`
    LITERAL = 5


class _Kinds(dict[str, tuple[_Kind, str]]):
    """What tokens are, remembered; the value is the concept or the literal's spelling."""

    def __missing__(self, token: str) -> tuple[_Kind, str]:
        if len(self) >= _MEMORY_TOKENS:
            self.clear()
        found = self[token] = _classify(token)
        return found


def _classify(token: str) -> tuple[_Kind, str]:
    lower = token.lower()
    concept = CONCEPTS.get(token) or CONCEPTS.get(lower, "")
    if token in _DROPPED:
        return _Kind.DROPPED, ""
    if token[0].isdigit() or token[-1] in "\"'`":
        return _Kind.LITERAL, _literal(token)
    word = token[0].isalpha() or token[0] == "_"
    if concept:
        called = word and lower not in KEYWORDS
        return (_Kind.CALLED if called else _Kind.CONCEPT), concept
    return (_Kind.NAME if word and token not in _FIXED else _Kind.FIXED), ""


_kinds = _Kinds()


def read(tokens: Sequence[str], language: str) -> Reading:
    """Read code without comments and documentation.

    Of the header of a C `for` only the LOOP and a start other than 0 are concepts: it says
    `for i in range(n)`. `count` is a concept where it is called or asked of something, a name
    elsewhere; in languages that call without brackets it is a concept everywhere.
    """
    reading = Reading([], [], [])
    concepts, marked, names = reading
    bare = language in _BARE_CALLS
    kinds = _kinds
    before, silent_until, last = "", -1, len(tokens) - 1
    for at, token in enumerate(tokens):
        kind, value = kinds[token]
        if kind == _Kind.CALLED:
            asked = bare or before in _ASKING or (at < last and tokens[at + 1] == "(")
            kind = _Kind.CONCEPT if asked else _Kind.NAME
        before = token
        if kind == _Kind.DROPPED:
            continue
        if kind == _Kind.NAME:
            marked.append(_NAME)
            names.append(token)
            continue
        marked.append(value if kind == _Kind.LITERAL else token)
        names.append("")
        if kind == _Kind.FIXED or at <= silent_until:
            continue
        concepts.append(value)
        if token == "for" and (close := _c_header(tokens, at + 1)):
            silent_until = close
            concepts += _start_of_loop(tokens, at + 2)
    return reading


def renamed(pattern: Reading, sample: Reading, start: int) -> bool:
    """Tell whether `sample` has `pattern` at `start`, with its names changed one to one."""
    end = start + len(pattern.marked)
    if sample.marked[start:end] != pattern.marked:
        return False
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    return all(
        there.setdefault(ours, theirs) == theirs and back.setdefault(theirs, ours) == ours
        for ours, theirs in zip(pattern.names, sample.names[start:end], strict=True)
    )


def _literal(token: str) -> str:
    """Return a number or string in one spelling for all languages."""
    if not token[0].isdigit():
        return "$" + _NOT_LITERAL.sub("", token)[:80]
    match = _NUMBER.match(token.replace("_", ""))
    number = match.group() if match else token
    return "#" + (number.rstrip("0").rstrip(".") if "." in number else number)[:40]


def _c_header(tokens: Sequence[str], start: int) -> int:
    """Return where the header that opens at `start` closes, 0 if it is none of three parts."""
    depth = parts = 0
    for at in range(start, min(len(tokens), start + _HEADER_TOKENS)):
        token = tokens[at]
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                return at if parts == 2 else 0
        elif token == ";" and depth == 1:
            parts += 1
        if depth == 0:
            return 0
    return 0


def _start_of_loop(tokens: Sequence[str], start: int) -> list[str]:
    found: list[str] = []
    for token in tokens[start : start + _HEADER_TOKENS]:
        if token == ";":
            break
        if token[0].isdigit() and token.strip("0."):
            found.append(_literal(token))
    return found
