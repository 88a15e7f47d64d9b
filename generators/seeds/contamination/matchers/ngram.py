"""Runs of words: so many consecutive words of a problem's text, as the literature has it.

GPT-3 took 13 words (Brown et al., arXiv 2005.14165), DeepSeek-Coder 10 for code
(arXiv 2401.14196). Runs that several differently named tasks share are a template's
("Write a python function to find the ...") and say nothing.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from veristone.generators.seeds.contamination.entries import Entry
from veristone.generators.seeds.contamination.features import Features, encode, ngrams
from veristone.generators.seeds.contamination.matchers.base import Match

__all__ = ["Ngram"]

_Keys: TypeAlias = NDArray[np.uint64]
_Owners: TypeAlias = NDArray[np.int32]

_TEMPLATE = 3
"""Names that share a run before it counts as a template."""


class Ngram:
    """Looks for `size` consecutive words of any text."""

    name = "ngram"

    def __init__(self, entries: Sequence[Entry], size: int) -> None:
        self._entries = entries
        self._size = size
        keys: list[_Keys] = [np.empty(0, dtype=np.uint64)]
        owners: list[_Owners] = [np.empty(0, dtype=np.int32)]
        for number, entry in enumerate(entries):
            for text in entry.texts:
                found = np.unique(ngrams(encode(text.grams), size))
                keys.append(found)
                owners.append(np.full(len(found), number, dtype=np.int32))
        self._keys, self._owners = self._without_templates(
            np.concatenate(keys), np.concatenate(owners)
        )

    def _without_templates(self, keys: _Keys, owners: _Owners) -> tuple[_Keys, _Owners]:
        if not len(keys):
            return keys, owners
        names = [" ".join(entry.name) or entry.label for entry in self._entries]
        numbers = {name: number for number, name in enumerate(sorted(set(names)))}
        named = np.array([numbers[name] for name in names], dtype=np.int64)
        pairs = np.unique(np.stack([keys.view(np.int64), named[owners]]), axis=1)
        different, counts = np.unique(pairs[0], return_counts=True)
        kept = np.isin(keys.view(np.int64), different[counts < _TEMPLATE])
        order = np.lexsort((owners[kept], keys[kept]))
        keys, owners = keys[kept][order], owners[kept][order]
        first = np.ones(len(keys), dtype=bool)
        first[1:] = keys[1:] != keys[:-1]
        return keys[first], owners[first]

    def find(self, features: Features) -> Match | None:
        """Return the first item that shares a run of words."""
        windows = ngrams(features.word_codes, self._size)
        if not len(windows) or not len(self._keys):
            return None
        at = np.searchsorted(self._keys, windows)
        at[at == len(self._keys)] = 0
        places = np.flatnonzero(self._keys[at] == windows)
        if not len(places):
            return None
        owners = self._owners[at[places]]
        place = int(places[int(owners.argmin())])
        entry = self._entries[int(owners.min())]
        words = " ".join(features.words[place : place + self._size])
        return Match(self.name, entry.benchmark, entry.label, f"{self._size} words: {words[:120]}")
