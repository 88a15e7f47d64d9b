"""What of a text that a model continued belongs to its function, and the asserts in another.

By the grammar's own tokens: the function ends where, outside of brackets and strings, a line begins
at column 0 with anything but a comment. So text in a docstring at column 0 is still in it, and what
follows the function (tests, a second function, `if __name__ ...`) is not, however long it is.

Asserts are as in CodeT's recordings: the prompt ends in `assert `, what follows are asserts, then
often prose, imports or rubbish. Each `assert` at the beginning of a line is taken by itself, up to
where the grammar ends it, so one that is wrong costs no other. A line break right after `assert`,
which models write and Python refuses, is taken out.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from veristone.generators.code.comments import NO_TOKENS
from veristone.generators.code.names import defined_names, imported_names, names_in
from veristone.generators.code.python import (
    MAX_CHARACTERS,
    Function,
    Parsed,
    Unparsable,
    parse,
)

__all__ = ["Cut", "asserts_in", "beginning", "completed", "last_function", "with_helpers"]

_LAYOUT = frozenset(
    {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
)
_HELPER = re.compile(
    r"(?:async[ \t]+def|def|class|import|from)\b|@|[A-Za-z_]\w*[ \t]*(?::[^\n=]*)?=[^=]"
)
_LINE = re.compile(r"line (\d+):")
_ASSERT = re.compile(r"^[ \t]*assert\b", re.MULTILINE)
_AFTER_ASSERT = re.compile(r"[ \t]*\\?(?:\r?\n[ \t]*)?")


class Cut(NamedTuple):
    """A function's head with its continuation up to the function's end."""

    continuation: str
    """What belongs to the function, without blank lines and comments after it."""
    ended: bool
    """Whether something followed the function: then it is whole, however the text ended."""


class _Start(NamedTuple):
    """A logical line at column 0 behind the head."""

    place: int
    before: int
    """Where what stands before it ends, blank lines and comments left out."""


def completed(head: str, text: str) -> Cut:
    """Return as much of `text` as belongs to the function whose head is `head`.

    Text that has no tokens (an open string, an indentation that fits nowhere) is left as it is from
    there on; whether the whole parses is for others to say.
    """
    whole = head + text
    start = next(_starts(head, text))
    end = max(start.before, len(head))
    return Cut(whole[len(head) : end], start.place < len(whole))


def with_helpers(head: str, text: str) -> str:
    """Return the beginning of `text` that goes on the program `head`: the rest of its function, and
    of the definitions, imports and assignments behind it as many as it needs.

    A text whose end does not parse, since it was cut off or goes over into prose, ends with the
    last whole line that does; one that never parses is returned as it is. Where the head
    ends outside of a function, all definitions behind it stay.
    """
    whole = head + text
    end = next(s.before for s in _starts(head, text) if not _HELPER.match(whole, s.place))
    # A text may go on for ever; what is too long to be parsed is no helper any more.
    program = beginning(whole[: max(end, len(head))][: max(MAX_CHARACTERS, len(head))])
    tree = parse(program)
    if len(program) < len(head) or isinstance(tree, Unparsable):
        return text
    rows = head.count("\n") + (not head.endswith("\n"))
    own = [node for node in tree.module.body if node.lineno <= rows]
    if own and ((own[-1].end_lineno or 0) > rows or not head.endswith("\n")):
        end = _needed(own, tree.module.body[len(own) :])
        program = "".join(io.StringIO(program).readlines()[: max(end, rows)])
    return program[len(head) :].rstrip()


def beginning(code: str) -> str:
    """Return the longest run of whole lines from the top that parses; it may be empty."""
    while isinstance(tree := parse(code), Unparsable):
        place = _LINE.match(tree.detail)
        if place is None:
            return ""
        # With this line in it, no beginning parses.
        lines = io.StringIO(code).readlines()
        code = "".join(lines[: min(int(place[1]), len(lines)) - 1])
    return code


def _needed(own: Sequence[ast.stmt], behind: Sequence[ast.stmt]) -> int:
    """The last line of statements and of those behind them that they need."""
    needed = {name for node in own for name in names_in(node)}
    end = max((node.end_lineno or 0 for node in own), default=0)
    between: set[str] = set()
    for node in behind:
        alone = ast.Module([node], [])
        between |= names_in(node)
        if needed & {*defined_names(alone), *imported_names(alone)}:
            needed |= between
            end = node.end_lineno or end
    return end


def _starts(head: str, text: str) -> Iterator[_Start]:
    """Yield the logical lines that begin at column 0 of the text, then its end."""
    whole = head + text
    lines = io.StringIO(whole).readlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    last = 0
    fresh = True
    reader = iter(lines)  # one at a time: the tokenizer need not see what comes after the function
    try:
        for token in tokenize.generate_tokens(lambda: next(reader, "")):
            if token.type in _LAYOUT:
                continue
            if token.type == tokenize.ENDMARKER:
                break
            row, column = token.start
            place = starts[row - 1] + column
            if fresh and column == 0 and place >= len(head) and place > 0:
                yield _Start(place, last)
            fresh = token.type == tokenize.NEWLINE
            end_row, end_column = token.end
            if not fresh:
                last = starts[min(end_row, len(lines)) - 1] + end_column
    except NO_TOKENS:
        last = len(whole.rstrip())
    yield _Start(len(whole), last)


def last_function(head: str) -> str:
    """Return the name of the last function at the top of a head, finished or not; empty where there
    is none."""
    for body in ("", "\n    pass\n", '\n    """\n'):
        tree = parse(head + body)
        if isinstance(tree, Parsed):
            functions = [node.name for node in tree.module.body if isinstance(node, Function)]
            return functions[-1] if functions else ""
    return ""


def asserts_in(text: str) -> list[str]:
    """Return the complete asserts of a text, each once, in order, on lines of their own.

    The text may end in the middle of a statement: an assert that no newline follows is left out,
    even if it parses (`== 1` may have been going to be `== 12`).
    """
    found: dict[str, None] = {}
    starts = [match.end() for match in _ASSERT.finditer(text)]
    for start, end in zip(starts, [*starts, len(text)][1:], strict=True):
        gap = _AFTER_ASSERT.match(text, start)
        chunk = "assert " + text[gap.end() if gap else start : end].lstrip(" \t")
        statement = _statement(chunk, open_end=end == len(text))
        match parse(statement):
            case Parsed(module=ast.Module(body=[_, *_] as body)):
                if all(isinstance(node, ast.Assert) for node in body):
                    found[statement] = None
            case _:
                pass
    return list(found)


def _statement(chunk: str, open_end: bool) -> str:
    """The logical line that a text begins with; empty where it is not whole."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(chunk).readline):
            if token.type == tokenize.NEWLINE:
                row, column = token.start
                lines = io.StringIO(chunk).readlines()[:row]
                lines[-1] = lines[-1][:column]
                return "" if open_end and not token.string else "".join(lines).rstrip()
    except NO_TOKENS:
        pass
    return ""
