"""Which names a piece of Python reads and does not bind, as pyflakes sees it.

Python's own rules for names: functions, lambdas and comprehensions have scopes, class bodies are
not seen from functions in them, `:=` in a comprehension binds outside it. Annotations count, quoted
ones too. A name that is bound in one branch only counts as bound; after a star import any name may
be. What is tried under `except NameError` does not count.
"""

import ast
import sys
from typing import Any, NamedTuple

from pyflakes.checker import Checker
from pyflakes.messages import UndefinedExport, UndefinedName

from veristone.generators.seeds.filters.stdlib import builtin_names

__all__ = ["Use", "free_names", "is_built_in"]

_MODULE_NAMES = frozenset(
    {"__annotations__", "__builtins__", "__debug__", "__doc__", "__file__", "__loader__"}
    | {"__name__", "__package__", "__path__", "__spec__", "WindowsError"}
)
"""What every module has, and what Pyright takes for granted besides."""
_RECURSION = 5000
"""Calls; pyflakes needs a few for each level of a tree, of which there are `trees.MAX_DEPTH`."""


class Use(NamedTuple):
    """A place where a name is read that nothing in the code binds."""

    name: str
    node: ast.AST


class _Names(Checker):
    """pyflakes without built-in names: they differ between Python versions."""

    builtIns = property(lambda self: frozenset[str](), lambda self, value: None)  # noqa: N815

    def __init__(self, tree: ast.Module) -> None:
        self.uses: list[Use] = []
        super().__init__(tree, withDoctest=False)

    def report(self, messageClass: type, *args: Any) -> None:  # noqa: N803
        if messageClass in (UndefinedName, UndefinedExport):
            self.uses.append(Use(args[1], args[0]))


def free_names(module: ast.Module) -> list[Use]:
    """Return the uses of names that a module does not bind, built-in ones too, in its order."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        uses = _Names(module).uses
    finally:
        sys.setrecursionlimit(limit)
    return sorted(uses, key=lambda use: (_line(use.node), _column(use.node)))


def is_built_in(name: str) -> bool:
    """Whether every module has a name without binding it."""
    return name in builtin_names() or name in _MODULE_NAMES


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _column(node: ast.AST) -> int:
    return getattr(node, "col_offset", 0)
