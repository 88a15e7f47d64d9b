"""What a training row is about: one of Magicoder's ten topics, told by words.

Magicoder (arXiv 2312.02120, figure 4) put its rows into ten hand-made topics by the nearest
embedding. Ours is plainer, so that anyone can see why a row is where it is: each topic has a list
of words (`topics.toml`); the one of which the row has most wins. A word of the instruction counts
three times, one of the response once, each word once however often it stands there. Ties go to the
earlier topic, nothing found to `other`. It is a rough sorting, not a measurement.
"""

import re
import tomllib
from importlib import resources

__all__ = ["OTHER", "TOPICS", "topic"]

OTHER = "other"
_LISTED = resources.files("veristone.loop.report").joinpath("topics.toml")
TOPICS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(_LISTED.read_text(encoding="utf-8")).items()
}
"""Topic to its words, in lower case."""
_IN_INSTRUCTION, _IN_RESPONSE = 3, 1
_WORD = re.compile(r"[a-z][a-z0-9.]*[a-z0-9]|[a-z]")
_MOST = 20_000
"""Characters that are looked at."""


def topic(instruction: str, response: str) -> str:
    """Return the topic of a row, or `other`."""
    asked, answered = _words(instruction), _words(response)
    best, most = OTHER, 0
    for name, listed in TOPICS.items():
        score = _IN_INSTRUCTION * len(listed & asked) + _IN_RESPONSE * len(listed & answered)
        if score > most:
            best, most = name, score
    return best


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text[:_MOST].lower().replace("_", " ")))
