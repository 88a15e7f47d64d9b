"""Texts made comparable: folded to what matters, and how much two have in common."""

import re
from collections.abc import Sequence

__all__ = ["folded", "rouge_l", "words"]

_WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """Return the text without white space and without case, as equality means it here."""
    return "".join(text.split()).casefold()


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


def rouge_l(first: Sequence[str], second: Sequence[str]) -> float:
    """Return ROUGE-L of two lists of words: the F measure (beta 1) of their longest common
    subsequence, from 0 to 1. Nothing has nothing in common with anything.

    Bit-parallel (Hyyrö 2004): one big integer has a bit for each word of `first`.
    """
    if not first or not second:
        return 0.0
    places: dict[str, int] = {}
    for index, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << index
    mask = (1 << len(first)) - 1
    row = mask
    for word in second:
        match = row & places.get(word, 0)
        row = ((row + match) | (row - match)) & mask
    common = len(first) - row.bit_count()
    return 2 * common / (len(first) + len(second))
