"""Which comments document the function below them, and what they say.

A comment is documentation if it stands directly above, with no blank line between, and is prose
about the function: no licence, no commented-out code, no section banner, no instruction to a tool.
What a comment is about cannot be known for certain from its form; the rules err towards leaving it
out, and later steps judge what passes.
"""

import re
from collections.abc import Sequence
from itertools import dropwhile
from typing import NamedTuple

from tree_sitter import Node

from veristone.generators.seeds.extract.languages import Style
from veristone.generators.seeds.extract.lines import dedent, margin

__all__ = [
    "Comment",
    "adjacent",
    "comments",
    "documentation",
    "is_prose",
    "last_row",
    "text",
    "unboxed",
]

LICENCE = re.compile(
    r"""(?ix) SPDX-License-Identifier | copyright\s+(?:\(c\)|©|\d{4}) | ©\s*\d{4}
    | all\s+rights\s+reserved | permission\s+is\s+hereby\s+granted
    | (?:re)?licen[sc]ed\s+(?:under|to)\s | this\s+(?:program|library)\s+is\s+free\s+software
    | redistribution\s+and\s+use\s+in\s+source | this\s+file\s+is\s+part\s+of
    | [@\\](?:licen[sc]e|copyright)\b"""
)
OF_THE_FILE = re.compile(
    r"(?m)^[@\\](?:file|fileoverview|overview|module|packageDocumentation|defgroup|mainpage"
    r"|addtogroup|page|ingroup|typedef|callback|namespace|name)\b"
)
PRAGMA = re.compile(
    r"""(?x) (?:(?:es|ts|js|ox|style)lint(?:-\w+|:|\s+[\w@/-]+\s*:)|(?:jshint|jslint|jscs)[\s:-]
    |(?:prettier|biome|dprint|deno-(?:lint|fmt))-ignore|(?:istanbul|c8|v8)\s+ignore\b|webpack\w*:
    |sourceMappingURL|[@\#]__PURE__|@ts-|@flow\b|\$Flow|@jsx|@cc_on|@preserve\b
    |NOLINT|NOSONAR|NO\s?CHECKSTYLE|CHECKSTYLE|noinspection\s|@formatter:|clang-(?:format|tidy)\b
    |cppcheck-suppress|coverity\[|IWYU\s+pragma|lint\s?:|nolint\b|\#?nosec\b|LCOV_EXCL|GCOVR?_EXCL
    |rustfmt[:-]|c?spell(?:-?checker)?:|codespell:|type:\s*ignore|pylint:|noqa\b|fmt:|yapf:|mypy:
    |pyright:|pragma:|\#(?:pragma|region|endregion|if|ifdef|ifndef|endif|else|define|include)\b
    |</?editor-fold|-\*-|vim?:\s*set?\b|[a-z][a-z0-9]*:[a-z][\w:-]*(?:\s|$)|\+build\s
    |(?:TODO|FIXME|XXX|HACK)\b)"""
)
TAG_ALONE = re.compile(
    r"""(?x) (?:[@\\](?:type|private|protected|public|internal|ignore|hidden|override|export|api
    |const|constant|constructor|class|async|static|readonly|abstract|function|func|method|memberof
    |this|template|suppress|inheritDoc|inheritdoc|nocollapse|noalias|test|final|deprecated|since
    |author|version|date|access|package|generator|virtual|see|name|alias|exports|lends|extends
    |implements|param|returns?|throws|exception|brief|tparam|overload|copydoc|copybrief|relates
    |relatesalso|cond|endcond|fn)\b (?:\s*\{[^}]*\})? [\s.]* \S* \s*
    | [@\\]\w+\{[^}]*\} \s* | \{@inherit[Dd]oc\} \s*)$"""
)
RULER = re.compile(r"[^\w\s`]{3,}$|[^\w\s`]$")
BANNER = re.compile(r"([-=*#~_/+<>.])\1{2,}\s.*?\s?([-=*#~_/+<>.])\2{2,}\s*$|([-=*#~_/+])\3{3,}")
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}|[^\W\d_]{2,}")
"""Where there are no blanks between words, two characters are about one."""
CODE = re.compile(
    r"""(?x) .*[;{}]$ | .*\)\s*=>$ | [\w.]+(?:::[\w.]+)*\([^()]*\)$ | [\w.\[\], ]+\s:=\s.+
    | \#\s*(?:include|define|if|ifdef|ifndef|endif|else|pragma)\b.* | [)\]}]+[;,)]*$
    | (?:else|do|try)$ | return\s\S+\(.*\)$ | (?:let|const|var|auto)\s\w+\s=.*"""
)


WIDTH = 500
"""Characters of a line that the patterns look at; what is longer is no ordinary comment."""


class Comment(NamedTuple):
    """A block comment, or consecutive line comments of one kind."""

    first: Node
    text: str
    """Without delimiters."""
    deliberate: bool
    """Written in one of the language's forms for documentation."""


