"""One random snippet of a document: Magicoder's way to seeds (arXiv 2312.02120, section 2.1).

A start line is drawn from the whole document and a length from 1 to 15; at the end of the file the
snippet is shorter. Any language will do: nothing is parsed.

The draw depends on the recipe's `seed` and on the document (repository, path, commit, content), not
on which documents came before, in what order, or in which process.
"""

import hashlib
from collections import Counter
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, PositiveInt, model_validator

from veristone.generators.seeds.extract.lines import dedent, margin
from veristone.generators.seeds.languages import KnownLanguage
from veristone.generators.seeds.records import Document, Extraction, Seed, seed_id

__all__ = ["Snippets"]

DRAWS = 32
"""Windows that are tried before a document is given up; in one with half of its lines blank, about
one in two for windows of a single line."""


class Snippets(BaseModel):
    """Takes one snippet of each document. Pair it with the step `quota` for counts by language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["snippets"] = "snippets"
    seed: int = 976
    """Changes all draws. 976 is what Magicoder shuffled with."""
    languages: tuple[KnownLanguage, ...] = ()
    """Languages to take snippets from; empty for all."""
    min_lines: PositiveInt = 1
    max_lines: PositiveInt = 15
    max_characters: PositiveInt = 8192
    """A window with more, as in minified code, is drawn again."""

    @model_validator(mode="after")
    def _ordered(self) -> "Snippets":
        if self.min_lines > self.max_lines:
            raise ValueError("snippets: min_lines is more than max_lines")
        return self

    def extract(self, document: Document) -> Extraction:
        """Return one snippet, or none and a count that says why."""
        if self.languages and document.language not in self.languages:
            return Extraction(counts=Counter(other_language=1))
        lines = document.content.removesuffix("\n").split("\n")
        if len(lines) < self.min_lines:
            return Extraction(counts=Counter(too_short=1))
        seed = self._drawn(document, lines)
        if seed is None:
            return Extraction(counts=Counter(blank=1))
        return Extraction([seed], Counter(snippets=1))

    def _drawn(self, document: Document, lines: list[str]) -> Seed | None:
        """Return the first window drawn that is long enough, not blank and not too wide."""
        key = _key(self.seed, document)
        for draw in range(DRAWS):
            # So many bits make the bias of a remainder smaller than 2**-100.
            block = hashlib.sha256(key + draw.to_bytes(8, "big")).digest()
            start = int.from_bytes(block[:16], "big") % len(lines)
            lengths = self.max_lines - self.min_lines + 1
            length = self.min_lines + int.from_bytes(block[16:], "big") % lengths
            window = lines[start : start + length]
            code = "\n".join(window)
            if len(window) < self.min_lines or not code.strip() or len(code) > self.max_characters:
                continue
            code = dedent(code, margin(window))
            return Seed(
                id=seed_id(document.language, code),
                code=code,
                language=document.language,
                shape="snippet",
                provenance=msgspec.structs.replace(
                    document.provenance, start_line=start + 1, end_line=start + len(window)
                ),
            )
        return None


def _key(seed: int, document: Document) -> bytes:
    where = document.provenance
    digest = hashlib.sha256(document.content.encode()).hexdigest()
    identity = "\0".join([str(seed), where.repository, where.path, where.commit, digest])
    return hashlib.sha256(identity.encode(errors="surrogatepass")).digest()
