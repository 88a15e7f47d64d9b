"""Code as what it does: its syntax tree without names of its own, comments and annotations.

Two programs that differ in the names that they define, in layout, comments, documentation and type
hints have the same form. Names from outside (built-ins, modules, attributes) and constants stay:
`max` and `min`, `+ 1` and `+ 2` are different programs. Names are numbered in the order of their
first definition, the same for a function's name, parameters and variables.

StarCoder2-Instruct compares the *names of the functions* instead, which throws most passes away
for their wording, and keeps copies that were renamed.

Python is read by `ast`; other languages as tree-sitter's tokens where a grammar is installed, with
identifiers numbered in the order in which they appear, except functions that are called and not
defined; the rest as text.
"""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from veristone import ConfigError
from veristone.generators.seeds.languages import LANGUAGES

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["normal_form"]

_MOST_CHARS = 100_000
_HINTS = frozenset({"annotation", "returns", "type_comment", "type_params"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.Module, ast.ClassDef, *_FUNCTIONS)
_DEFINING = ("name", "declarator")
_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})


def normal_form(code: str, language: str) -> str:
    """Return the form of a program: words between single blanks.

    Where the code cannot be parsed, or is longer than 100,000 characters, the form is the text
    itself: it then equals nothing but its own copies.
    """
    if len(code) > _MOST_CHARS:
        return code
    if language == "python":
        try:
            return " ".join(_python(ast.parse(code)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return code
    return _by_grammar(code, language)


def _python(tree: ast.Module) -> list[str]:
    names = _Numbers(tree)
    words: list[str] = []
    # By hand: a chain of a thousand additions is as deep as it is long.
    stack: list[object] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.AST):
            stack += reversed(list(_parts(item, names)))
        else:
            words.append(str(item))
    return words


def _parts(node: ast.AST, names: "_Numbers") -> Iterator[object]:
    """Yield what a node consists of: words and more nodes."""
    if isinstance(node, ast.expr_context):
        return
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        node = ast.Assign([node.target], node.value)
    yield f"{type(node).__name__}("
    for field, value in ast.iter_fields(node):
        if field in _HINTS or value is None:
            continue
        if isinstance(value, list):
            items = cast("list[Any]", value)[_documentation(node, field) :]
            for one in items:
                yield names.of(one) if isinstance(one, str) else one
        elif isinstance(value, str) and not isinstance(node, ast.Constant):
            yield names.word(node, field, value)
        elif isinstance(value, ast.AST):
            yield value
        else:
            yield f"{type(value).__name__}:{value!r}"
    yield ")"


def _documentation(node: ast.AST, field: str) -> int:
    """Return how many statements at the start of a block are documentation."""
    if field == "body" and isinstance(node, _DOCUMENTED) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            return int(isinstance(first.value.value, str))
    return 0


class _Numbers:
    """Numbers for the program's own names, in the order in which they are first met."""

    def __init__(self, tree: ast.AST) -> None:
        self._own, self._members = _defined(tree)
        self._numbers: dict[str, int] = {}

    def of(self, name: str) -> str:
        """Return what stands for a name."""
        return self._number(name) if name in self._own else name

    def word(self, node: ast.AST, field: str, text: str) -> str:
        """Return what stands for a text in a field of a node."""
        if isinstance(node, ast.Attribute):
            return self._number(text) if text in self._members else text
        outside = isinstance(node, ast.alias | ast.ImportFrom) and field != "asname"
        return text if outside else self.of(text)

    def _number(self, name: str) -> str:
        return f"name{self._numbers.setdefault(name, len(self._numbers))}"


def _defined(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names that the program gives, and those of them that are attributes."""
    own: set[str] = set()
    members: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            members |= {one.name for one in node.body if isinstance(one, _FUNCTIONS)}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            members.add(node.attr)
        elif isinstance(node, ast.alias) and node.asname:
            own.add(node.asname)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            own.add(node.name)
    # What Python itself calls has a meaning: `__eq__` is not `__lt__`.
    fixed = {name for name in own | members if name.startswith("__") and name.endswith("__")}
    return own - fixed, members - fixed


def _by_grammar(code: str, language: str) -> str:
    if language not in LANGUAGES:
        return code
    # Imported here: only for those who have other languages than Python.
    try:
        from veristone.generators.code.grammars import parse_bytes as parse

        source = code.encode(errors="replace")
        root = parse(language, source)
    except (ImportError, ConfigError):
        return code
    if root is None or root.has_error:
        return code
    leaves = list(_leaves(root))
    outside = _called(leaves)
    numbers: dict[bytes, str] = {}
    words: list[str] = []
    for node in leaves:
        text = node.text or b""
        if node.type == "identifier" and text not in outside:
            words.append(numbers.setdefault(text, f"name{len(numbers)}"))
        elif text.strip():
            words.append(text.decode("utf-8", "replace"))
    return " ".join(words)


def _leaves(root: "Node") -> Iterator["Node"]:
    """Yield the tokens of a tree, strings whole and comments left out."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in _COMMENTS:
            continue
        if node.children and "string" not in node.type:
            stack += reversed(node.children)
        else:
            yield node


def _called(leaves: list["Node"]) -> set[bytes]:
    """Return the names of functions that are called and not defined here."""
    called: set[bytes] = set()
    defined: set[bytes] = set()
    for node in leaves:
        if node.type != "identifier" or node.parent is None:
            continue
        if node.parent.child_by_field_name("function") == node:
            called.add(node.text or b"")
        if any(node.parent.child_by_field_name(field) == node for field in _DEFINING):
            defined.add(node.text or b"")
    return called - defined
