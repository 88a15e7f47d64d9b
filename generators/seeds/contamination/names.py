"""Names of functions, in any spelling and any language.

`below_zero`, `belowZero`, `BelowZero` and `below-zero` are one name: a tuple of words.
"""

import itertools
import re
from collections.abc import Sequence

__all__ = ["PYTHON", "defined_names", "mentioned_names", "name_words"]

PYTHON = frozenset({"python", "py"})
"""Names of the language whose definitions all begin with `def`."""

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_NAME = r"(?<![\w-])([^\W\d][\w-]{0,79})(?![\w-])"
# In tokens joined by spaces. After a defining word; assigned a function; after a type, in C's way.
_DEFINITIONS = re.compile(
    r"(?:^| )(?:def|function|fn|func|fun|sub|proc|defn|define|define-public|let rec)"
    rf" (?:\( )?(?:self \. |\w+ : )?{_NAME}(?= [(<{{\[]| [^\W\d]\w* [)=])"
    rf"|{_NAME} (?:: [^=]{{1,60}})?(?:<-|=|:=) "
    r"(?:async )?(?:function\b|lambda\b|\([^()]{0,200}\) =>|\w{1,40} =>)"
    rf"|[\w>\]*&] {_NAME} \([^(){{}};]{{0,400}}\) (?:-> [^{{;]{{1,60}})?(?:const )?"
    r"(?:throws [\w ,]{1,80})?(?=\{)"
    rf"|(?:^| ){_NAME} \( \) \{{"
)
_MENTIONS = re.compile(r"\b(?:[a-z]\w*_\w+|[a-z]+[A-Z]\w+)\b")
_OTHER_WORDS = "if for while switch catch return else elseif elif new main init"
_NOT_NAMES = frozenset(_OTHER_WORDS.split())
_MOST_NAMES = 64


def name_words(name: str) -> tuple[str, ...]:
    """Split a name at underscores, hyphens and humps; lower case."""
    return tuple(word.lower() for word in _HUMPS.findall(name))


def defined_names(tokens: Sequence[str], language: str) -> list[tuple[str, ...]]:
    """Return the words of the functions that the code defines, each name once, in order."""
    found: dict[tuple[str, ...], None] = {}
    if language in PYTHON:
        names = [after for word, after in itertools.pairwise(tokens) if word == "def"]
    else:
        matches = _DEFINITIONS.finditer(" ".join(tokens))
        names = [match[match.lastindex or 0] for match in matches]
    for name in names:
        if name not in _NOT_NAMES and (words := name_words(name)):
            found[words] = None
            if len(found) == _MOST_NAMES:
                break
    return list(found)


def mentioned_names(prose: str) -> list[tuple[str, ...]]:
    """Return the names of two words or more that a text mentions: `Write below_zero(numbers)`."""
    found = {name_words(name): None for name in _MENTIONS.findall(prose)[:_MOST_NAMES]}
    return [words for words in found if len(words) > 1]
