"""Rejects seeds that are, but for layout, the same as an earlier one.

Whitespace does not count, as in Magicoder's and StarCoder2-Instruct's cleaning: code is compared
with all of it removed. Comments count (what differs in them alone is found by `near`), and so does
documentation unless told otherwise. Two seeds of different languages differ, as their ids do.

A seed is known by 128 bits of a cryptographic hash (BLAKE2b): among 10^8 seeds two different ones
meet with a probability of 1.5e-23, and nobody can write a seed that throws another one out.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from veristone.generators.seeds.duplicates.kept import Kept
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import OrderedStep, Outcome, Rejected

__all__ = ["ExactDuplicates", "normalise"]

_word_spans = re.compile(r"\w+").finditer


class ExactDuplicates(OrderedStep, frozen=True):
    """Keeps the first of equal seeds; the others are `duplicate`, with the first one's id."""

    kind: Literal["exact_duplicates"] = "exact_duplicates"
    docstring: bool = True
    """Whether seeds that differ in their documentation alone are different."""

    def sketch(self, seeds: Sequence[Seed]) -> list[bytes]:
        """Return a digest of each seed."""
        return [self._digest(seed) for seed in seeds]

    def _digest(self, seed: Seed) -> bytes:
        text = normalise(seed.code, "" if self.docstring else seed.docstring)
        data = f"{seed.language}\0{text}".encode(errors="surrogatepass")
        return hashlib.blake2b(data, digest_size=16).digest()

    def decide(
        self, number: int, seeds: Sequence[Seed], sketch: Any, folder: Path
    ) -> list[Outcome]:
        """See `OrderedStep.decide`.

        Raises:
            ConfigError: part `number` cannot follow upon what the folder holds.
        """
        outcomes: list[Outcome] = []
        digests: list[bytes] = sketch
        settings = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        with Kept(folder, settings, number) as kept:
            for seed, digest in zip(seeds, digests, strict=True):
                first = kept.find(digest)
                if first is None:
                    kept.add(seed.id, digest=digest)
                outcomes.append(seed if first is None else Rejected("duplicate", first))
        return outcomes


def normalise(code: str, docstring: str = "") -> str:
    """Return what two equal seeds have in common: the code without whitespace.

    Args:
        code: in any language.
        docstring: documentation that is to be left out. It is looked for as a run of words, so
            that comment marks on each of its lines do not hide it, and goes together with the
            punctuation on both sides; where it does not stand in the code as it is (escapes),
            nothing is left out.
    """
    words = " ".join(match[0] for match in _word_spans(docstring))
    if words:
        spans = [(match[0], match.start(), match.end()) for match in _word_spans(code)]
        line = " ".join(["", *(word for word, _, _ in spans), ""])
        place = line.find(f" {words} ")
        if place >= 0:
            first = line.count(" ", 0, place)
            last = first + words.count(" ") + 1
            before = code[: spans[first - 1][2]] if first else ""
            after = code[spans[last][1] :] if last < len(spans) else ""
            code = f"{before}\0{after}"
    return "".join(code.split())
