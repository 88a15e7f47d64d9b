"""What is known of the languages that functions are taken from: queries, and forms of comments."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Query

__all__ = ["LANGUAGES", "Style", "query"]


class Style(NamedTuple):
    """How functions are found in a language, and how it writes documentation."""

    queries: tuple[str, ...]
    """Files in `queries/`: which members of a document are functions, see `mining`."""
    documentation: tuple[str, ...] = ()
    """What comments begin with that are meant for documentation, as `/**` is."""
    plain: bool = False
    """Whether other comments directly above a function document it as well."""
    separator: str = "."
    """Between a class and its method."""


LANGUAGES: dict[str, Style] = {
    "cpp": Style(("cpp",), ("/**", "/*!", "///", "//!"), plain=True, separator="::"),
    "go": Style(("go",), plain=True),
    "java": Style(("java",), ("/**", "///")),
    "javascript": Style(("javascript",), ("/**",)),
    "python": Style(("python",)),
    "rust": Style(("rust",), ("///", "/**"), separator="::"),
    "tsx": Style(("javascript", "typescript"), ("/**",)),
    "typescript": Style(("javascript", "typescript"), ("/**",)),
}
"""By the names of `Document.language`; their grammars are those of `generators.code.grammars`."""


@cache
def query(name: str) -> Query:
    """Return the query for the functions of a language.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    from veristone.generators.code.grammars import parser

    language = parser(name).language
    assert language is not None
    from tree_sitter import Query

    folder = Path(__file__).parent / "queries"
    files = [folder / f"{file}.scm" for file in LANGUAGES[name].queries]
    return Query(language, "\n".join(file.read_text(encoding="utf-8") for file in files))
