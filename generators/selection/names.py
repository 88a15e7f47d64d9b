"""The papers' own rule for near-duplicates: the names of functions. For comparison only.

StarCoder2-Instruct keeps one response for each sequence of function names in the first block of
code; SelfCodeAlign for each set of lower-case names without underscores, of functions and of
classes. Responses without a function all count as one in the first, and as different in the second.
"""

import ast
import re

__all__ = ["first_block", "name_sequence", "name_set"]

_BLOCK = re.compile(r"^```[^\n`]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_DEFINITION = re.compile(r"^\s*(?:async\s+)?(def|class)\s+(\w+)", re.MULTILINE)


def first_block(response: str, code: str) -> str:
    """Return the first fenced block of a response; its code where there is none."""
    found = _BLOCK.search(response)
    return found[1] if found else code


def name_sequence(block: str) -> str:
    """Return StarCoder2-Instruct's key of a block of code."""
    return " ".join(name for kind, name in _definitions(block) if kind == "def")


def name_set(block: str) -> str:
    """Return SelfCodeAlign's key, empty where the block defines nothing."""
    names = {(kind, name.lower().replace("_", "")) for kind, name in _definitions(block)}
    return " ".join(f"{kind}:{name}" for kind, name in sorted(names))


def _definitions(block: str) -> list[tuple[str, str]]:
    try:
        tree = ast.parse(block)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _DEFINITION.findall(block)
    found: list[tuple[int, str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((node.lineno, "def", node.name))
        elif isinstance(node, ast.ClassDef):
            found.append((node.lineno, "class", node.name))
    return [(kind, name) for _, kind, name in sorted(found)]
