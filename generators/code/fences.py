"""Fenced code in Markdown, by CommonMark's grammar.

So a fence of four backticks may hold fences of three, tildes and fences in lists count, and a fence
that the text ends in is one, marked as not closed. HTML and link definitions are not looked for:
models write `<tests>` on a line of its own and mean no HTML.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt

__all__ = ["PYTHON", "Fence", "Line", "fences", "lines_of", "outside", "without_fences"]

PYTHON = frozenset({"python", "py", "python3", "python2", "py3", "python-3", "python-2"})
"""Tags of Python, in lower case."""
_PARSER = MarkdownIt("commonmark").disable(["html_block", "reference", "inline"])
_TAG = re.compile(r"[\s{.]*([^\s{}(),:;=]*)")


class Fence(NamedTuple):
    """One block of fenced code."""

    tag: str
    """First word after the opening fence, as it stands there: `python` of `python:solution.py` and
    of `{.python .numberLines}`; perhaps empty."""
    code: str
    """Without the newline before the closing fence; dedented where the fence is indented."""
    closed: bool
    """False where the text ended first."""
    start: int
    """Line of the opening fence, counted from 0."""
    end: int
    """Line after the closing fence."""


class Line(NamedTuple):
    """A line of a text."""

    start: int
    """Where it begins, in characters of the text with plain newlines."""
    text: str


def fences(text: str) -> list[Fence]:
    """Return the fenced code of a text, in order."""
    if "```" not in text and "~~~" not in text:
        return []
    found: list[Fence] = []
    for token in _PARSER.parse(text):
        if token.type != "fence" or token.map is None:
            continue
        start, end = token.map
        content = token.content
        lines = content.count("\n") + (content != "" and not content.endswith("\n"))
        tag = _TAG.match(token.info)
        closed = end - start - 1 > lines
        found.append(Fence(tag[1] if tag else "", content.removesuffix("\n"), closed, start, end))
    return found


def lines_of(text: str) -> list[str]:
    """Return the lines that `Fence.start` and `Fence.end` count."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def outside(text: str) -> Iterator[Line]:
    """Yield the lines that are in no fence."""
    inside = {line for fence in fences(text) for line in range(fence.start, fence.end)}
    start = 0
    for number, line in enumerate(lines_of(text)):
        if number not in inside:
            yield Line(start, line)
        start += len(line) + 1


def without_fences(text: str) -> str:
    """Return the lines that are in no fence, as one text."""
    return "\n".join(line.text for line in outside(text))
