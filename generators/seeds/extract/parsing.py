"""Parsing with tree-sitter.

tree-sitter is a GLR parser with error recovery: near linear on source code, but there are inputs of
some kilobytes that it works on for hours, and others for which it wants gigabytes. So the parser
gives up after a number of operations (it reports back every hundred): the same number on every
machine. That bounds the time but for a factor, and not the memory: a syntax error can take memory
with the square of what is open, in one step. Larger texts are therefore parsed in a process that
may die of it, see `functions`.

Measured with tree-sitter 0.26: source code takes up to 2.8 operations a byte (14,000 C++ headers,
the Python standard library), hostile text of single kilobytes 100 to 800. 20 kB of `a=>` took 4 GB
in Java, 20 kB of `a<` 1.3 GB, 32 kB of `(*)` in Python more than 2 GB.
"""

from functools import cache
from importlib import import_module
from typing import NamedTuple, cast

from tree_sitter import Language, Node, Parser, Point

from veristone import ConfigError
from veristone.generators.seeds.extract.languages.base import Finder
from veristone.generators.seeds.extract.languages.table import LANGUAGES

__all__ = ["Tools", "parse", "tools"]

OPERATIONS_PER_BYTE = 20
"""The parser gives up after this many, and OPERATIONS_FREE more."""
OPERATIONS_FREE = 100_000
REPORT_EVERY = 100
"""Operations between two calls of the progress callback; fixed in tree-sitter."""


class Tools(NamedTuple):
    """What a language needs; made once a process."""

    parser: Parser
    find: Finder


@cache
def tools(language: str) -> Tools:
    """Return the parser and the finder of a language of `LANGUAGES`.

    Raises:
        ConfigError: its grammar is not installed.
    """
    grammar = LANGUAGES[language]
    try:
        module = import_module(grammar.module)
    except ImportError as error:
        raise ConfigError(
            f"functions: the grammar of {language} is missing; install veristone[seeds]"
        ) from error
    finder = import_module(f"veristone.generators.seeds.extract.languages.{grammar.finder}")
    capsule: object = getattr(module, grammar.function)()
    return Tools(Parser(Language(capsule)), cast(Finder, finder.find))


def parse(language: str, source: bytes) -> Node | None:
    """Return the root of the syntax tree of `source`; None if it takes too many operations."""
    parser = tools(language).parser
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
        parser.reset()
        return None
