"""Whether prose is English, as far as letters and stop words tell."""

import re
import tomllib
from pathlib import Path
from typing import Final

__all__ = ["foreign_words", "is_foreign_script"]

_MAX_OTHER_LETTERS: Final = 0.2
"""Share of letters outside the Latin alphabet in English prose: names, symbols, a Greek letter."""
_LATIN_END: Final = "\u024f"
_WORD: Final = re.compile(r"[^\W\d_]+")

_DATA = Path(__file__).with_name("stop_words.toml").read_text(encoding="utf-8")
_FOREIGN: Final = {name: frozenset(words.split()) for name, words in tomllib.loads(_DATA).items()}
_ENGLISH: Final = _FOREIGN.pop("en")
_ANY_FOREIGN: Final = frozenset[str]().union(*_FOREIGN.values())


def is_foreign_script(text: str) -> bool:
    """Whether too many of the letters are outside the Latin alphabet."""
    if text.isascii():
        return False
    letters = [char for char in text if char.isalpha()]
    others = sum(char > _LATIN_END for char in letters)
    return others > _MAX_OTHER_LETTERS * len(letters)


def foreign_words(text: str) -> list[str]:
    """Return the stop words of the most likely other language; none where English is likelier.

    Another language must have two different stop words in the text, and more than English has.
    """
    words = _WORD.findall(text.lower())
    if _ANY_FOREIGN.isdisjoint(words):
        return []
    english = sum(word in _ENGLISH for word in words)
    best: list[str] = []
    most = max(1, english)
    for stops in _FOREIGN.values():
        hits = [word for word in words if word in stops]
        different = sorted(set(hits))
        if len(different) >= 2 and len(hits) > most:
            best, most = different, len(hits)
    return best
