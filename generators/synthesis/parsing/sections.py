"""Sections with labels: `[Reasoning]`, `[Solution]`, each on a line of its own.

The label may be dressed as a heading or in bold (`## [Tests]`, `**[Tests]**`), and case does not
count. Labels in fenced code are none.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from veristone.generators.code.fences import lines_of, outside

__all__ = ["Section", "sections"]

_LABEL = re.compile(r"[ ]{0,3}(?:#{1,6}[ \t]+)?\*{0,2}\[([^\[\]\n]{1,40})\]\*{0,2}:?\*{0,2}[ \t]*")


class Section(NamedTuple):
    """A labelled part of a text."""

    label: str
    """As it was asked for."""
    text: str
    """Without blank lines around it."""


def sections(text: str, labels: Sequence[str]) -> list[Section]:
    """Return the sections with these labels, as they stand in the text.

    Where the first label stands nowhere, what comes before the others is its section: the prompt
    ended with the label. Otherwise text before the first section is no part of any.
    """
    known = {label.casefold(): label for label in labels}
    whole = "\n".join(lines_of(text))
    found: list[tuple[str, int, int]] = []
    for line in outside(text):
        match = _LABEL.fullmatch(line.text)
        label = known.get(" ".join(match[1].split()).casefold()) if match else None
        if label is not None:
            found.append((label, line.start, line.start + len(line.text)))
    if labels and labels[0] not in [label for label, _, _ in found]:
        found.insert(0, (labels[0], 0, 0))
    ends = [*(start for _, start, _ in found), len(whole)][1:]
    parts = [
        Section(label, whole[after:end].strip("\n").rstrip())
        for (label, _, after), end in zip(found, ends, strict=True)
    ]
    implied = bool(found) and found[0][2] == 0
    return parts[1:] if implied and not parts[0].text else parts
