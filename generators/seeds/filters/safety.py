"""The safety rule: no code that reaches out of the function, as far as its text tells.

It sees names, through `import ... as` and `from ... import`; a local variable that is called
`input` is none. It is a filter for quality and saves the sandbox work; it protects nothing: code
that wants to hide what it does can. Whatever runs, runs in a sandbox.
"""

import ast
from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple

from pydantic import field_validator

from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.hazards import (
    DUNDERS,
    HAZARDS,
    METHODS,
    OPENERS,
    PATH_METHODS,
    ROOTS,
    STORED,
    hazard_of,
)
from veristone.generators.seeds.filters.imports import imported
from veristone.generators.seeds.filters.names import Use, free_names
from veristone.generators.seeds.filters.stdlib import builtin_names, members
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule, rejected

__all__ = ["TOLERATED", "Safety"]

TOLERATED = ("file_read", "environment", "global_state", "sleep", "nondeterminism")
"""What is let through unless a recipe says otherwise."""


class Safety(Rule, frozen=True):
    """Rejects seeds that use what they should not."""

    kind: Literal["safety"] = "safety"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})

    forbid: tuple[str, ...] = tuple(hazard for hazard in HAZARDS if hazard not in TOLERATED)

    @field_validator("forbid")
    @classmethod
    def _known(cls, hazards: tuple[str, ...]) -> tuple[str, ...]:
        for hazard in hazards:
            if hazard not in HAZARDS:
                raise ValueError(f"safety: no hazard {hazard!r}; there are {', '.join(HAZARDS)}")
        return hazards

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or its first hazard. A snippet that does not parse passes."""
        tree = parse(seed.text)
        if not isinstance(tree, Parsed):
            return seed if seed.shape == "snippet" else Rejected("unparsable", tree.detail)
        sights = [sight for sight in _sights(seed, tree) if sight.hazard in self.forbid]
        return rejected(min(sights).hazard, min(sights).what) if sights else seed


class _Sight(NamedTuple):
    """A hazard and where it is."""

    line: int
    column: int
    what: str
    hazard: str


class _Index(NamedTuple):
    """What is needed to follow names, from one pass over a tree."""

    names: list[ast.Name]
    attributes: dict[int, ast.Attribute]
    """By the `id` of what they are read from."""
    calls: dict[int, ast.Call]
    """By the `id` of what is called."""
    origins: dict[str, str]
    """What imported names stand for."""
    globals: list[ast.Global]


def _sights(seed: Seed, tree: Parsed) -> Iterator[_Sight]:
    index = _index(tree)
    for node in index.globals:
        yield _Sight(node.lineno, node.col_offset, ", ".join(node.names), "global_state")
    dotted = {id(name): origin for name, origin in _resolved(seed, index)}
    for name in index.names:
        origin = dotted.get(id(name))
        if origin is not None:
            yield from _of_name(name, origin, index)
    paths = any(origin.startswith("pathlib") for origin in dotted.values())
    for node in index.attributes.values():
        yield from _of_attribute(node, index, paths)


def _index(tree: Parsed) -> _Index:
    index = _Index([], {}, {}, {}, [])
    for node in tree.nodes:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                index.names.append(node)
        elif isinstance(node, ast.Attribute):
            index.attributes[id(node.value)] = node
        elif isinstance(node, ast.Call):
            index.calls[id(node.func)] = node
        elif isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                index.origins[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                index.origins[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
        elif isinstance(node, ast.Global):
            index.globals.append(node)
    return index


def _resolved(seed: Seed, index: _Index) -> Iterator[tuple[ast.Name, str]]:
    """Yield the names that are no variables of the code, with what they stand for."""
    wanted = ROOTS | index.origins.keys() | seed.bindings.keys()
    if all(node.id not in wanted for node in index.names):
        return
    free = set(free_names(seed.text))
    for node in index.names:
        if Use(node.lineno, node.col_offset, node.id) in free:
            origin = _origin(node, seed, index)
            if origin:
                yield node, origin
        elif node.id in index.origins:
            yield node, index.origins[node.id]


def _origin(node: ast.Name, seed: Seed, index: _Index) -> str:
    """Return what a name that nothing binds stands for: what its document says, something built in,
    or what it would be had the seed its imports; empty where that is not clear."""
    name = node.id
    if name in seed.bindings:
        lines = seed.bindings[name]
        found = imported(lines[0]) if lines else []
        return ".".join(filter(None, found[0][:2])) if found else ""
    if name in builtin_names():
        return f"builtins.{name}"
    if name in ("Path", "execfile", "raw_input"):
        return "pathlib.Path" if name == "Path" else name
    read = index.attributes.get(id(node))
    return name if read is not None and read.attr in members(name) else ""


def _of_name(name: ast.Name, origin: str, index: _Index) -> Iterator[_Sight]:
    node: ast.expr = name
    while (above := index.attributes.get(id(node))) is not None:
        node, origin = above, f"{origin}.{above.attr}"
    call = index.calls.get(id(node))
    hazard = _of_opener(call) if origin in OPENERS else hazard_of(origin)
    stored = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    only_read = not stored and any(f"{origin}.".startswith(f"{name}.") for name in STORED)
    if hazard is not None and not only_read:
        what = f"{origin.removeprefix('builtins.')}, line {name.lineno}"
        yield _Sight(name.lineno, name.col_offset, what, hazard)


def _of_opener(call: ast.Call | None) -> str:
    """Return whether a file is opened for reading only; one that is handed on may be written."""
    if call is None or any(isinstance(argument, ast.Starred) for argument in call.args[:2]):
        return "file_write"
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("mode", None)]
    return "file_read" if all(map(_reads, [*call.args[1:2], *named])) else "file_write"


def _reads(mode: ast.expr) -> bool:
    match mode:
        case ast.Constant(value=str(letters)):
            return not any(letter in letters for letter in "wax+")
        case ast.IfExp():
            return _reads(mode.body) and _reads(mode.orelse)
        case _:
            return False


def _of_attribute(node: ast.Attribute, index: _Index, paths: bool) -> Iterator[_Sight]:
    hazard = "introspection" if node.attr in DUNDERS else None
    call = index.calls.get(id(node))
    if call is not None:
        hazard = hazard or METHODS.get(node.attr)
        if paths and hazard is None:
            reads = node.attr == "open" and all(map(_reads, call.args[:1]))
            opened = "file_read" if reads else "file_write"
            hazard = opened if node.attr == "open" else PATH_METHODS.get(node.attr)
    if hazard is not None:
        yield _Sight(node.lineno, node.col_offset, f".{node.attr}, line {node.lineno}", hazard)
