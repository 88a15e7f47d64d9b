"""Fenced code in Markdown, by CommonMark's grammar.

So a fence of four backticks may hold fences of three, tildes and fences in lists count, and a fence
that the text ends in is one, marked as not closed. HTML and link definitions are not looked for:
models write `<tests>` on a line of its own and mean no HTML.
"""

from typing import NamedTuple

from markdown_it import MarkdownIt

from generators.seeds.languages import language_named

__all__ = ["Fence", "fences", "without_fences"]

_PARSER = MarkdownIt("commonmark").disable(["html_block", "reference", "inline"])


class Fence(NamedTuple):
    """One block of fenced code."""

    tag: str
    """First word after the opening fence, as it stands there: `python`, `Python3`, empty."""
    code: str
    """Without the newline before the closing fence; dedented where the fence is indented."""
    closed: bool
    """False where the text ended first."""
    start: int
    """Line of the opening fence, counted from 0."""
    end: int
    """Line after the closing fence."""

    @property
    def language(self) -> str | None:
        """Our name of its language; None for none and for unknown ones."""
        return language_named(self.tag)


def fences(text: str) -> list[Fence]:
    """Return the fenced code of a text, in order."""
    found: list[Fence] = []
    for token in _PARSER.parse(text):
        if token.type != "fence" or token.map is None:
            continue
        start, end = token.map
        content = token.content
        lines = content.count("\n") + (content != "" and not content.endswith("\n"))
        words = token.info.replace(",", " ").split()
        tag = words[0].strip("{}.:") if words else ""
        closed = end - start - 1 > lines
        found.append(Fence(tag, content.removesuffix("\n"), closed, start, end))
    return found


def without_fences(text: str) -> str:
    """Return the text with a blank line in place of each fence."""
    lines = lines_of(text)
    for fence in reversed(fences(text)):
        lines[fence.start : fence.end] = [""]
    return "\n".join(lines)


def lines_of(text: str) -> list[str]:
    """Return the lines that `Fence.start` and `Fence.end` count."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
