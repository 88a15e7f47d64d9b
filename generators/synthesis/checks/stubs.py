"""`incomplete`: a program that leaves to the reader what was asked for.

Comments that say so, and functions that do nothing. What is no stub: words in strings, a comment on
a to-do list, abstract methods, protocols, overloads, base classes whose methods raise and that the
program derives from, hooks of classes that pass on purpose, and functions whose name says that they
do nothing.
"""

import ast
import re
from collections.abc import Iterator

from veristone.generators.code.comments import comments
from veristone.generators.code.names import names_in
from veristone.generators.code.python import Function, Parsed, parse, statements
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["stub"]

_PROMISE = re.compile(
    r"^#+[ \t]*(?:TODO|FIXME)\b(?![ \t-]*(?:list|item|app|entr|task|manager)s?\b)"
    r"|\b(?:your (?:code|implementation|solution|logic)|implementation|code)"
    r" (?:goes |comes )?here\b"
    r"|^#+[ \t]*(?:\.\.\.|…)?[ \t]*(?:the )?(?:rest of|remaining)(?: of)? (?:the|your)"
    r" (?:code|implementation|solution|program|methods|functions)\b"
    r"|^#+[ \t]*(?:implement (?:this|me|your)|(?:add|write|insert) your)\b"
    r"|^#+[ \t]*(?:existing code|same as (?:before|above)) ?(?:\.\.\.|…)",
    re.IGNORECASE,
)
_LOUD = re.compile(r"^#+[ \t]*(?:todo|fixme)", re.IGNORECASE)
_IDLE = re.compile(r"noop|no_op|nop|nothing|null|dummy|ignore|placeholder_callback", re.IGNORECASE)
_ABSTRACT = frozenset({"abstractmethod", "overload", "abstractproperty", "abstractclassmethod"})
_BASES = frozenset({"ABC", "Protocol", "ABCMeta"})


def stub(code: str) -> Problem | None:
    """Return the first sign that a Python program is not finished. Other text passes."""
    for token in comments(code)[0]:
        if _is_promise(token.string):
            return problem("incomplete", token.string)
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return None
    bases = _derived_from(tree)
    for owner, function in _functions(tree.module):
        if _gives_up(function, owner, bases):
            return problem("incomplete", f"{function.name} does nothing")
    return None


def _is_promise(comment: str) -> bool:
    match = _PROMISE.search(comment)
    if match is None:
        return False
    # In lower case it is a word like others: "# todo items of a user".
    loud = _LOUD.match(comment)
    return loud is None or loud[0].lstrip("# \t").isupper()


def _functions(module: ast.Module) -> Iterator[tuple[ast.ClassDef | None, Function]]:
    """Functions of the module and of its classes, each with its class; not those inside others."""
    pending: list[tuple[ast.ClassDef | None, ast.stmt]] = [(None, node) for node in module.body]
    while pending:
        owner, node = pending.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield owner, node
        elif isinstance(node, ast.ClassDef):
            pending += [(node, inner) for inner in node.body]


def _derived_from(tree: Parsed) -> set[str]:
    classes = [node for node in tree.nodes if isinstance(node, ast.ClassDef)]
    return {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}


def _gives_up(function: Function, owner: ast.ClassDef | None, bases: set[str]) -> bool:
    body = statements(function)
    if any(names_in(decorator) & _ABSTRACT for decorator in function.decorator_list):
        return False
    raises = len(body) == 1 and _is_refusal(body[0])
    empty = all(_is_empty(statement) for statement in body)
    if owner is None:
        return raises or (empty and not _IDLE.search(function.name))
    marks = {name for base in (*owner.bases, *owner.keywords) for name in names_in(base)}
    if marks & _BASES or owner.name in bases:
        return False
    dots = any(isinstance(node, ast.Expr) and _is_dots(node) for node in body)
    return raises or (empty and dots)


def _is_refusal(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and "NotImplementedError" in names_in(statement)


def _is_empty(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _is_dots(statement: ast.Expr) -> bool:
    return isinstance(statement.value, ast.Constant) and statement.value.value is ...
