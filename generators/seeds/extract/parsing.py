"""Parsing with tree-sitter, and the languages that it is done for.

tree-sitter is a GLR parser with error recovery: near linear on source code, but there are inputs of
some kilobytes that it works on for hours, and others for which it wants gigabytes. So the parser
gives up after a number of operations (it reports back every hundred): the same number on every
machine. That bounds the time but for a factor, and not the memory: a syntax error can take memory
with the square of what is open, in one step. Larger texts are therefore parsed in a process that
may die of it, see `functions`.

Measured with tree-sitter 0.26: source code takes up to 2.8 operations a byte (14,000 C++ headers,
the Python standard library), hostile text of single kilobytes 100 to 800. 20 kB of `a=>` took 4 GB
in Java, 20 kB of `a<` 1.3 GB, 32 kB of `(*)` in Python more than 2 GB.

Light: grammars are imported when they are used.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from veristone import ConfigError

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Point, Query

__all__ = ["LANGUAGES", "Grammar", "language", "parse", "query"]

OPERATIONS_PER_BYTE = 20
"""The parser gives up after this many, and OPERATIONS_FREE more."""
OPERATIONS_FREE = 100_000
REPORT_EVERY = 100
"""Operations between two calls of the progress callback; fixed in tree-sitter."""


class Grammar(NamedTuple):
    """What is known of a language; a language more is a line here and a query."""

    module: str
    """Python module of the grammar."""
    queries: tuple[str, ...]
    """Files in `queries/`: which members of a document are functions, see `mining`."""
    documentation: tuple[str, ...] = ()
    """What comments begin with that are meant for documentation, as `/**` is."""
    plain: bool = False
    """Whether other comments directly above a function document it as well."""
    separator: str = "."
    """Between a class and its method."""
    function: str = "language"
    """Function of the module that returns the language."""


_SCRIPT = ("javascript", "typescript")
LANGUAGES: dict[str, Grammar] = {
    "cpp": Grammar("tree_sitter_cpp", ("cpp",), ("/**", "/*!", "///", "//!"), True, "::"),
    "go": Grammar("tree_sitter_go", ("go",), plain=True),
    "java": Grammar("tree_sitter_java", ("java",), ("/**", "///")),
    "javascript": Grammar("tree_sitter_javascript", ("javascript",), ("/**",)),
    "python": Grammar("tree_sitter_python", ("python",)),
    "rust": Grammar("tree_sitter_rust", ("rust",), ("///", "/**"), separator="::"),
    "tsx": Grammar("tree_sitter_typescript", _SCRIPT, ("/**",), function="language_tsx"),
    "typescript": Grammar(
        "tree_sitter_typescript", _SCRIPT, ("/**",), function="language_typescript"
    ),
}
"""By the names of `Document.language`."""


@cache
def language(name: str) -> Language:
    """Return the grammar of a language of `LANGUAGES`.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        from tree_sitter import Language

        module = import_module(LANGUAGES[name].module)
    except ImportError as error:
        raise ConfigError(
            f"functions: the grammar of {name} is missing; install veristone[seeds]"
        ) from error
    capsule: object = getattr(module, LANGUAGES[name].function)()
    return Language(capsule)


@cache
def query(name: str) -> Query:
    """Return the query for the functions of a language."""
    from tree_sitter import Query

    folder = Path(__file__).parent / "queries"
    files = [folder / f"{file}.scm" for file in LANGUAGES[name].queries]
    return Query(language(name), "\n".join(file.read_text(encoding="utf-8") for file in files))


def parse(name: str, source: bytes) -> Node | None:
    """Return the root of the syntax tree of `source`; None if it takes too many operations.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    grammar = language(name)
    from tree_sitter import Parser

    parser = Parser(grammar)
    left = (OPERATIONS_FREE + OPERATIONS_PER_BYTE * len(source)) // REPORT_EVERY

    def read(offset: int, _: Point) -> bytes:
        return source[offset:]

    def spent(_: int, __: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        return parser.parse(read, encoding="utf8", progress_callback=spent).root_node
    except ValueError:
        return None
