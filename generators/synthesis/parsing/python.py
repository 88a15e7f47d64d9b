"""Test code that is run behind the code it tests."""

import ast
from collections.abc import Collection

from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.stdlib import roots

__all__ = ["without_imports_of"]


def without_imports_of(code: str, names: Collection[str]) -> str:
    """Return a program without those imports at its top that name nothing but `names`, from modules
    that are not the standard library's: `from solution import f`, where the solution stands in the
    same file."""
    tree = parse(code)
    if not isinstance(tree, Parsed) or "import" not in code:
        return code
    lines = code.split("\n")
    for node in reversed(tree.module.body):
        if not isinstance(node, ast.ImportFrom) or any(alias.asname for alias in node.names):
            continue
        known = (node.module or "").partition(".")[0] in roots() and not node.level
        alone = not any(
            other is not node and other.lineno <= (node.end_lineno or 0) <= (other.end_lineno or 0)
            for other in tree.module.body
        )
        if not known and alone and all(alias.name in names for alias in node.names):
            lines[node.lineno - 1 : node.end_lineno] = []
    return "\n".join(lines)
