"""Documented functions of a document, found in its syntax tree.

As StarCoder2's self-alignment did (SelfCodeAlign, arXiv 2410.24198, section 2), without its holes:
every form of docstring, decorators kept, six languages more. A syntax error costs the function that
it is in, not the file. What is kept of a function is exactly what stands in the document, doc
comment and decorators included, but that the indentation of its first line is taken from all lines.

Not promised: that a function works by itself, or that its documentation describes it. A few forms
are not looked for (see the modules in `languages/`): nested functions, functions inside a top-level
`if`, what macros make.
"""

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, PositiveInt, field_validator

from generators.seeds.extract.apart import apart
from generators.seeds.extract.base import Extraction
from generators.seeds.extract.languages.table import LANGUAGES
from generators.seeds.extract.lines import dedent, indentation
from generators.seeds.records import Document, Seed, seed_id
from veristone import ConfigError

if TYPE_CHECKING:
    from generators.seeds.extract.languages.base import Found

__all__ = ["Functions"]

MEMORY_PER_DOCUMENT = 1 << 30
MEMORY_PER_BYTE = 1024
"""Bytes that a doubtful document may take. Source code takes about XXX for each of its own."""
CPU_S_PER_DOCUMENT = 60
"""CPU seconds that a doubtful document may take. A MiB of source code takes less than one."""


class Functions(BaseModel):
    """Takes the documented functions of a document. Other languages' documents give nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["functions"] = "functions"
    languages: tuple[str, ...] = tuple(LANGUAGES)
    """Languages to take functions from."""
    methods: bool = False
    """Take methods of top-level classes as well."""
    max_bytes: PositiveInt = 1_048_576
    """Documents that are larger are passed over: they are generated or minified. The tree takes
    some hundred bytes of memory for each."""

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [language for language in languages if language not in LANGUAGES]
        if unknown or not languages:
            raise ConfigError(
                f"functions: no grammar for {', '.join(unknown) or 'an empty list of languages'}; "
                f"there are {', '.join(LANGUAGES)}"
            )
        return languages

    def extract(self, document: Document) -> Extraction:
        """Return the documented functions of a document, and how many there were in all.

        Raises:
            ConfigError: the language's grammar is not installed.
        """
        result = Extraction()
        if document.language not in self.languages:
            result.counts["other_language"] += 1
            return result
        try:
            # A character is a byte at least: what is far too large is not even encoded.
            source = document.content[: self.max_bytes + 1].encode()
        except UnicodeEncodeError:
            result.counts["not_unicode"] += 1
            return result
        if len(source) > self.max_bytes:
            result.counts["too_large"] += 1
            return result
        # Here, because it imports tree-sitter, which a recipe can be read without.
        from generators.seeds.extract.parsing import is_doubtful, tools

        tools(_grammar(document))  # before a fork, so that children need not import it
        if not is_doubtful(source):
            return self._read(document, source)
        answer = apart(
            lambda: _pack(self._read(document, source)),
            memory_bytes=MEMORY_PER_DOCUMENT + MEMORY_PER_BYTE * len(source),
            cpu_s=CPU_S_PER_DOCUMENT,
        )
        if answer is not None:
            return _unpack(answer)
        result.counts["too_hard"] += 1
        return result

    def _read(self, document: Document, source: bytes) -> Extraction:
        """Parse a document whose UTF-8 is `source`."""
        from generators.seeds.extract.parsing import parse, tools

        result = Extraction()
        counts = result.counts
        language = _grammar(document)
        root = parse(language, source)
        if root is None:
            counts["too_hard"] += 1
            return result
        starts: list[tuple[int, Seed]] = []
        for found in tools(language).find(root, source, self.methods):
            if found is None:
                counts["tests"] += 1
                continue
            counts["functions"] += 1
            counts["methods"] += found.shape == "method"
            if found.node.has_error:
                counts["broken"] += 1
            elif found.docstring:
                counts["documented"] += 1
                first, last = found.first, found.node
                margin = indentation(source, first.start_byte)
                code = source[first.start_byte : last.end_byte].decode().rstrip()
                seed = _seed(found, document, dedent(code, margin))
                starts.append((first.start_byte, seed))
        starts.sort(key=lambda pair: pair[0])
        result.seeds = [seed for _, seed in starts]
        result.counts = +counts  # without zeros
        return result


def _seed(found: "Found", document: Document, code: str) -> Seed:
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


def _pack(extraction: Extraction) -> bytes:
    return msgspec.msgpack.encode((extraction.seeds, extraction.counts))


def _unpack(answer: bytes) -> Extraction:
    seeds, counts = msgspec.msgpack.decode(answer, type=tuple[list[Seed], dict[str, int]])
    return Extraction(seeds=seeds, counts=Counter(counts))


def _grammar(document: Document) -> str:
    """Return the grammar to read a document with: TypeScript's two differ by the file's name."""
    if document.language == "typescript" and document.provenance.path.endswith(".tsx"):
        return "tsx"
    return document.language
