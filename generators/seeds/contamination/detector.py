"""Compares one sample, a seed or what a model wrote later, with a benchmark's tasks.

What decides is equality, as in StarCoder2-Instruct (arXiv 2410.24198) and Magicoder, but by words
and tokens instead of characters, so that line breaks, quotes and the signs before comments make no
difference:

    exact       a whole description, or a whole solution
    ngram       so many consecutive words of a description: GPT-3 took 13 (arXiv 2005.14165),
                DeepSeek-Coder 10 for code (arXiv 2401.14196)
    normalised  a whole solution with its names changed one to one

Descriptions and solutions that say too little are not looked for: `return x + y` is in every
corpus. A short solution counts where it is all of the sample, and the task's name or description
stands there too. Runs of words that several differently named tasks share are a template's ("Write
a python function to find the ...") and say nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from veristone.generators.seeds.contamination.benchmarks import DEFINED, Item
from veristone.generators.seeds.contamination.reading import (
    Code,
    read_code,
    same_but_names,
    words,
)

__all__ = ["Detector", "Match"]

NGRAM_WORDS = 10
FLAG_WORDS = 8
"""A run of so many words is remarkable, and proves nothing."""
LEAST_WORDS = 6
"""Of a description that is looked for as a whole."""
LEAST_TOKENS = 8
"""Of a solution that is looked for as it is."""
LEAST_RENAMED = 14
"""The same for solutions whose names may differ. With these three, of 8,127 documented functions of
packages two are found: a gcd, and one that drops the empty values of a dictionary."""
LEAST_TEXT = 3
"""Words of a description that speaks for a shorter solution."""
_TEMPLATE = 3
"""Names that share a run before it counts as a template."""
_EXAMPLES = re.compile(r">>>|^\W*(?:for )?examples?\b|==>|^\W*assert\b", re.I | re.M)
"""A description ends where its examples begin."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WINDOW = 6
"""Words or tokens by which a pattern is looked up."""


class Match(NamedTuple):
    """What was found in a sample."""

    reason: str
    """`exact`, `ngram` or `normalised`; of a flag `same_name` or `similar_text`."""
    task: str
    """The item's label: `HumanEval/12 (longest)`."""
    explanation: str
    """What exactly is alike, for a person."""

    @property
    def detail(self) -> str:
        """One line for a report."""
        return f"{self.task}: {self.explanation}"


