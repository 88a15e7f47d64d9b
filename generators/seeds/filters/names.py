"""Which names a piece of Python reads and does not bind, as pyflakes sees it.

Python's own rules for names: functions, lambdas and comprehensions have scopes, class bodies are
not seen from functions in them, `:=` in a comprehension binds outside it. Annotations count, quoted
ones too. A name that is bound in one branch only counts as bound; after a star import any name may
be. What is tried under `except NameError` does not count.

The rule `undefined` asks at a hundredth of the cost of a type checker and with the same verdict:
whatever is undefined here is an error in Pyright too, so the rule goes before it. Names that exist
only in type comments do not count here. `# noqa` excuses nothing.
"""

import ast
import sys
from functools import cache, lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.stdlib import builtin_names
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule, rejected

__all__ = ["Undefined", "Use", "free_names", "undefined_names"]

_MODULE_NAMES = frozenset(
    {"__annotations__", "__builtins__", "__debug__", "__doc__", "__file__", "__loader__"}
    | {"__name__", "__package__", "__path__", "__spec__", "WindowsError"}
)
"""What every module has, and what Pyright takes for granted besides."""
_RECURSION = 5000
"""Calls; pyflakes needs a few for each level of a tree, and trees have a bounded depth."""


class Use(NamedTuple):
    """A place where a name is read that nothing in the code binds."""

    line: int
    column: int
    """In bytes, as in `ast`."""
    name: str


@cache
def _checker() -> type:
    """Return pyflakes' checker without built-in names, which differ between Python versions."""
    # Here, because a recipe can be read without it.
    from pyflakes.checker import Checker
    from pyflakes.messages import UndefinedExport, UndefinedName

    class Names(Checker):
        builtIns: Any = property(lambda self: frozenset[str](), lambda self, value: None)

        def __init__(self, tree: ast.Module) -> None:
            self.uses: list[Use] = []
            super().__init__(tree, withDoctest=False)

        def report(self, messageClass: Any, *args: Any, **kwargs: Any) -> None:
            if messageClass in (UndefinedName, UndefinedExport):
                self.uses.append(_use(*args))

    return Names


@lru_cache(2000)
def free_names(code: str) -> tuple[Use, ...]:
    """Return the uses of names that code does not bind, built-in ones too, in its order; none where
    it does not parse."""
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return ()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        uses = _checker()(tree.module).uses
    finally:
        sys.setrecursionlimit(limit)
    return tuple(sorted(uses))


def undefined_names(code: str) -> list[Use]:
    """Return the uses of names that are neither bound in some code nor built in, in its order."""
    known = builtin_names() | _MODULE_NAMES
    return [use for use in free_names(code) if use.name not in known]


def _use(node: ast.AST, name: str) -> Use:
    return Use(getattr(node, "lineno", 0), getattr(node, "col_offset", 0), name)


class Undefined(Rule, frozen=True):
    """Rejects seeds with undefined names or wrong syntax."""

    kind: Literal["undefined"] = "undefined"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or the names that are bound nowhere, in their order."""
        tree = parse(seed.text)
        if not isinstance(tree, Parsed):
            return Rejected(tree.reason, tree.detail)
        names = [use.name for use in undefined_names(seed.text)]
        if not names:
            return seed
        return rejected("undefined_name", ", ".join(dict.fromkeys(names)))
