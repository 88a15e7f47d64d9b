"""The program in a chat answer: Markdown with fenced blocks, perhaps after a reasoning section.

Code is found, not repaired: what does not parse is run as it is and fails as it should.
"""

import ast
import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from veristone.generators.code.completion import beginning
from veristone.generators.code.demos import without_demo
from veristone.generators.code.fences import Fence, fences, is_python, is_tagged, lines_of, outside
from veristone.generators.code.names import (
    defined_names,
    defines,
    imported_names,
    names_in,
    only_defines,
    parts_run,
)
from veristone.generators.code.python import Parsed, parse, parses, statements

__all__ = [
    "SPECIAL_TOKEN",
    "Solution",
    "answer_text",
    "ended",
    "joined",
    "solution_in_answer",
]

SPECIAL_TOKEN = re.compile(
    r"<\|[-\w:/.]{1,60}\|>|\[\|[a-z_]{2,40}\|\]"  # GPT, Llama 3, Qwen, Granite, EXAONE
    r"|<(?:fim_(?:prefix|middle|suffix|pad)|file_sep|repo_name|reponame|gh_stars"
    r"|issue_(?:start|comment|closed)|commit_(?:before|after|msg)|empty_output"
    r"|jupyter_(?:start|text|code|output|script)|pr_(?:status|comment|diff\w*)|endoftext|end_code"
    r"|/?(?:s|unk|pad|bos|eos|eot|eod|eop|mask|cls|sep)|unused\d{1,4})>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_[a-z]{2,12}>|<｜[^｜\n]{1,40}｜>",
    re.IGNORECASE,
)
"""A token of a tokenizer that came as text."""
_TOKENS = rf"(?:{SPECIAL_TOKEN.pattern})"
_ROLE = rf"(?:(?:assistant|model|gpt)(?=\s|{_TOKENS}))?"
_AT_START = re.compile(rf"\A(?:\s*{_TOKENS}{_ROLE})+", re.I)
_END = re.compile(
    rf"^([ \t]*(?:`{{3,}}|~{{3,}})?)(?:{_TOKENS}[ \t]*$|<\|[-\w]+\|>|<｜[^｜\n]+｜>)", re.M | re.I
)
_LINE_END = re.compile(rf"^(.*?){_TOKENS}[ \t]*$", re.M | re.I)
_AT_END = re.compile(rf"(?:{_TOKENS}\s*)+\Z", re.I)

_FINAL = re.compile(r"<\|channel\|>\s*final\s*(?:<\|[^|]*\|>[^<]*)*?<\|message\|>")
_CHANNEL = re.compile(r"<\|channel\|>")
_BARE_CHANNELS = re.compile(r"\A\s*analysis.*assistantfinal", re.S)
"""The same where the server left the tokens out."""
_TURN = re.compile(r"(?:(?:#{2,3}|@@)[ \t]*(?:Instruction:?|(?:Human|User):)[ \t]*\Z|Human:)")
"""A line with which somebody else's turn begins, in templates that have no tokens for it."""
_THOUGHTS = r"(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|seed:think)"
_OPEN = rf"(?:<{_THOUGHTS}>|<unused94>thought|\[THINK\]|◁think▷|<\|begin_of_thought\|>)"
_CLOSE = (
    rf"(?:(?<!['\"])</{_THOUGHTS}>(?!['\"])|<unused95>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>"
    r"(?:\s*<\|begin_of_solution\|>)?)"
)
_THOUGHT = re.compile(rf"^[ \t]*{_OPEN}.*?{_CLOSE}", re.M | re.S | re.I)
_UP_TO = re.compile(rf"\A.*{_CLOSE}", re.S | re.I)
_UNENDED = re.compile(rf"\A\s*{_OPEN}.*\Z", re.S | re.I)

