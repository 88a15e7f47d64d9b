"""Near-duplicates among the responses that become rows.

A rule compares one thing: the instruction, the response, the code, its normal form (`tree`), or the
papers' function names. With a threshold of 1 equal texts are duplicates, white space apart; below,
texts whose sets of word 5-grams have that Jaccard similarity. Responses of one instruction are no
duplicates of one another by their instruction.

The papers' rules are for comparison: StarCoder2-Instruct keeps one response for each sequence of
function names in the first block of code (`names`), SelfCodeAlign one for each set of lower-case
names without underscores, of functions and of classes (`name_set`). Responses without a function
all count as one in the first, and as different in the second.
"""

import hashlib
from collections.abc import Callable
from typing import Literal

from datasketch import LeanMinHash
from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.code.fences import fences
from veristone.generators.code.names import definitions
from veristone.generators.code.normal import normal_form
from veristone.generators.seeds.duplicates.similar import (
    NearIndex,
    Shingles,
    shingles,
    signature,
)
from veristone.generators.selection.groups import group_key
from veristone.generators.synthesis.records import Record

__all__ = ["DuplicateFilter", "Duplicates"]


class Duplicates(BaseModel):
    """A rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Literal["instruction", "response", "code", "tree", "names", "name_set"]
    threshold: float = Field(default=1.0, ge=0.05, le=1.0)
    """Jaccard similarity from which on the later one is rejected; 1: equal texts."""

    @property
    def name(self) -> str:
        """What the funnel calls it: `near_tree_0.7`, `same_instruction`."""
        return f"same_{self.of}" if self.threshold == 1 else f"near_{self.of}_{self.threshold:g}"


class DuplicateFilter:
    """A rule at work. What was added is in memory: some kilobytes a response."""

    def __init__(self, rule: Duplicates) -> None:
        self.rule = rule
        self._text = _TEXTS[rule.of]
        self._near = NearIndex(rule.threshold) if rule.threshold < 1 else None
        self._keys: list[str] = []
        """Of the texts in `_near`."""
        self._equal: dict[bytes, str] = {}
        self._last: tuple[str, Shingles, LeanMinHash] | None = None

    def key(self, record: Record) -> str:
        """Return what a response goes by: its id, or that of its instruction."""
        return group_key(record.id) if self.rule.of == "instruction" else record.id

    def find(self, record: Record) -> str | None:
        """Return what a response duplicates of what was added: `0.73 of ID`, or the id."""
        if self._near is None:
            first = self._equal.get(self._digest(record) or b"")
            return None if first == self.key(record) else first
        own, minima = self._signed(record)
        found = self._near.best(own, minima) if len(own) else None
        if found is None or self._keys[found.number] == self.key(record):
            return None
        return f"{found.jaccard:.2f} of {self._keys[found.number]}"

    def add(self, record: Record) -> None:
        """Remember a response that is a row. Those of one instruction count once by that."""
        key = self.key(record)
        if self._near is None:
            digest = self._digest(record)
            if digest is not None:
                self._equal.setdefault(digest, key)
            return
        own, minima = self._signed(record)
        if len(own) and self._keys[-1:] != [key]:
            self._near.add(own, minima)
            self._keys.append(key)

    def _signed(self, record: Record) -> tuple[Shingles, LeanMinHash]:
        """Return shingles and signature, which `add` wants again right after `find`."""
        key = self.key(record)
        if self._last is None or self._last[0] != key:
            own = shingles(self._text(record), record.language)
            self._last = (key, own, signature(own))
        return self._last[1:]

    def _digest(self, record: Record) -> bytes | None:
        text = self._text(record)
        # What has no name has nothing in common with others, by SelfCodeAlign's rule.
        if not text and self.rule.of == "name_set":
            return None
        data = f"{record.language}\0{''.join(text.split())}".encode(errors="surrogatepass")
        return hashlib.blake2b(data, digest_size=16).digest()


def _first_block(record: Record) -> str:
    blocks = fences(record.response)
    return blocks[0].code if blocks else record.code


def _name_sequence(record: Record) -> str:
    return " ".join(name for kind, name in definitions(_first_block(record)) if kind == "def")


def _name_set(record: Record) -> str:
    found = definitions(_first_block(record))
    names = {(kind, name.lower().replace("_", "")) for kind, name in found}
    return " ".join(f"{kind}:{name}" for kind, name in sorted(names))


_TEXTS: dict[str, Callable[[Record], str]] = {
    "instruction": lambda record: record.instruction,
    "response": lambda record: record.response,
    "code": lambda record: record.code,
    "tree": lambda record: normal_form(record.code, record.language),
    "names": _name_sequence,
    "name_set": _name_set,
}
