"""Parsing with tree-sitter, hostile text included.

tree-sitter is a GLR parser with error recovery: near linear on source code, but there are inputs of
some kilobytes that it works on for hours, and others for which it wants gigabytes. Two guards: the
parser gives up after a number of operations (it reports back every hundred; the same number on
every machine), and text for which that is not enough is known by its looks (`is_doubtful`), to be
parsed where it does no harm (`apart`).

Measured with tree-sitter 0.26: source code takes up to 2.8 operations a byte (14,000 C++ headers,
the Python standard library), hostile text of single kilobytes 100 to 800. A syntax error can take
memory with the square of what is open, in one step: 20 kB of `a=>` took 4 GB in Java, 20 kB of `a<`
1.3 GB. Text that is not doubtful stayed below 1 GB, whatever was tried.
"""

import re
from functools import cache
from importlib import import_module
from itertools import accumulate
from operator import sub
from typing import NamedTuple, cast

from tree_sitter import Language, Node, Parser, Point

from generators.seeds.extract.languages.base import Finder
from generators.seeds.extract.languages.table import LANGUAGES
from veristone import ConfigError

__all__ = ["Tools", "is_doubtful", "parse", "tools"]

OPERATIONS_PER_BYTE = 20
"""The parser gives up after this many, and OPERATIONS_FREE more."""
OPERATIONS_FREE = 100_000
REPORT_EVERY = 100
"""Operations between two calls of the progress callback; fixed in tree-sitter."""

LARGE = 32_768
"""Bytes from which every text is doubtful."""
DEPTH = 200
"""Most brackets open at a time, those in strings and comments counted too."""
ANGLES = 1000
"""Most `<` and `=>`, each of which may or may not open something for the parser."""
CONTINUED = re.compile(rb"(?:\\\r?\n[ \t]*){256}")

NO_BRACKET = bytes(byte for byte in range(256) if byte not in b"()[]{}")
STEP = {byte: 1 if byte in b"([{" else -1 for byte in b"()[]{}"}


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
    finder = import_module(f"generators.seeds.extract.languages.{grammar.finder}")
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


def is_doubtful(source: bytes) -> bool:
    """Return whether parsing `source` could take much memory or very long for its size.

    Of source code, about one file in fifteen is doubtful, nearly always for its size.
    """
    if len(source) > LARGE or source.count(b"<") + source.count(b"=>") > ANGLES:
        return True
    if source.count(b"\\\n") + source.count(b"\\\r\n") >= 256 and CONTINUED.search(source):
        return True
    if source.count(b"(") + source.count(b"[") + source.count(b"{") <= DEPTH:
        return False
    steps = map(STEP.__getitem__, source.translate(None, NO_BRACKET))
    depths = list(accumulate(steps, initial=0))
    # A closing bracket too many closes nothing: what counts is the rise above the lowest so far.
    return max(map(sub, depths, accumulate(depths, min))) > DEPTH
