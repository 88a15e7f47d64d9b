"""Documented functions of a document, found in its syntax tree.

As StarCoder2's self-alignment did (SelfCodeAlign, arXiv 2410.24198, section 2), without its holes:
every form of docstring, decorators kept, six languages more. A syntax error costs the function that
it is in, not the file. What is kept of a function is exactly what stands in the document, doc
comment and decorators included, but that the indentation of its first line is taken from all lines;
with a Python function goes what the document's imports say of the names that it uses.

There is text of some kilobytes that no parser of this kind gets through in bounded memory, so every
document is read in a process that may die of it. One that does gives nothing but a count. That
costs 7 % more CPU time than reading in the same process (measured on the standard library).

Not promised: that a function works by itself, or that its documentation describes it. A few forms
are not looked for (see the queries): nested functions, functions inside a top-level `if`, what
macros make.
"""

from collections import Counter
from functools import cache
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, field_validator

from veristone.generators.children import Child, ChildDied, Limits
from veristone.generators.seeds.extract.languages import LANGUAGES, query
from veristone.generators.seeds.extract.lines import dedent, indentation
from veristone.generators.seeds.records import Document, Extraction, Seed, seed_id

__all__ = ["Functions"]

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=30)
"""Limits for one document. A MiB of source code takes up to 75 MB and 0.3 s (measured on files of
more than 250 kB in Python, C++, Go, Rust and JavaScript)."""


class Functions(BaseModel):
    """Takes the documented functions of a document. Other languages' documents give nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["functions"] = "functions"
    languages: tuple[str, ...] = tuple(LANGUAGES)
    """Languages to take functions from."""
    methods: bool = False
    """Take methods of top-level classes as well."""

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [language for language in languages if language not in LANGUAGES]
        if unknown or not languages:
            raise ValueError(
                f"functions: no grammar for {', '.join(unknown) or 'an empty list of languages'}; "
                f"there are {', '.join(LANGUAGES)}"
            )
        return languages

    def extract(self, document: Document) -> Extraction:
        """Return the documented functions of a document, and how many there were in all.

        Raises:
            ConfigError: the language's grammar is not installed.
        """
        if document.language not in self.languages:
            return Extraction(counts=Counter(other_language=1))
        query(document.language)  # here first: a missing one is the caller's business
        try:
            return _reader()((document, self.methods))
        except ChildDied:
            return Extraction(counts=Counter(too_hard=1))


@cache
def _reader() -> Child:
    return Child(lambda request: _read(*request), LIMITS)


def _read(document: Document, methods: bool) -> Extraction:
    # Here, because these import tree-sitter, which a recipe can be read without.
    from veristone.generators.code.grammars import parse_bytes
    from veristone.generators.seeds.extract.bindings import Bindings, names_bound, used
    from veristone.generators.seeds.extract.mining import Found, find

    source = document.content.encode()
    root = parse_bytes(document.language, source)
    if root is None:
        return Extraction(counts=Counter(too_hard=1))
    counts: Counter[str] = Counter()
    documented: list[Found] = []
    for found in find(document.language, root, source, methods):
        if found is None:
            counts["tests"] += 1
            continue
        counts["functions"] += 1
        counts["methods"] += found.method
        if found.node.has_error:
            counts["broken"] += 1
        elif found.docstring:
            counts["documented"] += 1
            documented.append(found)
    documented.sort(key=lambda found: found.first.start_byte)
    bindings: Bindings = {}
    if documented and document.language == "python":
        bindings = names_bound(root, source)
    seeds: list[Seed] = []
    for found in documented:
        start = found.first.start_byte
        code = source[start : found.node.end_byte].decode().rstrip()
        code = dedent(code, indentation(source, start))
        line = found.first.start_point.row + 1
        seed = Seed(
            id=seed_id(document.language, code),
            code=code,
            language=document.language,
            shape="method" if found.method else "function",
            name=found.name,
            docstring=found.docstring,
            bindings=used(bindings, code),
            provenance=msgspec.structs.replace(
                document.provenance, start_line=line, end_line=line + code.count("\n")
            ),
        )
        seeds.append(seed)
    return Extraction(seeds, +counts)  # plus leaves the zeros out
