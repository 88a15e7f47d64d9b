"""The markers rule: no notes of unfinished or broken code, such as `# TODO: handle None`.

Markers are looked for in comments and documentation, as words of their own, in the way in which
authors write them. The original pipelines rejected every text with `todo`, `fixme` or `bug` in it,
and so `debug`, `mastodon` and every function about to-do lists.
"""

import re
from typing import Literal

from veristone.generators.seeds.filters.comments import comments
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rule, rejected

__all__ = ["Markers"]

# `XXXX` is an `XXX` as well; `BUG` and `HACK` in other cases are prose.
_CAPITALS = "TODO|FIXME|XXXX*|HACK|BUG"
_LOOSE = "TODO|FIXME"
_WORD = rf"(?<![\w'\"`/.-])(?:{_CAPITALS})(?![\w'\"`/-]|\.\w)"
_ANYWHERE = re.compile(_CAPITALS, re.IGNORECASE)
_IN_COMMENT = re.compile(rf"{_WORD}|^\W{{0,8}}(?i:{_LOOSE})(?:\s*[:(]|\s+(?!list|item|app)\w|\s*$)")
_IN_DOCSTRING = re.compile(
    rf"(?m)^[ \t]*[^\w\s'\"`]{{0,3}}[ \t]?{_WORD}|{_WORD}\s*(?:\([^()\n]{{1,40}}\))?:"
    rf"|^[ \t]*(?:[@\\]|\.\. )?(?i:{_LOOSE})s?[ \t]*::?[ \t]*(?:\S|$)|[@\\](?i:{_LOOSE})\b"
)


class Markers(Rule, frozen=True):
    """Rejects seeds with a marker in a comment or in the documentation.

    In a comment: the word in capitals anywhere, or in any case as its first word. In documentation:
    the word in capitals at the beginning of a line or before a colon, or in any case as a tag or
    heading (`@todo`, `.. todo::`, `Todo:`). Words in quotes are not markers.
    """

    kind: Literal["markers"] = "markers"

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or the first marker's line."""
        if not _ANYWHERE.search(seed.code):
            return seed
        for comment in comments(seed.code, seed.language):
            found = _IN_COMMENT.search(comment)
            if found:
                return rejected("marker_in_comment", _line(comment, found.start()))
        found = _IN_DOCSTRING.search(seed.docstring)
        if found:
            return rejected("marker_in_docstring", _line(seed.docstring, found.start()))
        return seed


def _line(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)]
