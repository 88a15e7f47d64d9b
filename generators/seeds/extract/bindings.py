"""What the names of a Python document stand for at its top level, as far as imports go.

A function that is cut out of its document loses the document's imports. They are recorded with it:
for each name that the code may use and that the document binds, the import statements that may bind
it, in the order in which they are to be tried. An empty list means that the document defines the
name itself, or that it is not clear which import counts. A name that is not recorded is not bound
at the top level, or only by a star import.

    try: import a as x            both, in this order: where `a` is not to be had, `b` is taken
    except ImportError: import b as x
    if TYPE_CHECKING: ...         like `try`, and so are tests of the Python version
    if anything_else: ...         counts if nothing else binds the name
    def x, x = ..., class x       the document's own, except as a fallback in `except` or `else`
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from tree_sitter import Node

from veristone.generators.seeds.extract.comments import text

__all__ = ["Bindings", "names_bound", "used"]

Certainty = Literal["sure", "first", "fallback", "maybe"]
Bindings = dict[str, tuple[str, ...]]

_CERTAINTIES: tuple[Certainty, ...] = ("sure", "first", "fallback", "maybe")
_EXPECTED = re.compile(r"TYPE_CHECKING|version_info|\bPY_?[23]\d?\b|hexversion")
_INSIDE: dict[str, Certainty] = {
    **dict.fromkeys(("module", "block", "ERROR", "with_statement", "finally_clause"), "sure"),
    **dict.fromkeys(("else_clause", "elif_clause"), "sure"),
    "try_statement": "first",
    **dict.fromkeys(("except_clause", "except_group_clause"), "fallback"),
    **dict.fromkeys(("for_statement", "while_statement"), "maybe"),
    **dict.fromkeys(("match_statement", "case_clause", "if_statement"), "maybe"),
}
"""What a statement in such a node is worth, at most."""
_NAME = re.compile(r"\w+")


class _Bound(NamedTuple):
    name: str
    line: str
    """The import statement for this name alone; empty for what is no import."""
    certainty: Certainty


def names_bound(root: Node, source: bytes) -> Bindings:
    """Return what the top level of a document binds, by name."""
    found: Bindings = {}
    for name, line, certainty in _bound(root, source):
        known = found.get(name)
        if not line:
            if certainty == "sure" or (certainty in ("first", "maybe") or not known):
                found[name] = ()
        elif known is None or (certainty == "sure" and not _adds(line, known)):
            found[name] = (line,)
        elif line in known:
            continue
        elif certainty == "maybe":
            found[name] = ()
        elif certainty == "first":
            found[name] = (line, *known)
        elif known or certainty == "sure":
            found[name] = (*known, line)
    return found


def _adds(line: str, known: Sequence[str]) -> bool:
    """Whether a statement adds to what others bind, as `import a.b` does after `import a`."""
    plain = [one.startswith("import ") and " as " not in one for one in (line, *known)]
    return bool(known) and all(plain)


def used(bindings: Bindings, code: str) -> Bindings:
    """Return those of the bindings whose names occur in some code, in a string perhaps."""
    words = set(_NAME.findall(code))
    return {name: bindings[name] for name in sorted(words & bindings.keys())}


def _bound(root: Node, source: bytes) -> Iterator[_Bound]:
    """Yield what the statements at the top level bind, in the order of the document."""
    pending: list[tuple[Node, Certainty]] = [(root, "sure")]
    while pending:
        node, certainty = pending.pop()
        kind = node.type
        if kind in ("import_statement", "import_from_statement"):
            for name, line in _imported(text(node, source)):
                yield _Bound(name, line, certainty)
            continue
        for name in _defined(node):
            yield _Bound(text(name, source), "", certainty)
        if kind not in _INSIDE:
            continue
        test = node.child_by_field_name("condition") if kind == "if_statement" else None
        expected = test is not None and _EXPECTED.search(text(test, source)) is not None
        for child in reversed(node.named_children):
            inner: Certainty = _INSIDE[kind]
            if expected:
                inner = "fallback" if child.type in ("else_clause", "elif_clause") else "first"
            worse = _CERTAINTIES.index(inner) > _CERTAINTIES.index(certainty)
            pending.append((child, inner if worse else certainty))


def _imported(statement: str) -> Iterator[tuple[str, str]]:
    """Yield the names that an import statement binds, each with a statement for it alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = ast.parse(statement).body[0]
    except (SyntaxError, ValueError, IndexError, MemoryError, RecursionError):
        return
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, ast.unparse(ast.Import([alias]))
        case ast.ImportFrom(names=aliases, module=module, level=level) if module != "__future__":
            for alias in aliases:
                if alias.name != "*":
                    name = alias.asname or alias.name
                    yield name, ast.unparse(ast.ImportFrom(module, [alias], level))
        case _:
            pass


def _defined(node: Node) -> list[Node]:
    """Return the names that a statement binds besides importing: definitions, and targets."""
    if node.type == "decorated_definition":
        node = node.child_by_field_name("definition") or node
    if node.type in ("function_definition", "class_definition", "type_alias_statement"):
        name = node.child_by_field_name("name")
        return [name] if name is not None else []
    targets: list[Node | None] = []
    if node.type == "for_statement":
        targets.append(node.child_by_field_name("left"))
    elif node.type == "with_statement":
        clause = node.named_child(0)
        for item in clause.named_children:
            value = item.child_by_field_name("value")
            targets.append(value.child_by_field_name("alias") if value is not None else None)
    elif node.type == "expression_statement":
        assignment = node.named_child(0)
        while assignment is not None and assignment.type == "assignment":
            targets.append(assignment.child_by_field_name("left"))
            assignment = assignment.child_by_field_name("right")
    names: list[Node] = []
    pending = [target for target in targets if target is not None]
    while pending:
        target = pending.pop()
        if target.type == "identifier":
            names.append(target)
        elif target.type not in ("attribute", "subscript"):
            pending += target.named_children
    return names
