"""Documented functions of a document, found in its syntax tree.

As StarCoder2's self-alignment did (SelfCodeAlign, arXiv 2410.24198, section 2), without its holes:
every form of docstring, decorators kept, six languages more. A syntax error costs the function that
it is in, not the file. What is kept of a function is exactly what stands in the document, doc
comment and decorators included, but that the indentation of its first line is taken from all lines.

Not promised: that a function works by itself, or that its documentation describes it. A few forms
are not looked for (see the modules in `languages/`): nested functions, functions inside a top-level
`if`, what macros make.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveInt, field_validator

from veristone.generators.seeds.extract.base import Extraction
from veristone.generators.seeds.extract.languages.table import LANGUAGES
from veristone.generators.seeds.records import Document

__all__ = ["Functions"]


class Functions(BaseModel):
    """Takes the documented functions of a document. Other languages' documents give nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["functions"] = "functions"
    languages: tuple[str, ...] = tuple(LANGUAGES)
    """Languages to take functions from."""
    methods: bool = False
    """Take methods of top-level classes as well."""
    max_bytes: PositiveInt = 1_048_576
    """Documents that are larger are passed over: they are generated or minified."""

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
        result = Extraction()
        if document.language not in self.languages:
            result.counts["other_language"] += 1
            return result
        try:
            # A character is a byte at least: what is far too large is not even encoded.
            size = len(document.content[: self.max_bytes + 1].encode())
        except UnicodeEncodeError:
            result.counts["not_unicode"] += 1
            return result
        if size > self.max_bytes:
            result.counts["too_large"] += 1
            return result
        # Here, because it imports tree-sitter, which a recipe can be read without.
        from veristone.generators.seeds.extract.reading import read

        return read(document, self.methods)
