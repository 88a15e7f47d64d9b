"""Which asserts of a test code can fail because of the solution.

A verdict says that tests ran to their end. It cannot say that `assert True` tests nothing, nor that
an assert inside `try: ... except Exception: pass` may fail unseen. Effective is an assert that

- mentions what the solution defines, or a name that test code made with it, and
- stands in no `try` whose handlers catch an AssertionError, nor in a function that nobody mentions,
- is no copy of an earlier one.

Calls of unittest's `assertEqual` and its relatives count likewise. Read from the syntax tree,
nothing runs. Not promised: that an effective assert is a good one (see `scoring`).
"""

import ast
from collections.abc import Iterator

__all__ = ["defined_names", "effective_asserts"]

_CATCHES = frozenset({"AssertionError", "Exception", "BaseException"})
_MOST_BYTES = 200_000
_BINDERS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.NamedExpr, ast.withitem)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def effective_asserts(code: str, tests: str) -> int | None:
    """Return how many effective asserts Python test code has; None where it cannot be read."""
    if len(tests) + len(code) > _MOST_BYTES:
        return None
    try:
        solution, suite = ast.parse(code), ast.parse(tests)
        return len({ast.dump(node) for node in _effective(solution, suite)})
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defined_names(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top, imports left out."""
    found: set[str] = set()
    for node in _toplevel(tree.body):
        if isinstance(node, _Function | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            found |= _stored(node)
    return found


def _toplevel(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements of a module, also those under `if` and `try`."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try):
                yield from _toplevel(getattr(node, field, []))


def _effective(solution: ast.Module, suite: ast.Module) -> Iterator[ast.AST]:
    about = _made_with(defined_names(solution), suite)
    called = {name.id for name in ast.walk(suite) if isinstance(name, ast.Name)} | {
        name.attr for name in ast.walk(suite) if isinstance(name, ast.Attribute)
    }
    for node in _reached(suite.body, called):
        if _mentioned(node) & about:
            yield node


def _made_with(names: set[str], suite: ast.Module) -> set[str]:
    """Return the names of the solution and those that test code derives from them."""
    known = set(names)
    makers: list[tuple[set[str], set[str]]] = []
    for node in ast.walk(suite):
        if isinstance(node, _Function | ast.ClassDef):
            makers.append(({node.name}, _mentioned(node)))
        elif isinstance(node, _BINDERS):
            makers.append((_stored(node), _mentioned(node)))
    # As many rounds as a chain of names can be long.
    for _ in range(len(makers)):
        before = len(known)
        for made, mentioned in makers:
            if mentioned & known:
                known |= made
        if len(known) == before:
            break
    return known


def _reached(body: list[ast.stmt], called: set[str]) -> Iterator[ast.AST]:
    """Yield the asserts that run and whose failure is seen."""
    for node in body:
        if isinstance(node, ast.Assert):
            yield node
            continue
        if isinstance(node, _Function) and not (
            node.name in called or node.name.startswith("test")
        ):
            continue
        if isinstance(node, ast.Try) and any(_catches(handler) for handler in node.handlers):
            yield from _reached([*node.orelse, *node.finalbody], called)
            continue
        if isinstance(node, ast.Expr) and _is_assert_call(node.value):
            yield node.value
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, [])
            for part in inner if isinstance(inner, list) else []:  # pyright: ignore[reportUnknownVariableType]
                one: list[ast.stmt] = (
                    [part] if isinstance(part, ast.stmt) else getattr(part, "body", [])  # pyright: ignore[reportUnknownArgumentType]
                )
                yield from _reached(one, called)


def _catches(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler swallows a failing assert: it catches it and does not raise."""
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    caught = handler.type is None or bool(_mentioned(handler.type) & _CATCHES)
    return caught and not raises


def _is_assert_call(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name.startswith("assert")


def _mentioned(tree: ast.AST) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _stored(tree: ast.AST) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
