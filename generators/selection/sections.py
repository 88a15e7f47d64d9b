"""Takes an answer apart into its sections: reasoning, implementation, explanation, tests.

A section begins with a line of its own: `[Reasoning]`, as StarCoder2-Instruct's examples have it,
or a Markdown heading or bold line with that word. Lines inside fenced code begin nothing. What
stands before the first such line, and an answer without any, is a section without a name.
"""

import re
from typing import NamedTuple

from veristone.generators.code.fences import fences, lines_of

__all__ = ["SECTIONS", "Section", "split_sections"]

_WORDS = {
    "reasoning": ("reasoning", "thinking", "approach"),
    "implementation": ("implementation", "solution", "code"),
    "explanation": ("explanation",),
    "tests": ("tests", "test", "testing", "test cases"),
}
SECTIONS = tuple(_WORDS)
_NAMES = {word: name for name, words in _WORDS.items() for word in words}
_HEADING = re.compile(
    r"(?:\[(?P<tag>[A-Za-z ]{1,20})\]|\#{1,6}\s+(?P<head>[A-Za-z ]{1,20}?):?"
    r"|\*\*(?P<bold>[A-Za-z ]{1,20}?):?\*\*:?)\s*"
)


class Section(NamedTuple):
    """A part of an answer."""

    name: str
    """One of SECTIONS; empty for what belongs to none."""
    heading: str
    """The line that begins it, as it stands there; empty for the first part."""
    lines: list[str]
    """The lines that follow, without their ends."""


def split_sections(response: str) -> list[Section]:
    """Return the sections in order; their headings and lines together are the response."""
    inside = {at for fence in fences(response) for at in range(fence.start, fence.end)}
    found = [Section("", "", [])]
    for number, line in enumerate(lines_of(response)):
        name = "" if number in inside else _name(line)
        if name:
            found.append(Section(name, line, []))
        else:
            found[-1].lines.append(line)
    return found if found[0].lines else found[1:]


def _name(line: str) -> str:
    match = _HEADING.fullmatch(line)
    if match is None:
        return ""
    word = match["tag"] or match["head"] or match["bold"]
    return _NAMES.get(" ".join(word.lower().split()), "")
