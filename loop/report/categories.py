"""What tasks are about: ten categories, as in Magicoder (arXiv 2312.02120, section 3).

By embeddings where a model of them is at hand: the category whose description is nearest. Otherwise
by the words of `categories.toml`: the category of which most are found, which is a rough sorting.
"""

import functools
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from veristone.loop.report.embedding import embed

__all__ = ["OTHER", "by_embedding", "by_words"]

OTHER = "none of these"


class _Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: str
    words: tuple[str, ...]


@functools.cache
def _categories() -> dict[str, _Category]:
    text = Path(__file__).with_name("categories.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, _Category])


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(rf"\b(?:{'|'.join(map(re.escape, one.words))})", re.IGNORECASE)
        for name, one in _categories().items()
    }


def by_words(text: str) -> str:
    """Return the category of which a text has most different words; of equal ones the first."""
    found = {
        name: len({word.lower() for word in pattern.findall(text)})
        for name, pattern in _patterns().items()
    }
    best = max(found, key=found.__getitem__)
    return best if found[best] else OTHER


def by_embedding(texts: Sequence[str], model: str) -> list[str]:
    """Return each text's category: the one whose description has the greatest cosine with it.

    Raises:
        ConfigError, ModelUnavailable: there are no embeddings to be had.
    """
    categories = _categories()
    described = embed([one.about for one in categories.values()], model)
    names = list(categories)
    return [names[place] for place in (embed(texts, model) @ described.T).argmax(axis=1)]
