"""The forms that models write answers in, taken apart: sections, tags, lists. No text fails.

The first label or tag may stand at the end of the prompt: then the text begins inside it. What is
in fenced code is no label and no tag.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from veristone.generators.code.fences import lines_of, outside

__all__ = ["Part", "concepts_in", "sections", "tagged"]

_LABEL = re.compile(r"[ ]{0,3}(?:#{1,6}[ \t]+)?\*{0,2}\[([^\[\]\n]{1,40})\]\*{0,2}:?\*{0,2}[ \t]*")
_TAG = re.compile(r"<(/?)([a-z_]{1,40})>", re.IGNORECASE)
_BULLET = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_TITLE = re.compile(r"^\W*(?:programming )?concepts?\W*:\W*", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;](?![^(\[{]*[)\]}])")
"""A comma that no bracket closes behind."""


class Part(NamedTuple):
    """A part of a text."""

    name: str
    """As it was asked for."""
    text: str
    """Without blank lines around it."""
    closed: bool = True
    """Of tags: false where another part or the end of the text came before the closing tag."""


class _Mark(NamedTuple):
    name: str
    opens: bool
    start: int
    end: int


def sections(text: str, labels: Sequence[str]) -> list[Part]:
    """Return the sections with these labels, as they stand in the text: `[Reasoning]`, `[Tests]`,
    each on a line of its own.

    The label may be dressed as a heading or in bold (`## [Tests]`, `**[Tests]**`), and case does
    not count. Text before the first section is no part of any.
    """
    known = {label.casefold(): label for label in labels}
    marks: list[_Mark] = []
    for line in outside(text):
        match = _LABEL.fullmatch(line.text)
        name = known.get(" ".join(match[1].split()).casefold()) if match else None
        if name is not None:
            marks.append(_Mark(name, True, line.start, line.start + len(line.text)))
    return _parts(text, labels, marks)


def tagged(text: str, names: Sequence[str]) -> list[Part]:
    """Return the parts between tags: `<response>` ... `</response><tests>` ... `</tests>`.

    No XML: what is between is any text. A closing tag without an opening one is passed over; text
    outside of all parts is in none.
    """
    known = {name.casefold(): name for name in names}
    marks: list[_Mark] = []
    for line in outside(text):
        for match in _TAG.finditer(line.text):
            name = known.get(match[2].casefold())
            if name is not None:
                start, end = (line.start + place for place in match.span())
                marks.append(_Mark(name, not match[1], start, end))
    return _parts(text, names, marks)


def _parts(text: str, names: Sequence[str], marks: list[_Mark]) -> list[Part]:
    whole = "\n".join(lines_of(text))
    if names and not any(mark.opens and mark.name == names[0] for mark in marks):
        marks = [_Mark(names[0], True, 0, 0), *marks]
    end = _Mark("", True, len(whole), len(whole))
    found: list[Part] = []
    for mark, following in zip(marks, [*marks, end][1:], strict=False):
        part = whole[mark.end : following.start].strip("\n").rstrip()
        if mark.opens and (part or mark.end):
            closed = not following.opens and following.name == mark.name
            found.append(Part(mark.name, part, closed))
    return found


def concepts_in(text: str) -> tuple[str, ...]:
    """Return the phrases of a list on one line with commas, or one a line, each once (case aside).

    Bullets, numbers, quotes and a full stop at the end are taken off, and so is a label such as
    `Concepts:`. A comma inside brackets divides nothing: `lists (append, pop)` is one phrase.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        for part in _BETWEEN.split(_TITLE.sub("", _BULLET.sub("", line))):
            phrase = " ".join(part.split()).strip("`\"'*_ ").removesuffix(".").strip("`\"'*_ ")
            if phrase:
                found.setdefault(phrase.casefold(), phrase)
    return tuple(found.values())
