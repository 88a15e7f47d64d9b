"""The program in a chat answer: Markdown with fenced blocks, perhaps after a reasoning section.

Nothing is repaired: what does not parse is run as it is and fails as it should.
"""

import ast
import re
from collections.abc import Collection, Sequence

from veristone.generators.code.fences import PYTHON, fences
from veristone.generators.code.names import (
    defined_names,
    defines,
    imported_names,
    names_in,
    only_defines,
)
from veristone.generators.code.python import Parsed, parse, parses

__all__ = ["SPECIAL_TOKEN", "answer_text", "joined", "solution_in_answer"]

SPECIAL_TOKEN = re.compile(
    r"<\|[a-z0-9_]{2,40}\|>"  # GPT, Llama 3, Qwen, StarCoder's chats
    r"|<(?:fim_(?:prefix|middle|suffix|pad)|file_sep|repo_name|reponame|gh_stars"
    r"|issue_(?:start|comment|closed)|commit_(?:before|after|msg)|empty_output"
    r"|jupyter_(?:start|text|code|output|script)|pr_(?:status|comment|diff\w*)|endoftext"
    r"|/?(?:s|unk|pad|bos|eos|mask|cls|sep))>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<｜[^｜\n]{1,40}｜>",
    re.IGNORECASE,
)
"""A token of a tokenizer that came as text."""
_THOUGHT = re.compile(r"\A(?:.*?</think(?:ing)?>|\s*<think(?:ing)?>.*)", re.S)
_END = re.compile(rf"^([ \t]*(?:`{{3,}}|~{{3,}})?)(?:{SPECIAL_TOKEN.pattern})[ \t]*$", re.M | re.I)
_AT_END = re.compile(rf"(?:(?:{SPECIAL_TOKEN.pattern})\s*)+\Z", re.I)
_READS = re.compile(r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0\s*\)")


def answer_text(text: str) -> str:
    """Return an answer without its reasoning section (up to `</think>`; all of it where it was cut
    off in there) and without special tokens: it ends at the first that stands alone on a line or
    right behind a fence, and before those at its very end. Tokens within a line are the program's.
    """
    text = _THOUGHT.sub("", text, count=1)
    end = _END.search(text)
    if end is not None:
        text = text[: end.end(1)]
    return _AT_END.sub("", text)


def solution_in_answer(
    answer: str, *, entry_point: str = "", tags: Collection[str] = PYTHON
) -> str:
    """Return the code of an answer: of its blocks, the program and the helpers that it needs.

    The program is the last block that defines the entry point: drafts come before, usage examples
    define nothing. Where there is no entry point, it is the last block that reads its input, else
    the last that defines something, else the first. Blocks without a tag count only where none has
    one of the language; without any block the whole answer is the code.
    """
    text = answer_text(answer)
    found = [block for block in fences(text) if block.code.strip()]
    blocks = [block.code for block in found if block.tag.lower() in tags]
    blocks = blocks or [block.code for block in found if not block.tag]
    if not blocks:
        return "" if found else text
    if tags is not PYTHON:
        return blocks[0]
    main = _main(blocks, entry_point)
    return _with_helpers(blocks, main)


def _main(blocks: Sequence[str], entry_point: str) -> int:
    """The number of the block that is the program."""
    places = range(len(blocks))
    choices: list[list[int]] = []
    if entry_point:
        named = [place for place in places if defines(blocks[place], entry_point)]
        choices = [[place for place in named if parses(blocks[place])], named]
    else:
        good = [place for place in places if parses(blocks[place])]
        reads = [place for place in good if _READS.search(blocks[place])]
        choices = [reads, [place for place in good if _names(blocks[place])]]
    return next((choice[-1] for choice in choices if choice), 0)


def _with_helpers(blocks: Sequence[str], main: int) -> str:
    tree = parse(blocks[main])
    if not isinstance(tree, Parsed):
        return blocks[main]
    needed = names_in(tree.module) - set(_names(blocks[main]))
    kept = [main]
    # The nearest first: a helper may itself need one, before or behind it.
    for place in sorted(range(len(blocks)), key=lambda place: abs(place - main)):
        names = _names(blocks[place])
        if place != main and only_defines(blocks[place]) and names & (needed | {"*"}):
            kept.append(place)
            helper = parse(blocks[place])
            assert isinstance(helper, Parsed)
            needed = (needed | names_in(helper.module)) - names
    return joined([blocks[place] for place in sorted(kept)])


def _names(code: str) -> set[str]:
    """What a block gives to others."""
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return set()
    return set(defined_names(tree.module)) | imported_names(tree.module)


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
