"""Takes an answer apart into its sections: reasoning, implementation, explanation, tests.

A section begins with a line of its own: `[Reasoning]`, as StarCoder2-Instruct's examples have it,
or a Markdown heading or bold line with that word. Lines inside fenced code begin nothing. What
stands before the first such line, and an answer without any, is a section without a name.
"""

import re
from typing import NamedTuple

__all__ = ["SECTIONS", "Section", "fenced", "split_sections"]

SECTIONS = ("reasoning", "implementation", "explanation", "tests")
_WORDS = {
    "reasoning": "reasoning",
    "thinking": "reasoning",
    "approach": "reasoning",
    "implementation": "implementation",
    "solution": "implementation",
    "code": "implementation",
    "explanation": "explanation",
    "tests": "tests",
    "test": "tests",
    "testing": "tests",
    "test cases": "tests",
}
_HEADING = re.compile(
    r"(?:\[(?P<tag>[A-Za-z ]{1,20})\]|\#{1,6}\s+(?P<head>[A-Za-z ]{1,20}?):?"
    r"|\*\*(?P<bold>[A-Za-z ]{1,20}?):?\*\*:?)\s*"
)
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})(.*)")


class Section(NamedTuple):
    """A part of an answer."""

    name: str
    """One of SECTIONS; empty for what belongs to none."""
    heading: str
    """The line that begins it, as it stands there; empty for the first part."""
    text: str


def split_sections(response: str) -> list[Section]:
    """Return the sections in order; their headings and texts joined are the response."""
    found: list[Section] = []
    name = heading = ""
    lines: list[str] = []
    for line, inside in fenced(response):
        known = "" if inside else _name(line)
        if not known:
            lines.append(line)
            continue
        if lines or heading:
            found.append(Section(name, heading, "".join(lines)))
        name, heading, lines = known, line, []
    found.append(Section(name, heading, "".join(lines)))
    return found


def fenced(text: str) -> list[tuple[str, bool]]:
    """Return each line, with its end, and whether it belongs to a fenced block.

    The lines with the fences do. A fence that is never closed holds the rest.
    """
    found: list[tuple[str, bool]] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        match = _FENCE.fullmatch(line.rstrip("\r\n"))
        inside = bool(fence or match)
        if match is not None and not fence:
            fence = match[1]
        elif match is not None and match[1].startswith(fence) and not match[2].strip():
            fence = ""
        found.append((line, inside))
    return found


def _name(line: str) -> str:
    match = _HEADING.fullmatch(line.rstrip("\r\n"))
    if match is None:
        return ""
    word = match["tag"] or match["head"] or match["bold"]
    return _WORDS.get(" ".join(word.lower().split()), "")
