"""Benchmark items made ready for the matchers: what the index keeps of each."""

import re

import msgspec

from veristone.generators.seeds.contamination.background import background
from veristone.generators.seeds.contamination.benchmarks import Item
from veristone.generators.seeds.contamination.examples import example_runs
from veristone.generators.seeds.contamination.features import Features
from veristone.generators.seeds.contamination.names import name_words
from veristone.generators.seeds.contamination.prose import content_words, plain_words
from veristone.generators.seeds.contamination.reading import Reading

__all__ = ["Entry", "Solution", "Text", "make_entry"]

_EXAMPLES = re.compile(
    r">>>|^\W*(?:for )?examples?\b|\be\.g\.|==>|^\W*assert\b", re.IGNORECASE | re.MULTILINE
)


class Text(msgspec.Struct, frozen=True):
    """A description of a task."""

    words: list[str]
    """All of its words up to the first example, in order."""
    content: list[str]
    """Its meanings, sorted."""
    weight: int
    """What the meanings are worth together, in hundredths of a nat."""
    grams: list[str]
    """All of its words, examples included."""


class Solution(msgspec.Struct, frozen=True):
    """A solution of a task."""

    tokens: list[str]
    weight: int
    """What the concepts are worth together, in hundredths of a nat."""
    reading: Reading


class Entry(msgspec.Struct, frozen=True):
    """One item."""

    label: str
    benchmark: str
    language: str
    name: tuple[str, ...]
    texts: list[Text]
    solutions: list[Solution]
    examples: list[str]


def make_entry(item: Item) -> Entry:
    """Make an item ready."""
    examples = {run for text in (*item.texts, *item.tests) for run in example_runs(text)}
    return Entry(
        label=item.label,
        benchmark=item.benchmark,
        language=item.language,
        name=name_words(item.entry_point),
        texts=[_text(text) for text in item.texts],
        solutions=[_solution(code, item.language) for code in item.solutions],
        examples=sorted(examples),
    )


def _text(text: str) -> Text:
    described = _EXAMPLES.split(text, maxsplit=1)[0]
    if len(plain_words(described)) < 3:
        described = text
    content = content_words(plain_words(described))
    weight = background().words.total(content)
    return Text(plain_words(described), content, weight, plain_words(text))


def _solution(code: str, language: str) -> Solution:
    features = Features("", code, language)
    return Solution(
        features.tokens,
        background().concepts.total(features.reading.concepts),
        features.reading,
    )
