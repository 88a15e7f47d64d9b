"""From what a model wrote to the solution that is run.

A chat answer is Markdown: its fenced blocks are found by a CommonMark parser. A continuation is
the rest of a program: it is cut where the function it completes ends. Nothing is repaired: what
does not parse is run as it is and fails as it should.
"""

import ast
import re
import warnings
from collections.abc import Sequence

from markdown_it import MarkdownIt

__all__ = ["cut_continuation", "solution_in_answer"]

_MARKDOWN = MarkdownIt("commonmark")
_MOST_CUTS = 200
_TAGS = {
    "python": frozenset({"", "py", "python", "python3"}),
}


def solution_in_answer(answer: str, *, entry_point: str = "", language: str = "python") -> str:
    """Return the code of a chat answer: of its blocks, those that belong together.

    The first block that defines the entry point, with earlier blocks that only import or define;
    without an entry point (or where no block defines it) the first block; without any block the
    whole answer.
    """
    blocks = _blocks(answer, language)
    if not blocks:
        return answer
    if entry_point:
        for position, block in enumerate(blocks):
            if _defines(block, entry_point):
                helpers = [b for b in blocks[:position] if _only_defines(b)]
                return "\n\n".join([*helpers, block])
    return blocks[0]


def _blocks(answer: str, language: str) -> list[str]:
    allowed = _TAGS.get(language, frozenset({"", language}))
    return [
        token.content
        for token in _MARKDOWN.parse(answer)
        if token.type == "fence" and token.info.strip().partition(" ")[0].lower() in allowed
    ]


def _parse(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defines(code: str, name: str) -> bool:
    tree = _parse(code)
    if tree is None:
        # It may be cut off or hold a slip; the verdict on it is the sandbox's.
        return bool(re.search(rf"^(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", code, re.M))
    for node in tree.body:
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if name in names:
            return True
    return False


def _only_defines(code: str) -> bool:
    tree = _parse(code)
    kinds = (
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom),
        *(ast.Assign, ast.AnnAssign),
    )
    return tree is not None and all(isinstance(node, kinds) for node in tree.body)


def cut_continuation(prompt: str, text: str, stop: Sequence[str] = ()) -> str:
    """Return the continuation up to where the program that `prompt` begins has its function.

    Cut at the first stop string that a server did not cut at; then, in Python, after the longest
    run of whole lines that parses together with the prompt and adds no top-level statement other
    than definitions and imports.
    """
    for word in stop:
        at = text.find(word)
        if at >= 0:
            text = text[:at]
    if not prompt:
        return text
    lines = text.split("\n")
    # Bounded: what is torn is the end, and a parse costs more the longer the text is.
    for count in range(len(lines), max(0, len(lines) - _MOST_CUTS), -1):
        kept = "\n".join(lines[:count])
        if _parse(prompt + kept) is not None:
            return _without_calls(prompt, kept)
    return text


def _without_calls(prompt: str, text: str) -> str:
    """Drop what follows the definitions: a model that goes on often calls what it wrote."""
    tree = _parse(prompt + text)
    assert tree is not None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    first = prompt.count("\n")
    for node in tree.body:
        if node.lineno - 1 >= first and not isinstance(node, kinds):
            if isinstance(node, ast.Assign | ast.AnnAssign):
                continue
            lines = (prompt + text).split("\n")
            start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            return "\n".join(lines[: start - 1])[len(prompt) :]
    return text
