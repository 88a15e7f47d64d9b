"""One random snippet of a document: Magicoder's way to seeds (arXiv 2312.02120, section 2.1).

A start line is drawn from the whole document and a length from 1 to 15; at the end of the file the
snippet is shorter. Any language will do: nothing is parsed. With other settings it is the control
of SelfCodeAlign's ablation (5 to 30 lines of documents with 10 to 5000 lines, 80 characters a line
on average at most).

The draw depends on the recipe's `seed` and on the document (repository, path, commit, content), not
on which documents came before, in what order, or in which process.
"""

import hashlib
from collections.abc import Iterator
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, PositiveInt, field_validator, model_validator

from veristone.generators.seeds.extract.lines import dedent, margin
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
    languages: tuple[str, ...] = ()
    """Languages to take snippets from; empty for all."""
    min_lines: PositiveInt = 1
    max_lines: PositiveInt = 15
    max_characters: PositiveInt = 8192
    """A window with more, as in minified code, is drawn again."""
    min_document_lines: PositiveInt = 1
    max_document_lines: PositiveInt | None = None
    max_average_line: PositiveInt | None = None
    """Characters of a document's lines on average, line ends left out. SelfCodeAlign took 80."""

    @field_validator("languages")
    @classmethod
    def _named(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        odd = [language for language in languages if language != language.lower() or not language]
        if odd:
            raise ValueError(f"snippets: languages are lower-case names, not {odd[0]!r}")
        return languages

    @model_validator(mode="after")
    def _ordered(self) -> "Snippets":
        if self.min_lines > self.max_lines:
            raise ValueError("snippets: min_lines is more than max_lines")
        if self.max_document_lines is not None:
            if self.min_document_lines > self.max_document_lines:
                raise ValueError("snippets: min_document_lines is more than max_document_lines")
            if self.min_lines > self.max_document_lines:
                raise ValueError("snippets: min_lines is more than max_document_lines")
        return self

    def extract(self, document: Document) -> Extraction:
        """Return one snippet, or none and a count that says why."""
        result = Extraction()
        reason = self._unfit(document)
        if reason:
            result.counts[reason] += 1
            return result
        lines = _lines(document.content)
        seed = self._draw(document, lines)
        if seed is None:
            result.counts["blank"] += 1
        else:
            result.counts["snippets"] += 1
            result.seeds.append(seed)
        return result

    def _unfit(self, document: Document) -> str:
        """Return why nothing is taken from a document, empty if something may be."""
        if self.languages and document.language not in self.languages:
            return "other_language"
        content = document.content
        try:
            content.encode()
        except UnicodeEncodeError:
            return "not_unicode"
        count = len(_lines(content))
        if count < max(self.min_document_lines, self.min_lines):
            return "too_short"
        if self.max_document_lines is not None and count > self.max_document_lines:
            return "too_long"
        if self.max_average_line is not None:
            characters = len(content) - content.count("\n")
            if characters > self.max_average_line * count:
                return "wide_lines"
        return ""

    def _draw(self, document: Document, lines: list[str]) -> Seed | None:
        """Return the first window drawn that is long enough, not blank and not too wide."""
        numbers = _numbers(self.seed, document)
        for _ in range(DRAWS):
            start = next(numbers) % len(lines)
            length = self.min_lines + next(numbers) % (self.max_lines - self.min_lines + 1)
            window = lines[start : start + length]
            if len(window) < self.min_lines or not any(line.strip() for line in window):
                continue
            if sum(map(len, window)) + len(window) - 1 > self.max_characters:
                continue
            code = dedent("\n".join(window), margin(window))
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


def _lines(content: str) -> list[str]:
    """Return the lines; a line feed at the very end begins no further line."""
    lines = content.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _numbers(seed: int, document: Document) -> Iterator[int]:
    """Yield 128-bit numbers that only the seed and the document decide.

    SHA-256 in counter mode. So many bits make the bias of a remainder smaller than 2**-100.
    """
    where = document.provenance
    digest = hashlib.sha256(document.content.encode()).hexdigest()
    identity = "\0".join([str(seed), where.repository, where.path, where.commit, digest])
    key = hashlib.sha256(identity.encode(errors="surrogatepass")).digest()
    counter = 0
    while True:
        block = hashlib.sha256(key + counter.to_bytes(8, "big")).digest()
        yield int.from_bytes(block[:16], "big")
        yield int.from_bytes(block[16:], "big")
        counter += 1