_READS = re.compile(
    r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0\s*[,)]|\bfileinput\b|\bos\.read\(\s*0|/dev/stdin"
)
_WRITES = re.compile(r"\bprint\s*\(|\bstdout\b|\bos\.write\(")
_MAIN = re.compile(r"\bmain\s*\(", re.IGNORECASE)
_FENCE_LINE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*")
_GLUED = re.compile(r"^(.*[^\s`~])(?:`{3,}|~{3,})[ \t]*$", re.M)
_LOOSE = re.compile(r"(`{3,}|~{3,})[ \t]*([\w.+#-]*)[^\n`]*\n(.*?)(?:\1|\Z)", re.S)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}|\t).*(?:\n(?:(?: {4}|\t).*|[ \t]*(?=\n)))*")
_WRAPPED = re.compile(
    r"<(code|python|solution|answer|program)>(.*?)(?:</\1>|\Z)"
    r"|\[(python|code|answer|solution)\](.*?)(?:\[/\3\]|\Z)",
    re.S | re.I,
)
_BARE_TAG = re.compile(
    r"\A\s*('{3}|\"{3}|`{1,2})?[ \t]*(?:python3?|py)[ \t]*\n(.*?)(?:\1\s*)?\Z", re.S | re.I
)
"""The tag of a fence that was lost, or was written as Python's quotes: no program begins so."""
_MARKDOWN = frozenset({"markdown", "md", "mdx"})
_CODE_LINE = re.compile(
    r"(?:from\s+[\w.]+\s+import\s|import\s+\w|(?:async\s+)?def\s|class\s+\w|@\w"
    r"|\w[\w, ]*=\s*\S|for\s.*:|while\s.*:|print\()"
)
_MOST_STARTS = 50
"""Lines of an answer without fences that are tried as the first of its code."""
_MOST_ENDS = 20
"""Fence lines that are tried as the end of a block which holds some itself."""


class Solution(NamedTuple):
    """What is run of an answer."""

    code: str
    closed: bool
    """Whether its fences were closed: then an answer that was cut off later has all of it."""


class _Block(NamedTuple):
    code: str
    closed: bool


def answer_text(text: str) -> str:
    """Return an answer without its reasoning (all of it where it was cut off in there) and without
    special tokens.

    It ends at the first that begins a line, stands right behind a fence or ends a line of code, and
    before those at its very end. Other tokens within a line are the program's.
    """
    if _CHANNEL.search(text):  # Harmony: what is no final message is thought
        finals = list(_FINAL.finditer(text))
        text = text[finals[-1].end() :] if finals else ""
    text = _BARE_CHANNELS.sub("", text)
    text = _THOUGHT.sub("", _AT_START.sub("", text))
    text = _AT_START.sub("", _UNENDED.sub("", _UP_TO.sub("", text)))
    return _own_turn(ended(text))


def ended(text: str) -> str:
    """Return a text up to the first special token that begins a line, stands right behind a fence
    or ends a line of code, and without those at its very end."""
    ends = [match.end(1) for match in _END.finditer(text)]
    ends += [match.end(1) for match in _LINE_END.finditer(text) if _ends_code(text, match)]
    return _AT_END.sub("", text[: min(ends, default=None)])


def _own_turn(text: str) -> str:
    """Return an answer without the turns that a model without an end goes on with: up to the line
    behind its first code in which somebody else speaks."""
    found = fences(text)
    if not found or not found[0].closed:
        return text
    behind = len("\n".join(lines_of(text)[: found[0].end]))
    turns = (line.start for line in outside(text) if _TURN.match(line.text))
    end = next((start for start in turns if start >= behind), None)
    return text if end is None else "\n".join(lines_of(text))[:end]


def _ends_code(text: str, token: re.Match[str]) -> bool:
    """Whether a token at the end of a line ends the answer: it is in no string and no comment, and
    the code does not come only behind it."""
    line = token[1]
    quoted = line.count("'") % 2 or line.count('"') % 2 or "#" in line or "`" in line
    return not quoted and ("```" not in text[token.end() :] or "```" in text[: token.start()])


