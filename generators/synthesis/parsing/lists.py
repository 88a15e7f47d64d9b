"""Lists of short phrases, as models write them: on one line with commas, or one a line."""

import re

__all__ = ["concepts_in"]

_BULLET = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_LABEL = re.compile(r"^\W*(?:programming )?concepts?\W*:\W*", re.IGNORECASE)
_OPEN, _CLOSE = "([{", ")]}"


def concepts_in(text: str) -> tuple[str, ...]:
    """Return the phrases of a list, each once (case aside), in order.

    Bullets, numbers, quotes and a full stop at the end are taken off, and so is a label such as
    `Concepts:`. A comma inside brackets divides nothing: `lists (append, pop)` is one phrase.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        for part in _divided(_LABEL.sub("", _BULLET.sub("", line))):
            phrase = " ".join(part.split()).strip("`\"'*_ ").removesuffix(".").strip("`\"'*_ ")
            if phrase:
                found.setdefault(phrase.casefold(), phrase)
    return tuple(found.values())


def _divided(line: str) -> list[str]:
    parts: list[str] = []
    start, depth = 0, 0
    for place, char in enumerate(line):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char in ",;" and not depth:
            parts.append(line[start:place])
            start = place + 1
    return [*parts, line[start:]]
