"""What the matchers compare: one text and its code, seen from several sides, each made once."""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import xxhash
from numpy.typing import NDArray

from veristone.generators.seeds.contamination.examples import example_runs
from veristone.generators.seeds.contamination.lexer import Lexed, lex
from veristone.generators.seeds.contamination.names import PYTHON, defined_names, mentioned_names
from veristone.generators.seeds.contamination.prose import content_words, plain_words
from veristone.generators.seeds.contamination.reading import Reading, read

__all__ = ["Features", "body", "encode", "ngrams"]

_FENCED = re.compile(r"^```[^\n`]*\n(.*?)(?:^```|\Z)", re.DOTALL | re.MULTILINE)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MEMORY_WORDS = 200_000


class Features:
    """A sample to judge, or a part of a benchmark's item."""

    def __init__(self, text: str, code: str, language: str) -> None:
        self.text, self.code = _unfenced(text, code)
        self.language = language

    @cached_property
    def lexed(self) -> Lexed:
        return lex(self.code, self.language)

    @cached_property
    def prose(self) -> str:
        """The text, the comments and the documentation."""
        return f"{self.text}\n{self.lexed.prose}"

    @cached_property
    def tokens(self) -> list[str]:
        """Code without comments, documentation, imports, and in Python signatures."""
        return body(self.lexed.tokens, self.language)

    @cached_property
    def words(self) -> list[str]:
        """The prose's words, numbers left out: those of examples are everywhere."""
        return plain_words(self.prose)

    @cached_property
    def word_codes(self) -> NDArray[np.uint64]:
        """Hashes of `words`."""
        return encode(self.words)

    @cached_property
    def content(self) -> list[str]:
        return content_words(self.words)

    @cached_property
    def reading(self) -> Reading:
        return read(self.tokens, self.language)

    @cached_property
    def defined(self) -> list[tuple[str, ...]]:
        return defined_names(self.lexed.tokens, self.language)

    @cached_property
    def mentioned(self) -> list[tuple[str, ...]]:
        return mentioned_names(self.prose)

    @cached_property
    def examples(self) -> list[str]:
        return example_runs(f"{self.text}\n{self.code}")


def _unfenced(text: str, code: str) -> tuple[str, str]:
    """Move what is fenced to the code and, where the code has fences, what is not to the text.

    Models answer in Markdown. A fence begins in the first column: those in documentation do not.
    """
    if "```" not in code and "```" not in text:
        return text, code
    blocks: list[str] = [] if _FENCED.search(code) else [code]
    words = [_FENCED.sub("\n", text)]
    for part in (text, code):
        blocks += [match[1] for match in _FENCED.finditer(part)]
    if not blocks or blocks[0] != code:
        words.append(_FENCED.sub("\n", code))
    return "\n".join(words), "\n".join(blocks)


def body(tokens: list[str], language: str) -> list[str]:
    """Return the tokens of Python code without signatures and decorators' names.

    Signatures are left out since annotations are what a disguise changes first, and since
    benchmarks have their solutions without them. Other languages have no signature that could be
    told without a grammar; theirs stays.
    """
    if language not in PYTHON:
        return tokens
    found: list[str] = []
    depth, inside = 0, False
    for token in tokens:
        if token == "def":
            depth, inside = 0, True
        elif inside:
            if token in "([{":
                depth += 1
            elif token in ")]}":
                depth -= 1
            elif token == ":" and depth <= 0:
                inside = False
        else:
            found.append(token)
    return found


class _Codes(dict[str, int]):
    """Hashes of words, remembered; the same on every machine."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MEMORY_WORDS:
            self.clear()
        code = self[word] = xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass"))
        return code


_codes = _Codes()


def encode(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return a hash of each word."""
    return np.fromiter(map(_codes.__getitem__, words), dtype=np.uint64, count=len(words))


def ngrams(codes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """Return the hash of every run of `size` words, in order, from the words' hashes."""
    runs = len(codes) - size + 1
    if runs < 1:
        return np.empty(0, dtype=np.uint64)
    total = codes[:runs].copy()
    for i in range(1, size):
        total *= _MULTIPLIER
        total += codes[i : runs + i]
    return total
