"""Text of a corpus made fit to be shown: nothing acts, nothing hides, nothing is endless.

Control characters (a terminal would obey them), marks that reorder or hide text (a reader would be
deceived), lone surrogates (no encoder takes them) and non-characters are replaced by their
number, `⟨U+202E⟩`. What is left is plain text: whoever puts it into HTML or Markdown escapes it.

Letters that are written from right to left stay as they are; a page isolates them.
"""

import difflib
import re
from collections.abc import Iterable

__all__ = ["excerpt", "line", "near"]

_MARK = "…"

# The last two code points of every plane are no characters.
_NONE = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))

# Explicit, not by Unicode category: categories change with the version of Python.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad"  # controls but tab and line feed; soft hyphen
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # fillers, Arabic and Mongolian marks
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidi
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, annotations
    "\ud800-\udfff\ufdd0-\ufdef"  # surrogates, more non-characters
    "\U000e0000-\U000e0fff"  # tags, more variation selectors
    f"{_NONE}]"
)


# Marks that stand above or below the letter before; a pile of them covers the lines around it.
_MARKS = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"(?<={_MARKS}{{3}}){_MARKS}+")


def _name(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"


def _fit(text: str) -> str:
    return _PILE.sub(_MARK, _UNFIT.sub(_name, text))


def line(text: str, limit: int = 200) -> str:
    """Return a text as one line of at most `limit` characters."""
    head = text[: limit + 1]
    shown = _fit(head.replace("\n", " ").replace("\t", " "))
    if len(text) > limit or len(shown) > limit:
        return shown[: limit - 1] + _MARK
    return shown


def excerpt(code: str, lines: int, width: int) -> str:
    """Return the beginning of a piece of code and how much more there is.

    At most `lines` lines of at most `width` characters of the code, each with a note where it was
    cut. Windows' line ends become plain ones.
    """
    rows = code.split("\n", lines)
    more = rows.pop().count("\n") + 1 if len(rows) > lines else 0
    if more and code.endswith("\n"):
        more -= 1
    shown = [_cut(row.removesuffix("\r"), width) for row in rows]
    if more:
        shown.append(f"{_MARK} {more:,} more {'line' if more == 1 else 'lines'}")
    return "\n".join(shown).rstrip("\n")


def _cut(row: str, width: int) -> str:
    if len(row) <= width:
        return _fit(row)
    return f"{_fit(row[:width])}{_MARK} {len(row) - width:,} more characters"


def near(word: str, known: Iterable[str]) -> str:
    """Return the end of an error about a misspelt word: "; did you mean 'x'?", or nothing."""
    found = difflib.get_close_matches(word.lower(), list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""