def solution_in_answer(
    answer: str,
    *,
    entry_point: str = "",
    also: Collection[str] = (),
    tags: Collection[str] = (),
    head: str = "",
    torn: bool = False,
) -> Solution:
    """Return the code of an answer: of its blocks, the program and the helpers that it needs.

    The program is the last complete block that defines the entry point: drafts come before, usage
    examples define nothing; what shows the function off goes (`demos`). Where there is no entry
    point, it is the last block that reads an input and prints, else the last that reads, else the
    last that defines something, else the first. Blocks without a tag count only where none has one
    of the language; without any block the code is looked for between the lines of prose.

    Args:
        answer: all that the model said.
        entry_point: the function or class that is called.
        also: further names that are wanted, from whatever blocks define them.
        tags: of another language than Python, in lower case: the program is then the last block
            that holds the last line of `head`, or without a head has a `main`, else the first.
        head: the beginning of the program that was asked for.
        torn: the answer was cut off, so a block that is not closed may miss something.
    """
    text = answer_text(answer)
    if tags:
        return _other(text, tags, head, torn=torn)
    if bare := _BARE_TAG.match(text):
        text = bare[2]
    wanted = partial(defines, name=entry_point) if entry_point else _READS.search
    pools = _pools(text)
    if entry_point:
        pools[:2] = reversed(pools[:2])  # the final one may be without a tag
    found = [_chosen(pool, entry_point, also, torn=torn) for pool in pools]
    good = (one for one in found if wanted(one.code))
    solution = next(good, None) or (None if pools else _between_lines(text, wanted))
    if solution is None and found:
        # Perhaps what was given was not said again.
        begun = found[0]._replace(code=f"{head.rstrip()}\n{_as_body(found[0].code)}")
        solution = begun if head and parses(begun.code) and wanted(begun.code) else found[0]
    if solution is None:
        return Solution("" if any(fence.code for fence in fences(text)) else text, False)
    return solution._replace(code=without_demo(solution.code, entry_point, also))


def _as_body(code: str) -> str:
    """Return the rest of a function, indented where it was written as if it stood by itself."""
    tree = parse(code)
    alone = isinstance(tree, Parsed) and any(isinstance(n, ast.Return) for n in tree.module.body)
    return textwrap.indent(code, "    ") if alone else code


def _pools(text: str) -> list[list[_Block]]:
    """Return the blocks of an answer that may be Python: those that say so; those too that say
    nothing; where there are neither, those that say something else and are no other language's."""
    found = [fence for fence in _fences(text) if fence.code.strip()] or list(_loose_fences(text))
    ours = [fence for fence in found if is_tagged(fence)]
    silent = [fence for fence in found if is_tagged(fence) or not fence.tag]
    others = [fence for fence in found if parses(fence.code) and _names(fence.code)]
    pools = [ours, silent if len(silent) > len(ours) else [], [] if silent else others]
    return [[_Block(fence.code, fence.closed) for fence in pool] for pool in pools if pool]


def _fences(text: str) -> Iterator[Fence]:
    """Yield the fences of an answer, those in a block of Markdown in its place, and one that ends
    within its own program (a docstring with a fence in it) up to where the program does."""
    lines = lines_of(text)
    behind = 0
    for fence in fences(_unindented(text)):
        if fence.start < behind:
            continue
        if fence.tag.lower() in _MARKDOWN:
            yield from fences(fence.code)
            continue
        first, _, rest = fence.code.partition("\n")
        if not fence.tag and is_python(first.strip()):
            fence = fence._replace(tag=first.strip(), code=rest)
        if not fence.closed and (glued := _GLUED.search(fence.code)):
            fence = fence._replace(code=fence.code[: glued.end(1)], closed=True)
        elif is_tagged(fence) and not parses(fence.code):
            fence = _to_its_end(fence, lines)
        behind = fence.end
        yield fence


