"""Other languages than Python, parsed by tree-sitter within bounds. Grammars are the extra `seeds`.

tree-sitter is a GLR parser with error recovery: near linear on source code, but there are inputs of
some kilobytes that it works on for hours, and others for which it wants gigabytes. So the parser
gives up after a number of operations, the same on every machine, and text with very many brackets
is not parsed at all: a syntax error can take memory with the square of what is open.

Measured with tree-sitter 0.26: source code takes up to 2.8 operations a byte (14,000 C++ headers,
the Python standard library), hostile text of single kilobytes 100 to 800. 20 kB of `a=>` took 4 GB
in Java, 20 kB of `a<` 1.3 GB, 32 kB of `(*)` in Python more than 2 GB.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from veristone import ConfigError
from veristone.generators.code.python import MAX_CHARACTERS

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Point

__all__ = ["GRAMMARS", "accepts", "has_too_many_brackets", "parse_bytes", "parser", "syntax_tree"]

GRAMMARS: Final = {
    "cpp": ("tree_sitter_cpp", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "python": ("tree_sitter_python", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}
"""Module and function of each language's grammar."""
MAX_ANGLES: Final = 500
"""Most `<` and `=>` in a text, each of which may or may not open something."""
MAX_BRACKETS: Final = 2000
_PER_BYTE, _FREE, _REPORT = 20, 100_000, 100
"""Operations for each byte of a text, and for any; between two calls of the progress callback."""


@cache
def parser(language: str) -> "Parser":
    """Return the parser of a language of GRAMMARS, made once a process.

    Raises:
        ConfigError: its grammar is not installed.
    """
    module, function = GRAMMARS[language]
    try:
        from tree_sitter import Language, Parser

        capsule: object = getattr(import_module(module), function)()
        return Parser(Language(capsule))
    except ImportError as error:
        raise ConfigError(
            f"the grammar of {language} is missing; install veristone[seeds]"
        ) from error


def parse_bytes(language: str, source: bytes) -> "Node | None":
    """Return the root of the syntax tree of a text; None if it takes too many operations. Memory is
    not bounded: see `has_too_many_brackets`.

    Raises:
        ConfigError: the language's grammar is not installed.
    """
    parsing = parser(language)
    left = (_FREE + _PER_BYTE * len(source)) // _REPORT

    def read(offset: int, _: "Point") -> bytes:
        return source[offset:]

    def spent(_: int, __: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        return parsing.parse(read, encoding="utf8", progress_callback=spent).root_node
    except ValueError:
        parsing.reset()
        return None


def has_too_many_brackets(source: bytes) -> bool:
    """Whether a syntax error in a text could cost much memory: what is not takes below 100 MB."""
    angles = source.count(b"<") + source.count(b"=>")
    return angles > MAX_ANGLES or sum(map(source.count, (b"(", b"[", b"{"))) > MAX_BRACKETS


def syntax_tree(language: str, code: str) -> "Node | None":
    """Return the root of the syntax tree of some code, with its errors; None where there is no
    grammar, it is not installed, or the text cannot be parsed within bounds."""
    source = code.encode("utf-8", "replace")
    if language not in GRAMMARS or len(code) > MAX_CHARACTERS or has_too_many_brackets(source):
        return None
    try:
        return parse_bytes(language, source)
    except ConfigError:
        return None


def accepts(language: str, code: str) -> bool | None:
    """Whether code is a text of the language; None where nobody can say. Java may be a method
    without its class."""
    texts = [code, f"class Outer {{\n{code}\n}}\n"] if language == "java" else [code]
    roots = [syntax_tree(language, text) for text in texts if code.strip()]
    known = [root for root in roots if root is not None]
    return any(not root.has_error for root in known) if known else None
