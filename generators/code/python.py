"""Python as a tree, within bounds.

Nothing here compiles: `compile` can crash the interpreter (nested comprehensions on 3.12 and 3.13)
and duplicates `finally` blocks until memory is gone (19 nested ones: 1.5 GB), while `ast.parse`
answers every hostile input with an error. What only the compiler finds (`nonlocal` without a
binding, `await` outside `async def`) is not found.

Not promised: that all Python versions agree on syntax that is newer than 3.11. An f-string that
reuses its own quotes parses on 3.12 and is an error on 3.11.
"""

import ast
import warnings
from typing import Final, NamedTuple, TypeAlias

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "Function",
    "Parsed",
    "Unparsable",
    "children",
    "parse",
    "parses",
    "statements",
    "subtree",
]

MAX_CHARACTERS: Final = 50_000
"""Longer code is not parsed: a tree takes up to 1 kB a character (`a;a;a;...`)."""
MAX_DEPTH: Final = 200
"""Levels of a tree. The parser's own limit (1000 and more) depends on the Python version and on how
deep its caller stands; this one does not. So functions over trees may recurse."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_CACHED_NODES = 500_000
"""Of all cached trees: about 120 MB, or 4000 functions of 110 nodes."""
_UNPARSABLE_NODES = 20
"""What a text without a tree counts."""


class Parsed(NamedTuple):
    """A module's tree. It is shared: nobody may change it."""

    module: ast.Module
    nodes: tuple[ast.AST, ...]
    """All nodes by depth, then by place; without contexts and operators, which say nothing."""

    @property
    def function(self) -> Function | None:
        """The function that the module consists of; None where there is anything else."""
        match self.module.body:
            case [ast.FunctionDef() | ast.AsyncFunctionDef() as function]:
                return function
            case _:
                return None


class Unparsable(NamedTuple):
    """Why there is no tree."""

    reason: str
    """`syntax_error`, `too_deep` or `too_large`."""
    detail: str
    """One printable line."""


_cache: dict[str, Parsed | Unparsable] = {}
_cached_nodes = 0


def parse(code: str) -> Parsed | Unparsable:
    """Return the tree of some Python, as Python 3.11 reads it, or why it has none."""
    global _cached_nodes
    if len(code) > MAX_CHARACTERS:
        return Unparsable("too_large", f"{len(code)} characters")
    tree = _cache.get(code)
    if tree is None:
        tree = _parse(code)
        weight = len(tree.nodes) if isinstance(tree, Parsed) else _UNPARSABLE_NODES
        if _cached_nodes + weight > _CACHED_NODES:
            # What is asked for again is asked for soon: all filters see a part before the next.
            _cache.clear()
            _cached_nodes = 0
        _cached_nodes += weight
        _cache[code] = tree
    return tree


def parses(code: str) -> bool:
    """Whether it is Python with at least one statement."""
    tree = parse(code)
    return isinstance(tree, Parsed) and bool(tree.module.body)


def _parse(code: str) -> Parsed | Unparsable:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes are the model's matter
            module = ast.parse(code, feature_version=(3, 11))
    except SyntaxError as error:
        message = "".join(char if char.isprintable() else "?" for char in str(error.msg))
        return Unparsable("syntax_error", f"line {error.lineno}: {message}"[:120])
    except (RecursionError, MemoryError):
        return Unparsable("too_deep", "deeper than the parser goes")
    except ValueError:  # a null byte, or half of a surrogate pair
        return Unparsable("syntax_error", "a character that no source file has")
    nodes = subtree(module)
    if nodes is None:
        return Unparsable("too_deep", f"more than {MAX_DEPTH} levels")
    return Parsed(module, nodes)


def subtree(root: ast.AST) -> tuple[ast.AST, ...] | None:
    """Return a node and all below it, level by level; None below MAX_DEPTH levels."""
    nodes = [root]
    start, depth = 0, 0
    while start < len(nodes):
        depth += 1
        if depth > MAX_DEPTH:
            return None
        level = nodes[start:]
        start = len(nodes)
        for node in level:
            nodes += children(node)
    return tuple(nodes)


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below a node, without contexts and operators."""
    found: list[ast.AST] = []
    for field in _FIELDS.get(type(node)) or _child_fields(type(node)):
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]  # pyright: ignore[reportUnknownVariableType]
    return found


_NO_CHILDREN = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "level", "simple", "conversion", "is_async"}
    | {"type_comment", "type_ignores", "kind", "asname", "rest", "name"}
)
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: (), ast.Global: (), ast.Nonlocal: ()}


def _child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Fields that can hold nodes worth a visit, in the order of the source but for decorators."""
    fields = tuple(name for name in kind._fields if name not in _NO_CHILDREN)
    return _FIELDS.setdefault(kind, fields)


def statements(function: Function) -> list[ast.stmt]:
    """Return a function's body without its docstring."""
    match function.body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
        case body:
            return body