def _to_its_end(fence: Fence, lines: list[str]) -> Fence:
    ends = (n for n in range(fence.end, len(lines)) if _FENCE_LINE.fullmatch(lines[n]))
    for end, _ in zip(ends, range(_MOST_ENDS), strict=False):
        code = textwrap.dedent("\n".join(lines[fence.start + 1 : end]))
        if parses(code):
            return fence._replace(code=code, closed=True, end=end + 1)
    return fence


def _unindented(text: str) -> str:
    """Return a text whose fences that are indented as code is (which Markdown takes for code)
    begin further left, with what they hold."""
    if not re.search(r"^(?:\t| {4,})\s*(?:`{3}|~{3})", text, re.M):
        return text
    lines = lines_of(text)
    inside = {number for fence in fences(text) for number in range(fence.start, fence.end)}
    depth = ""
    for number, line in enumerate(lines):
        mark = None if number in inside else re.match(r"(\s*)(`{3,}|~{3,})", line)
        if mark and not depth and len(mark[1].expandtabs()) >= 4:
            depth = mark[1]
            lines[number] = line.removeprefix(depth)
        elif depth:
            lines[number] = line.removeprefix(depth)
            depth = "" if mark and _FENCE_LINE.fullmatch(line) else depth
    return "\n".join(lines)


def _loose_fences(text: str) -> Iterator[Fence]:
    """Yield blocks whose fences do not stand on lines of their own, what is indented as Markdown
    has code, and what stands between tags."""
    for match in _LOOSE.finditer(text):
        closed = text.endswith(match[1], match.start(), match.end())
        yield Fence(match[2], match[3].strip("\n"), closed, 0, 0, match[2])
    if not any(map(_CODE_LINE.match, lines_of(text))):
        for match in _INDENTED.finditer(text):
            yield Fence("", textwrap.dedent(match[0]).strip("\n"), True, 0, 0)
    for match in _WRAPPED.finditer(text):
        code = match[2] if match[2] is not None else match[4]
        yield Fence("", code.strip("\n"), not text[match.start() :].endswith(code), 0, 0)


def _chosen(
    blocks: Sequence[_Block], entry_point: str, also: Collection[str], *, torn: bool
) -> Solution:
    """Return the program of some blocks, with its helpers."""
    places = range(len(blocks))
    good = [place for place in places if parses(blocks[place].code)]
    whole = [place for place in good if blocks[place].closed or not torn]
    if entry_point:
        named = [place for place in places if defines(blocks[place].code, entry_point)]
        full = [place for place in named if not _is_stub(blocks[place].code, entry_point)]
        choices = [
            [place for place in full if place in whole],
            [place for place in full if place in good],
            [place for place in named if place in good],
            named,
        ]
    else:
        reads = [place for place in good if _READS.search(blocks[place].code)]
        programs = [place for place in reads if _WRITES.search(blocks[place].code)]
        choices = [[place for place in programs if place in whole], programs, reads]
        choices.append([place for place in good if _names(blocks[place].code)])
    main = next((choice[-1] for choice in choices if choice), 0)
    solution = _with_helpers(blocks, main, also)
    if not entry_point and only_defines(solution.code):
        # Perhaps it is called in a block of its own.
        names = set(_names(solution.code))
        calls = [p for p in good if p > main and not _names(blocks[p].code)]
        calls = [p for p in calls if names & _mentioned(blocks[p].code)]
        if calls:
            code = joined([solution.code, blocks[calls[0]].code])
            solution = Solution(code, solution.closed and blocks[calls[0]].closed)
    return solution


def _mentioned(code: str) -> set[str]:
    tree = parse(code)
    return names_in(tree.module) if isinstance(tree, Parsed) else set()


def _is_stub(code: str, name: str) -> bool:
    """Whether a program promises its function only: `...`, `pass`, a docstring."""
    tree = parse(code)
    function = defined_names(tree.module).get(name) if isinstance(tree, Parsed) else None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Raise) and "NotImplementedError" in names_in(node))
        for node in statements(function)
    )


