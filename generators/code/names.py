"""What a piece of Python defines, imports and mentions."""

import ast
import builtins
import re
from collections.abc import Iterator

from veristone.generators.code.python import Function, Parsed, parse

__all__ = [
    "asked_names",
    "defined_names",
    "defines",
    "definitions",
    "free_names",
    "imported_modules",
    "imported_names",
    "names_in",
    "only_defines",
    "parts_run",
    "top_level",
]

_DEFINITION = re.compile(r"^\s*(?:async\s+)?(def|class)\s+(\w+)", re.MULTILINE)
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BINDING = (*_DEFINING, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def top_level(module: ast.Module) -> Iterator[ast.stmt]:
    """Yield a module's statements, with those inside its `if`, `try` and `with` statements."""
    pending: list[ast.stmt] = list(reversed(module.body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With):
            handlers = [line for handler in getattr(node, "handlers", []) for line in handler.body]
            inner = [*node.body, *handlers, *getattr(node, "orelse", [])]
            pending += reversed([*inner, *getattr(node, "finalbody", [])])


def defined_names(module: ast.Module) -> dict[str, ast.stmt]:
    """Return the functions, classes and variables that a module defines, each with the last
    statement that does; without what it imports."""
    found: dict[str, ast.stmt] = {}
    for node in top_level(module):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found[node.name] = node
            case ast.Assign(targets=targets):
                for name in (name for target in targets for name in _bound(target)):
                    found[name] = node
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                found[name] = node
            case _:
                pass
    return found


def _bound(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from _bound(element)
        case ast.Starred(value=value):
            yield from _bound(value)
        case _:
            pass


def imported_names(module: ast.Module) -> set[str]:
    """Return the names that a module's imports bind; `*` for all of a module."""
    return {
        alias.asname or alias.name.partition(".")[0]
        for node in top_level(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def imported_modules(tree: Parsed) -> Iterator[tuple[str, ...]]:
    """Yield for each imported thing, wherever in the code, the names of the modules that it may be.

    `from a import b` may be the module `a` or `a.b`. Relative ones begin with a dot. `__import__`
    and `import_module` with a literal name count.
    """
    for node in tree.nodes:
        match node:
            case ast.Import(names=aliases):
                yield from ((alias.name,) for alias in aliases)
            case ast.ImportFrom(names=aliases, module=module, level=level):
                base = "." * level + (module or "")
                yield from ((base, f"{base}.{alias.name}") for alias in aliases)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield (name,)
            case _:
                pass


def names_in(node: ast.AST) -> set[str]:
    """Return the names and attributes that a piece of code mentions."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
    return found


def asked_names(tests: str) -> list[str]:
    """Return the names that test code may take from the solution, in the order of the text: what it
    mentions or imports and does not define itself. Of tests that do not parse, none."""
    tree = parse(tests)
    if not isinstance(tree, Parsed):
        return []
    found: dict[str, tuple[int, int]] = {}
    for node in tree.nodes:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.setdefault(name, (node.lineno, node.col_offset))
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    found.setdefault(alias.name, (node.lineno, node.col_offset))
            case _:
                pass
    own = {*defined_names(tree.module), *dir(builtins)}
    return sorted(found.keys() - own, key=found.__getitem__)


def parts_run(node: ast.stmt) -> list[ast.AST]:
    """Return the parts of a statement that are run where it stands: of a function its decorators
    and defaults, of a class its bases and what its body runs."""
    if isinstance(node, Function):
        return [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.ClassDef):
        inner = [part for statement in node.body for part in parts_run(statement)]
        return [*node.decorator_list, *node.bases, *inner]
    return [node]


def free_names(node: ast.AST) -> set[str]:
    """Return the names that a statement takes from the module around it: of a function those that
    it does not bind itself, as a parameter or by an assignment."""
    if isinstance(node, ast.ClassDef):
        outer = (*node.bases, *node.keywords, *node.decorator_list)
        return {name for part in (*node.body, *outer) for name in free_names(part)}
    inside = list(ast.walk(node))
    found = {inner.id for inner in inside if isinstance(inner, ast.Name)}
    if not isinstance(node, Function):
        return found
    bound = {inner.arg for inner in inside if isinstance(inner, ast.arg)}
    bound |= {i.id for i in inside if isinstance(i, ast.Name) and isinstance(i.ctx, ast.Store)}
    bound |= {inner.name for inner in inside if isinstance(inner, _DEFINING) and inner is not node}
    shared = {name for inner in inside if isinstance(inner, ast.Global) for name in inner.names}
    return (found - bound) | shared


def defines(code: str, name: str) -> bool:
    """Whether a program defines a name at its top. One that does not parse is searched for the
    beginning of a definition: it may be cut off or hold a slip."""
    tree = parse(code)
    if isinstance(tree, Parsed):
        return name in defined_names(tree.module)
    return bool(re.search(rf"^(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", code, re.M))


def only_defines(code: str) -> bool:
    """Whether a program parses and does nothing but define, assign and import."""
    tree = parse(code)
    return isinstance(tree, Parsed) and all(isinstance(n, _BINDING) for n in tree.module.body)


def definitions(code: str) -> list[tuple[str, str]]:
    """Return `def` or `class` and the name of every definition, nested ones too, in the order of
    the text; of code that does not parse, those that lines begin with."""
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return _DEFINITION.findall(code)
    found = [node for node in tree.nodes if isinstance(node, _DEFINING)]
    found.sort(key=lambda node: node.lineno)
    return [("def" if isinstance(node, Function) else "class", node.name) for node in found]
