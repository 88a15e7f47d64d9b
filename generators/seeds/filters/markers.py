"""The markers rule: no notes of unfinished or broken code, such as `# TODO: handle None`.

Markers are looked for in comments and documentation, as words of their own, in the way in which
authors write them. The original pipelines rejected every text with `todo`, `fixme` or `bug` in it,
and so `debug`, `mastodon` and every function about to-do lists.
"""

import re
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from veristone.generators.seeds.filters.comments import comments
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rule, rejected

__all__ = ["Markers"]

_Word = Annotated[str, StringConstraints(pattern="^[A-Z_]+$")]


class Markers(Rule, frozen=True):
    """Rejects seeds with a marker in a comment or in the documentation.

    In a comment: the word in capitals anywhere, or in any case as its first word. In documentation:
    the word in capitals at the beginning of a line or before a colon, or in any case as a tag or
    heading (`@todo`, `.. todo::`, `Todo:`). Words in quotes are not markers.
    """

    kind: Literal["markers"] = "markers"

    words: tuple[_Word, ...] = Field(default=("TODO", "FIXME", "XXX", "HACK", "BUG"), min_length=1)
    """In capitals. `BUG` and `HACK` in other cases are prose."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or the first marker's line."""
        patterns = _patterns(self.words)
        if not patterns.anywhere.search(seed.code):
            return seed
        for comment in comments(seed.code, seed.language):
            found = patterns.comment.search(comment)
            if found:
                return rejected("marker_in_comment", _line(comment, found.start()))
        found = patterns.docstring.search(seed.docstring)
        if found:
            return rejected("marker_in_docstring", _line(seed.docstring, found.start()))
        return seed


class _Patterns:
    def __init__(self, words: tuple[str, ...]) -> None:
        # `XXXX` is an `XXX` as well.
        capitals = "|".join(re.escape(word) + "X*" * (word == "XXX") for word in words)
        loose = "|".join(re.escape(word) for word in words if word in ("TODO", "FIXME")) or r"(?!)"
        word = rf"(?<![\w'\"`/.-])(?:{capitals})(?![\w'\"`/-]|\.\w)"
        self.anywhere = re.compile(capitals, re.IGNORECASE)
        self.comment = re.compile(
            rf"{word}|^\W{{0,8}}(?i:{loose})(?:\s*[:(]|\s+(?!list|item|app)\w|\s*$)"
        )
        self.docstring = re.compile(
            rf"(?m)^[ \t]*[^\w\s'\"`]{{0,3}}[ \t]?{word}|{word}\s*(?:\([^()\n]{{1,40}}\))?:"
            rf"|^[ \t]*(?:[@\\]|\.\. )?(?i:{loose})s?[ \t]*::?[ \t]*(?:\S|$)|[@\\](?i:{loose})\b"
        )


@cache
def _patterns(words: tuple[str, ...]) -> _Patterns:
    return _Patterns(words)


def _line(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)]
