"""Which names of a piece of Python are bound nowhere in it: scope analysis on the tree.

Python's own rules for names: functions, lambdas and comprehensions have scopes, class bodies are
not seen from functions in them, `:=` in a comprehension binds outside it. Order of execution is
ignored: a name bound anywhere in a scope counts as bound everywhere in it. Annotations in quotes
are looked into, but for those in `Literal[...]`.

Answers agree with ruff's F821 but where that rule knows more (a name after its `del`); the
tests compare both on the standard library's functions.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from veristone.generators.seeds.filters.stdlib import builtin_names
from veristone.generators.seeds.filters.trees import Parsed, children, parse_expression

__all__ = ["Use", "free_names", "undefined_names"]

_MODULE_NAMES: Final = frozenset(
    {"__annotations__", "__builtins__", "__debug__", "__doc__", "__file__", "__loader__"}
    | {"__name__", "__package__", "__path__", "__spec__", "WindowsError"}
)
"""What every module has, and what ruff and Pyright take for granted besides."""


class Use(NamedTuple):
    """A place where a name is read that nothing in the code binds."""

    name: str
    node: ast.Name
    parent: ast.AST
    annotation: bool
    """Whether it stands in an annotation, quoted or not."""


class _Scope:
    __slots__ = ("borrowed", "bound", "is_class", "is_comprehension", "parent", "star")

    def __init__(self, parent: "_Scope | None", *, of: str = "function") -> None:
        self.parent = parent
        self.is_class = of == "class"
        self.is_comprehension = of == "comprehension"
        self.bound: set[str] = set()
        self.borrowed: set[str] = set()
        """Declared `global` here."""
        self.star = False
        """Something unknown is bound, by `import *`."""


class _Visit(NamedTuple):
    node: ast.AST
    parent: ast.AST
    scope: _Scope
    annotation: bool


def undefined_names(tree: Parsed) -> list[Use]:
    """Return the uses of names that are neither bound in the code nor built in, in no promised
    order."""
    known = builtin_names() | _MODULE_NAMES
    return [use for use in free_names(tree) if use.name not in known]


def free_names(tree: Parsed) -> list[Use]:
    """Return the uses of names that the code does not bind, built-in names among them."""
    reads: list[tuple[Use, _Scope]] = []
    module = _Scope(None, of="module")
    todo = [_Visit(node, tree.module, module, False) for node in tree.module.body]
    while todo:
        visit = todo.pop()
        node = visit.node
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                reads.append((Use(node.id, node, visit.parent, visit.annotation), visit.scope))
            else:
                _bind(visit.scope, node.id)
        elif isinstance(node, ast.Constant):
            if visit.annotation and isinstance(node.value, str):
                todo.extend(_quoted(node.value, visit))
        else:
            todo.extend(_inside(visit, module))
    # Decorators, defaults and annotations of the only function are evaluated before it has a name.
    unborn = tree.function.name if tree.function is not None else None
    return [
        use
        for use, scope in reads
        if not _is_bound(use.name, scope, module) or (scope is module and use.name == unborn)
    ]


def _bind(scope: _Scope, name: str) -> None:
    scope.bound.add(name)


def _is_bound(name: str, scope: _Scope, module: _Scope) -> bool:
    if name in scope.borrowed:
        return name in module.bound or module.star
    here: _Scope | None = scope
    while here is not None:
        if (here is scope or not here.is_class) and (name in here.bound or here.star):
            return True
        here = here.parent
    return False


def _inside(visit: _Visit, module: _Scope) -> Iterator[_Visit]:
    """Bind what a node binds and yield what is to be visited below it."""
    node, scope = visit.node, visit.scope
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            _bind(scope, node.name)
            yield from _function(node, scope)
        case ast.Lambda():
            inner = _Scope(scope)
            yield from _parameters(node.args, node, scope, inner)
            yield _Visit(node.body, node, inner, False)
        case ast.ClassDef():
            _bind(scope, node.name)
            yield from _each([*node.decorator_list, *node.bases, *node.keywords], node, scope)
            yield from _each(node.body, node, _Scope(scope, of="class"))
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _comprehension(node, scope)
        case ast.AnnAssign():
            yield _Visit(node.annotation, node, scope, True)
            yield _Visit(node.target, node, scope, False)
            if node.value is not None:
                yield _Visit(node.value, node, scope, False)
        case ast.NamedExpr():
            _bind(_outside_comprehensions(scope), node.target.id)
            yield _Visit(node.value, node, scope, False)
        case ast.Subscript():
            yield _Visit(node.value, node, scope, visit.annotation)
            quoted = visit.annotation and not _is_literal(node.value)
            yield _Visit(node.slice, node, scope, quoted)
        case ast.Call():
            yield from _call(node, scope)
        case _:
            _bind_names(node, scope, module)
            for child in children(node):
                yield _Visit(child, node, scope, visit.annotation)


def _each(nodes: Sequence[ast.AST], parent: ast.AST, scope: _Scope) -> Iterator[_Visit]:
    return (_Visit(node, parent, scope, False) for node in nodes)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope) -> Iterator[_Visit]:
    inner = _Scope(scope)
    yield from _each(node.decorator_list, node, scope)
    yield from _parameters(node.args, node, scope, inner)
    if node.returns is not None:
        yield _Visit(node.returns, node, scope, True)
    yield from _each(node.body, node, inner)


def _parameters(
    args: ast.arguments, parent: ast.AST, outer: _Scope, inner: _Scope
) -> Iterator[_Visit]:
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None:
            _bind(inner, arg.arg)
            if arg.annotation is not None:
                yield _Visit(arg.annotation, arg, outer, True)
    for default in (*args.defaults, *args.kw_defaults):
        if default is not None:
            yield _Visit(default, parent, outer, False)


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: _Scope
) -> Iterator[_Visit]:
    inner = _Scope(scope, of="comprehension")
    for number, generator in enumerate(node.generators):
        # The first iterable is evaluated outside.
        yield _Visit(generator.iter, generator, inner if number else scope, False)
        yield _Visit(generator.target, generator, inner, False)
        yield from _each(generator.ifs, generator, inner)
    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    yield from _each(parts, node, inner)


def _outside_comprehensions(scope: _Scope) -> _Scope:
    while scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
    return scope


def _call(node: ast.Call, scope: _Scope) -> Iterator[_Visit]:
    yield _Visit(node.func, node, scope, False)
    is_cast = isinstance(node.func, ast.Name) and node.func.id == "cast" and len(node.args) == 2
    for number, argument in enumerate(node.args):
        yield _Visit(argument, node, scope, is_cast and number == 0)
    for keyword in node.keywords:
        yield _Visit(keyword.value, node, scope, False)


def _is_literal(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in ("Literal", "Annotated")


def _quoted(text: str, visit: _Visit) -> Iterator[_Visit]:
    expression = parse_expression(text)
    if expression is not None:
        yield _Visit(expression, visit.parent, visit.scope, True)


def _bind_names(node: ast.AST, scope: _Scope, module: _Scope) -> None:
    """Bind the names that a statement or pattern holds as plain strings."""
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                _bind(scope, alias.asname or alias.name.partition(".")[0])
        case ast.ImportFrom(names=aliases):
            for alias in aliases:
                if alias.name == "*":
                    scope.star = True
                _bind(scope, alias.asname or alias.name)
        case ast.ExceptHandler(name=str(name)) | ast.MatchStar(name=str(name)):
            _bind(scope, name)
        case ast.MatchAs(name=str(name)) | ast.MatchMapping(rest=str(name)):
            _bind(scope, name)
        case ast.Global(names=names):
            scope.borrowed.update(names)
            module.bound.update(names)
        case _:
            pass
