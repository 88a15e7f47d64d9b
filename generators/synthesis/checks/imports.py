"""`imports`: Python that needs modules which the place where it runs does not have."""

from collections.abc import Collection

from veristone.generators.code.names import imported_modules
from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.stdlib import roots
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["foreign_imports"]


def foreign_imports(code: str, allowed: Collection[str]) -> Problem | None:
    """Return the first import of a module outside of the standard library (of Python 3.11) and
    `allowed`; relative imports are from nowhere."""
    tree = parse(code)
    if not isinstance(tree, Parsed):
        return None
    for names in imported_modules(tree):
        root = names[0].partition(".")[0]
        if not root:
            return problem("imports", f"relative import of {names[0]}")
        if root not in roots() and not any(_allowed(name, allowed) for name in names):
            return problem("imports", names[0])
    return None


def _allowed(module: str, allowed: Collection[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in allowed for length in range(1, len(parts) + 1))