def documentation(above: Sequence[Node], node: Node, source: bytes, style: Style) -> Comment | None:
    """Return the comment directly above `node` that documents it.

    Instructions to tools and banners are passed over; commented-out code between the documentation
    and the function says that the documentation is of something else.
    """
    for comment in reversed(comments(adjacent(above, node), source, style)):
        if (comment.deliberate or style.plain) and is_prose(comment):
            return comment._replace(text=unboxed(comment.text))
        if LICENCE.search(comment.text):
            return None
        if not comment.deliberate and _is_code(_substance(comment.text)):
            return None
    return None


def adjacent(above: Sequence[Node], node: Node) -> list[Node]:
    """Return the end of `above` that reaches `node` without a blank line, in order."""
    near: list[Node] = []
    row = node.start_point.row
    for one in reversed(above):
        if row - last_row(one) > 1:
            break
        near.append(one)
        row = one.start_point.row
    near.reverse()
    return near


def comments(nodes: Sequence[Node], source: bytes, style: Style) -> list[Comment]:
    """Return what comments say, consecutive line comments of one kind together.

    Other nodes (attributes) end a run of line comments, and so do comments about what is before
    them (`///<`).
    """
    found: list[Comment] = []
    first: Node | None = None
    lines: list[str] = []
    marker = ""
    for node in (*nodes, None):
        comment = text(node, source).rstrip() if node is not None else ""
        opening = _opening(comment, style)
        if first is not None and (opening != marker or not opening.startswith("//")):
            said = _line_text(lines, len(marker))
            found.append(Comment(first, said, marker in style.documentation))
            first, lines = None, []
        marker = opening
        if node is None or not opening:
            continue
        if opening.startswith("//"):
            first = first or node
            lines.append(comment)
        else:
            said = _block_text(comment, len(opening))
            found.append(Comment(node, said, opening in style.documentation))
    return found


def _opening(comment: str, style: Style) -> str:
    """Return what a comment begins with; empty if it is no comment or about what is before it."""
    for opening in style.documentation:
        if comment.startswith(opening):
            after = comment[len(opening) : len(opening) + 1]
            if after == "<":
                return ""
            if after not in ("*", "/"):  # `/***`, `/**/` and `////` are ordinary comments
                return opening
    return comment[:2] if comment.startswith(("//", "/*")) else ""


def is_prose(comment: Comment) -> bool:
    """Return whether a comment's text says something about what is below it."""
    if LICENCE.search(comment.text) or OF_THE_FILE.search(comment.text):
        return False
    lines = _substance(comment.text)
    words = " ".join(lines)
    if comment.deliberate:
        return WORD.search(words) is not None
    ruled = any(line.strip() and _says_nothing(line) for line in comment.text.split("\n"))
    is_title = ruled and len(lines) < 3 and not words.endswith((".", "!", "?", "。"))
    return not is_title and not _is_code(lines) and len(WORD.findall(words)) >= 3


def unboxed(said: str) -> str:
    """Return a comment's text without rulers above and below it."""
    lines = list(dropwhile(_says_nothing, said.split("\n")))
    lines = list(dropwhile(_says_nothing, reversed(lines)))[::-1]
    return dedent("\n".join(lines), margin(lines)).strip()


def _says_nothing(line: str) -> bool:
    return not line.strip() or RULER.match(line[:WIDTH].strip()) is not None


def _substance(said: str) -> list[str]:
    """Return the lines that speak to a reader: no banners, instructions to tools or lone tags."""
    lines = [line[:WIDTH].rstrip() for line in said.split("\n")]
    silent = (RULER, BANNER, PRAGMA, TAG_ALONE)
    return [
        line
        for line in lines
        if line and not any(pattern.match(line.lstrip()) for pattern in silent)
    ]


def _is_code(lines: Sequence[str]) -> bool:
    """Return whether at least half of the lines, examples left out, look like statements."""
    seen = code = 0
    fenced = False
    for line in lines:
        stripped = line.strip()
        if stripped.startswith(("```", "~~~")):
            fenced = not fenced
        elif stripped and not fenced and (not seen or not line.startswith(("    ", "\t"))):
            seen += 1
            code += CODE.match(stripped) is not None
    return code * 2 >= seen > 0


def _block_text(comment: str, opening: int) -> str:
    """Return what a block comment says, without the column of asterisks on its left."""
    lines = comment[opening:].removesuffix("*/").replace("\r", "").split("\n")
    if lines[-1].strip(" \t*"):
        lines[-1] = lines[-1].rstrip("*")  # `**/`; a row of asterisks is the side of a box
    rest = [line.lstrip() for line in lines[1:]]
    if all(line.startswith("*") for line in rest if line):
        lines[1:] = [line.removeprefix("*") for line in rest]
    return "\n".join([lines[0].strip(), *_dedented(lines[1:])]).strip()


def _line_text(lines: Sequence[str], marker: int) -> str:
    """Return what line comments say, without their markers and common indent."""
    return "\n".join(_dedented([line[marker:] for line in lines])).strip()


def _dedented(lines: Sequence[str]) -> list[str]:
    """Take the space after the marker from each line, and the indent that is left to all."""
    bare = [line.removeprefix(" ").rstrip() for line in lines]
    indent = margin(bare)
    return [line.removeprefix(indent) for line in bare]


def last_row(node: Node) -> int:
    """Return the row of a node's last character; some nodes include the line's end."""
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row


def text(node: Node, source: bytes) -> str:
    """Return what a node covers."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
