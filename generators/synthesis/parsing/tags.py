"""Parts between tags as of XML: `<response>` ... `</response><tests>` ... `</tests>`.

No XML: what is between is any text, and only the asked-for tags outside of fenced code count.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from veristone.generators.code.fences import lines_of, outside

__all__ = ["Tagged", "tagged"]

_TAG = re.compile(r"<(/?)([a-z_]{1,40})>", re.IGNORECASE)


class Tagged(NamedTuple):
    """A part between tags."""

    name: str
    text: str
    """Without blank lines around it."""
    closed: bool
    """False where another part or the end of the text came before the closing tag."""


class _Event(NamedTuple):
    name: str
    opens: bool
    start: int
    end: int


def tagged(text: str, names: Sequence[str]) -> list[Tagged]:
    """Return the parts with these names, as they stand in the text.

    Where the first name is never opened, the text begins inside it: the prompt ended with the tag.
    A closing tag without an opening one is passed over; text outside of all parts is in none.
    """
    whole = "\n".join(lines_of(text))
    events = _events(text, {name.casefold(): name for name in names})
    if names and not any(event.opens and event.name == names[0] for event in events):
        events.insert(0, _Event(names[0], True, 0, 0))
    found: list[Tagged] = []
    for index, event in enumerate(events):
        if not event.opens:
            continue
        following = events[index + 1] if index + 1 < len(events) else None
        end = following.start if following else len(whole)
        closed = following is not None and not following.opens and following.name == event.name
        part = Tagged(event.name, whole[event.end : end].strip("\n").rstrip(), closed)
        if part.text or event.end:
            found.append(part)
    return found


def _events(text: str, known: dict[str, str]) -> list[_Event]:
    found: list[_Event] = []
    for line in outside(text):
        for match in _TAG.finditer(line.text):
            name = known.get(match[2].casefold())
            if name is not None:
                place = line.start
                found.append(_Event(name, not match[1], place + match.start(), place + match.end()))
    return found
