"""Fenced code in Markdown, by CommonMark's grammar.

So a fence of four backticks may hold fences of three, tildes and fences in lists count, and a fence
that the text ends in is one, marked as not closed. HTML and link definitions are not looked for:
models write `<tests>` on a line of its own and mean no HTML.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt

__all__ = [
    "Fence",
    "Line",
    "fences",
    "is_python",
    "is_tagged",
    "lines_of",
    "outside",
    "tags_of",
    "without_fences",
]

_PARSER = MarkdownIt("commonmark").disable(["html_block", "reference", "inline"])
_TAG = re.compile(r"[\s{.]*([^\s{}(),:;=]*)")
_WORD = re.compile(r"[\w.+#/-]+")
_OTHERS = frozenset(
    {"bash", "sh", "shell", "console", "text", "txt", "plaintext", "output", "input", "json"}
)
"""Tags that settle it, whatever else stands behind the fence: `bash run.py`."""
_PYTHON = re.compile(r"(?:i|c)?py(?:thon)?[-_]?[\d.]*|[\w./-]+\.py", re.IGNORECASE)


class Fence(NamedTuple):
    """One block of fenced code."""

    tag: str
    """First word after the opening fence, as it stands there: `python` of `python:solution.py` and
    of `{.python .numberLines}`; perhaps empty."""
    code: str
    """Without the newline before the closing fence; dedented where the fence is indented."""
    closed: bool
    """False where the text ended first."""
    start: int
    """Line of the opening fence, counted from 0."""
    end: int
    """Line after the closing fence."""
    info: str = ""
    """All that stands behind the opening fence."""


class Line(NamedTuple):
    """A line of a text."""

    start: int
    """Where it begins, in characters of the text with plain newlines."""
    text: str


def fences(text: str) -> list[Fence]:
    """Return the fenced code of a text, in order."""
    if "```" not in text and "~~~" not in text:
        return []
    found: list[Fence] = []
    for token in _PARSER.parse(text):
        if token.type != "fence" or token.map is None:
            continue
        start, end = token.map
        content = token.content
        lines = content.count("\n") + (content != "" and not content.endswith("\n"))
        tag = _TAG.match(token.info)
        closed = end - start - 1 > lines
        code = content.removesuffix("\n")
        found.append(Fence(tag[1] if tag else "", code, closed, start, end, token.info))
    return found


def is_python(tag: str) -> bool:
    """Whether a tag is one of Python: `python`, `Python3`, `py`, `python3.11`, `solution.py`; not
    `pycon`, which is a session."""
    return _PYTHON.fullmatch(tag.lstrip(".")) is not None


def is_tagged(fence: Fence, tags: Collection[str] = ()) -> bool:
    """Whether a fence names a language: by its tag, by a later word of its attributes
    (`file=a.py`, `lang=python`), or by the ending of a file's name. Without `tags`, Python."""
    more = [] if fence.tag.lower() in _OTHERS else _WORD.findall(fence.info)[:4]
    for word in (fence.tag, *more):
        ending = word.rpartition(".")[2].lower()
        if (word.lower() in tags or ending in tags) if tags else is_python(word):
            return True
    return False


def lines_of(text: str) -> list[str]:
    """Return the lines that `Fence.start` and `Fence.end` count."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def outside(text: str) -> Iterator[Line]:
    """Yield the lines that are in no fence."""
    inside = {line for fence in fences(text) for line in range(fence.start, fence.end)}
    start = 0
    for number, line in enumerate(lines_of(text)):
        if number not in inside:
            yield Line(start, line)
        start += len(line) + 1


def without_fences(text: str) -> str:
    """Return the lines that are in no fence, as one text."""
    return "\n".join(line.text for line in outside(text))


_ALSO = {
    "bash": "sh shell zsh",
    "c": "gcc",
    "cpp": "c++ cc cxx g++ gpp h hpp",
    "csharp": "cs c# mono",
    "d": "dlang",
    "go": "golang go_test go_test.go",
    "haskell": "hs ghc",
    "javascript": "js node nodejs jsx mjs",
    "julia": "jl",
    "kotlin": "kt kts kotlin_script",
    "ocaml": "ml",
    "perl": "pl",
    "php": "php8",
    "r": "rscript",
    "racket": "rkt scheme lisp",
    "ruby": "rb",
    "rust": "rs rustc",
    "scala": "sc",
    "sql": "sqlite sqlite3",
    "swift": "swiftlang",
    "typescript": "ts tsx",
    "verilog": "v sv systemverilog iverilog",
}


def tags_of(language: str) -> frozenset[str]:
    """Return what a fence of a language is called, in lower case, by any of its names."""
    for name, others in _ALSO.items():
        if language in (name, *others.split()):
            return frozenset({name, language, *others.split()})
    return frozenset({language})