def _with_helpers(blocks: Sequence[_Block], main: int, also: Collection[str]) -> Solution:
    tree = parse(blocks[main].code)
    if not isinstance(tree, Parsed):
        return Solution(*blocks[main])
    needed = (names_in(tree.module) | {*also}) - _names(blocks[main].code)
    kept = [main]
    # The nearest first: a helper may itself need one, before or behind it.
    for place in sorted(range(len(blocks)), key=lambda place: abs(place - main)):
        names = _names(blocks[place].code)
        if place != main and only_defines(blocks[place].code) and names & (needed | {"*"}):
            kept.append(place)
            helper = parse(blocks[place].code)
            assert isinstance(helper, Parsed)
            needed = (needed | names_in(helper.module)) - names
    # What runs on its own needs its helpers first, as do decorators, bases and defaults; two other
    # definitions may stand as they were written.
    given = {name for place in kept if place != main for name in _names(blocks[place].code)}
    at_once = {
        name for node in tree.module.body for part in parts_run(node) for name in names_in(part)
    }
    runs = not only_defines(blocks[main].code) or not given.isdisjoint(at_once)
    order = sorted(kept, key=lambda place: (runs and place == main, place))
    return Solution(
        joined([blocks[place].code for place in order]), all(blocks[p].closed for p in kept)
    )


def _names(code: str) -> set[str]:
    """What a block gives to others."""
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return set()
    return set(defined_names(tree.module)) | imported_names(tree.module)


def _between_lines(text: str, wanted: Callable[[str], object]) -> Solution | None:
    """Return code that stands between lines of prose: the last run of lines that is wanted; None
    where there is none, or where the whole text is code."""
    if parses(text):
        return None
    lines = lines_of(text)
    found: Solution | None = None
    behind = 0
    starts = [number for number, line in enumerate(lines) if _CODE_LINE.match(line)]
    for start in starts[:_MOST_STARTS]:
        if start < behind:
            continue
        code = beginning("\n".join(lines[start:]) + "\n").rstrip()
        behind = start + code.count("\n") + 1
        if code and wanted(code):
            found = Solution(code, behind < len(lines))
    return found


def _other(text: str, tags: Collection[str], head: str, *, torn: bool) -> Solution:
    """Return the program of an answer in another language than Python."""
    found = [fence for fence in _fences(text) if fence.code.strip()] or list(_loose_fences(text))
    blocks = [fence for fence in found if is_tagged(fence, tags)]
    blocks = blocks or [fence for fence in found if not fence.tag]
    if not blocks:
        return Solution("" if found else text, False)
    last = next((line for line in reversed(head.split("\n")) if line.strip()), "")
    sought = "".join(last.split()).rstrip("{:")
    named = [one for one in blocks if sought and sought in "".join(one.code.split())]
    if not sought:
        named = [one for one in blocks if _MAIN.search(one.code)]
    whole = [one for one in named if one.closed or not torn]
    chosen = (whole or named or blocks[:1])[-1]
    return Solution(chosen.code, chosen.closed)


def joined(blocks: Sequence[str]) -> str:
    """Return one program of several that each parse, with a blank line between them.

    `from __future__` must come first in a file; it is moved there from later blocks.
    """
    futures: dict[str, None] = {}
    bodies: list[str] = []
    for index, block in enumerate(blocks):
        tree = parse(block)
        lines = block.split("\n")
        if index and isinstance(tree, Parsed) and "__future__" in block:
            found: list[str] = []
            for node in reversed(tree.module.body):
                if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                    names = ", ".join(alias.name for alias in node.names)
                    found.insert(0, f"from __future__ import {names}")
                    lines[node.lineno - 1 : node.end_lineno] = []
            futures.update(dict.fromkeys(found))
        bodies.append("\n".join(lines).strip("\n"))
    return "\n\n".join(filter(None, ["\n".join(futures), *bodies]))
