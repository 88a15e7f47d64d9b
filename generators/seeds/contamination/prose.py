"""Descriptions as content words and word n-grams.

Content words are stems of words, and words that programmers use for one another are one (`list`,
`array`, `vector`): that is how MultiPL-E rewords prompts for other languages (arXiv 2208.08227)
and how people reword them for themselves. How much a shared word says is not a matter of lists:
`background` knows how common it is in the documentation of real code.
"""

import re
from collections.abc import Iterable

__all__ = ["content_words", "plain_words", "stem"]

_SUFFIXES = ("ingly", "edly", "ing", "ies", "ed", "es", "s", "ly")
_WORDS = re.compile(r"[^\W\d_]+")
_MEMORY_WORDS = 200_000
_SYNONYMS = """
list array vector sequence arraylist slice collection listbuffer; string text str word phrase;
number integer int value numeric float numeral numeric long double; give output produce get yield
report tell return; function method routine; element item entry member; check determine test detect
decide verify whether; calculate compute find evaluate obtain; largest biggest maximum greatest
highest max; smallest least minimum lowest min; remove delete drop eliminate discard exclude;
parenthesis bracket paren brace; insert place put; sum total add addition; character letter char;
start begin; space blank whitespace; contain consist hold include comprise; distinct different
unique; occur appear occurrence; separate split divide partition; convert transform change turn;
sort order arrange; given supplied specified provided input; keep select filter choose pick extract;
count tally; average mean; equal same identical equivalent; reverse mirror backward invert;
dictionary map hash hashmap dict table; boolean bool; null none nil undefined; between among;
nth n; multiple several many; positive nonnegative; palindrome symmetric; consecutive adjacent
neighbouring successive; index position indice; threshold limit; smaller less lower below;
larger greater bigger above more; first initial; last final; join concatenate combine merge;
length size
"""


def stem(word: str) -> str:
    """Strip one of the common English endings."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)] + ("y" if suffix == "ies" else "")
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


class _Meanings(dict[str, str]):
    """What words mean, remembered."""

    def __init__(self) -> None:
        groups = [[stem(word) for word in group.split()] for group in _SYNONYMS.split(";")]
        self._first = {word: group[0] for group in groups for word in group}
        super().__init__()

    def __missing__(self, word: str) -> str:
        if len(self) >= _MEMORY_WORDS:
            self.clear()
        short = stem(word)
        # Single letters are names of variables.
        meaning = self._first.get(short, short)[:40] if len(word) > 1 else ""
        self[word] = meaning
        return meaning


_meanings = _Meanings()


def plain_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without numbers; names are split at underscores."""
    return _WORDS.findall(text.lower())


def content_words(words: Iterable[str]) -> list[str]:
    """Return the meanings of some plain words, each once, sorted."""
    meanings = _meanings
    found = {meanings[word] for word in words}
    found.discard("")
    return sorted(found)
