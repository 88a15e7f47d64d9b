"""Real Python functions to measure with: those under some directories, by the standard `ast`.

For audits and for counting the background only; seeds come from `generators.seeds.extract`.
"""

import ast
import hashlib
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["RealFunction", "counted", "real_functions"]


class RealFunction(NamedTuple):
    """A function or method of somebody's code."""

    where: str
    """File, relative to the directory it was found under, and line."""
    name: str
    code: str
    documented: bool


def real_functions(roots: Iterable[Path]) -> Iterator[RealFunction]:
    """Yield every different function under `roots`, files in the order of their names.

    Files that are no Python are passed over.
    """
    seen: set[str] = set()
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            for function in _functions_of(path, root):
                if function.code not in seen:
                    seen.add(function.code)
                    yield function


def _functions_of(path: Path, root: Path) -> Iterator[RealFunction]:
    try:
        source = path.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return
    lines = source.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            code = textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno]))
            where = f"{path.relative_to(root)}:{node.lineno}"
            yield RealFunction(where, node.name, code, ast.get_docstring(node) is not None)


def counted(code: str) -> bool:
    """Tell whether a function is of the half that the background is counted in."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[0] in "02468ace"
