"""From a document to its documented functions: parse, find, cut out.

There is text of some kilobytes that no parser of this kind gets through in bounded memory, so every
document is read in a process that may die of it (`children`). One that does gives nothing but a
count. That costs 7 % more CPU time than reading in the same process (measured on the standard
library).
"""

from collections import Counter
from functools import cache

import msgspec

from veristone.generators.children import Child, ChildDied, Limits
from veristone.generators.seeds.extract.base import Extraction
from veristone.generators.seeds.extract.languages.base import Found
from veristone.generators.seeds.extract.lines import dedent, indentation
from veristone.generators.seeds.extract.parsing import parse, tools
from veristone.generators.seeds.records import Document, Seed, seed_id

__all__ = ["read"]

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=30)
"""Limits for one document. A MiB of source code takes up to 75 MB and 0.3 s (measured on files of
more than 250 kB in Python, C++, Go, Rust and JavaScript)."""


def read(document: Document, methods: bool) -> Extraction:
    """Return the documented functions of a document.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    language = _grammar(document)
    tools(language)  # here first: a missing grammar is the caller's business, not the child's
    try:
        return _reader()((document, language, methods))
    except ChildDied:
        return Extraction(counts=Counter(too_hard=1))


@cache
def _reader() -> Child:
    return Child(lambda request: _read(*request), LIMITS)


def _read(document: Document, language: str, methods: bool) -> Extraction:
    source = document.content.encode()
    root = parse(language, source)
    if root is None:
        return Extraction(counts=Counter(too_hard=1))
    counts: Counter[str] = Counter()
    placed: list[tuple[int, Seed]] = []
    for found in tools(language).find(root, source, methods):
        if found is None:
            counts["tests"] += 1
            continue
        counts["functions"] += 1
        counts["methods"] += found.shape == "method"
        if found.node.has_error:
            counts["broken"] += 1
        elif found.docstring:
            counts["documented"] += 1
            placed.append((found.first.start_byte, _seed(found, document, source)))
    placed.sort(key=lambda pair: pair[0])
    return Extraction([seed for _, seed in placed], +counts)  # plus leaves the zeros out


def _seed(found: Found, document: Document, source: bytes) -> Seed:
    start = found.first.start_byte
    code = source[start : found.node.end_byte].decode().rstrip()
    code = dedent(code, indentation(source, start))
    line = found.first.start_point.row + 1
    return Seed(
        id=seed_id(document.language, code),
        code=code,
        language=document.language,
        shape=found.shape,
        name=found.name,
        docstring=found.docstring,
        provenance=msgspec.structs.replace(
            document.provenance, start_line=line, end_line=line + code.count("\n")
        ),
    )


def _grammar(document: Document) -> str:
    """Return the grammar to read a document with: TypeScript's two differ by the file's name."""
    if document.language == "typescript" and document.provenance.path.endswith(".tsx"):
        return "tsx"
    return document.language