class Detector:
    """Finds benchmarks' items in samples; the first in the order of the items counts."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = list(items)
        self._runs = self._runs_of(NGRAM_WORDS)
        self._short_runs = self._runs_of(FLAG_WORDS)
        self._texts = _Index()
        self._solutions = _Index()
        self._short: dict[tuple[str, ...], list[_Pattern]] = {}
        self._names: dict[tuple[str, ...], int] = {}
        for number, item in enumerate(self._items):
            for text in item.texts:
                if len(said := _described(text)) >= LEAST_WORDS:
                    self._texts.add(_Pattern(number, _as_code(said)))
            for solution in item.solutions:
                pattern = _Pattern(number, read_code(solution, item.language))
                if len(pattern.code.tokens) >= LEAST_TOKENS:
                    self._solutions.add(pattern)
                if len(pattern.code.tokens) < LEAST_RENAMED:
                    self._short.setdefault(tuple(pattern.code.tokens), []).append(pattern)
            if len(_name(item.entry_point)) > 1:
                self._names.setdefault(_name(item.entry_point), number)

    def _runs_of(self, size: int) -> dict[tuple[str, ...], int]:
        """Return each run of words and its first item, without those of templates."""
        owners: dict[tuple[str, ...], dict[str, int]] = {}
        for number, item in enumerate(self._items):
            name = item.entry_point or item.label
            for text in item.texts:
                for run in _windows(words(text), size):
                    owners.setdefault(run, {}).setdefault(name, number)
        return {run: min(names.values()) for run, names in owners.items() if len(names) < _TEMPLATE}

    def check(self, text: str, code: str, language: str) -> Match | None:
        """Return what is found in a sample, None if nothing is.

        Args:
            text: an instruction or documentation that does not stand in the code; may be empty.
            code: with its comments and documentation, or an answer in Markdown; may be empty.
            language: of the code, in lower case.
        """
        said = words(f"{text}\n{code}")
        if whole := [hit.item for hit in self._texts.hits(_as_code(said))]:
            return self._match("exact", min(whole), "its text, word for word")
        sample = read_code(f"{text}\n{code}" if "```" in text else code, language)
        hits = list(self._solutions.hits(sample))
        if copies := [hit.item for hit in hits if not hit.renamed]:
            return self._match("exact", min(copies), "its solution, word for word")
        if found := _first_run(self._runs, said, NGRAM_WORDS):
            return self._match("ngram", found.item, f"{NGRAM_WORDS} words: {found.said}")
        copies = [hit.item for hit in hits if hit.tokens >= LEAST_RENAMED]
        if copies := copies or list(self._short_copies(sample, said, code)):
            return self._match("normalised", min(copies), "its solution but for the names")
        return None

    def _short_copies(self, sample: Code, said: list[str], code: str) -> Iterator[int]:
        """Yield the items whose short solution is all of a sample that speaks of the task."""
        for number, pattern in self._short.get(tuple(sample.tokens), ()):
            if same_but_names(pattern, sample, 0):
                item = self._items[number]
                name = _name(item.entry_point)
                named = len(name) > 1 and name in map(_name, DEFINED.findall(code))
                texts = filter(lambda text: len(text) >= LEAST_TEXT, map(_described, item.texts))
                if named or any(tuple(text) in _windows(said, len(text)) for text in texts):
                    yield number

    def flag(self, name: str, docstring: str) -> Match | None:
        """Return a task that a seed resembles, None if there is none. That is no proof."""
        if (number := self._names.get(_name(name))) is not None:
            return self._match("same_name", number, f"its name {self._items[number].entry_point}")
        if found := _first_run(self._short_runs, words(docstring), FLAG_WORDS):
            return self._match("similar_text", found.item, f"{FLAG_WORDS} words: {found.said}")
        return None

    def _match(self, reason: str, number: int, explanation: str) -> Match:
        return Match(reason, self._items[number].label, explanation)


class _Pattern(NamedTuple):
    item: int
    code: Code


class _Hit(NamedTuple):
    item: int
    renamed: bool
    tokens: int


class _Index:
    """Patterns by their first few tokens."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], list[_Pattern]] = {}

    def add(self, pattern: _Pattern) -> None:
        self._known.setdefault(tuple(pattern.code.tokens[:_WINDOW]), []).append(pattern)

    def hits(self, sample: Code) -> Iterator[_Hit]:
        """Yield the patterns that stand somewhere in the sample."""
        for start, window in enumerate(_windows(sample.tokens, _WINDOW)):
            for item, code in self._known.get(window, ()):
                if same_but_names(code, sample, start):
                    size = len(code.tokens)
                    yield _Hit(item, code.names != sample.names[start : start + size], size)


def _as_code(said: list[str]) -> Code:
    """Return words in the form of code without names."""
    return Code(said, [""] * len(said))


def _described(text: str) -> list[str]:
    """Return the words of a description up to its examples."""
    return words(_EXAMPLES.split(text, maxsplit=1)[0])


class _Run(NamedTuple):
    item: int
    said: str


def _first_run(runs: dict[tuple[str, ...], int], said: Sequence[str], size: int) -> _Run | None:
    found = [
        (runs[window], start) for start, window in enumerate(_windows(said, size)) if window in runs
    ]
    if not found:
        return None
    item, start = min(found)
    return _Run(item, " ".join(said[start : start + size])[:120])


def _name(name: str) -> tuple[str, ...]:
    """Return the words of a name: `list_split` and `_splitList` are one."""
    return tuple(sorted(words(_HUMP.sub(" ", name))))


def _windows(sequence: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(sequence[start:] for start in range(size)), strict=False)
