"""One file of Go out of an answer and a benchmark's tests.

An answer that stands by itself often brings a `main` and tests of its own, whose names are those of
the benchmark's, and it need not import what these tests use. Go refuses a name that is declared
twice and an import that nobody uses, so what goes takes the imports along that it alone used.
Imports that the answer itself never used stay, and are refused as ever.
"""

import re

from veristone.training.evaluation.benchmarks.braces import without_functions

__all__ = ["go_file"]

_PACKAGE = re.compile(r"^package[ \t]+\w+[^\n]*\n?", re.M)
_IMPORTS = re.compile(r'^import\s*(?:\(([^)]*)\)|((?:[\w.]+[ \t]+)?"[^"\n]+"))[^\n]*\n?', re.M)
_IMPORT = re.compile(r'([\w.]+[ \t]+)?"([^"\n]+)"')
_SHOWN = re.compile(r"^func\s+(?:main\s*\(\s*\)|Test\w*\s*\([^)]*\))[^{}\n]*(?=\{)", re.M)


def go_file(solution: str, prompt: str, tests: str) -> str:
    """Return the text of a program: the solution without what shows it off, then the tests."""
    given, package = _PACKAGE.sub("", solution, count=1), _PACKAGE.search(prompt)
    body = without_functions(_IMPORTS.sub("", given), _SHOWN)
    before, now = _IMPORTS.sub("", given), f"{body}\n{tests}"
    own = _imports(solution)
    kept = {
        path: name
        for path, name in {**_imports(prompt), **own}.items()
        if _uses(now, path, name) or (path in own and not _uses(before, path, name))
    }
    lines = "".join(f'import {name}"{path}"\n' for path, name in kept.items())
    return f"{package[0] if package else ''}\n{lines}{body}\n{tests}"


def _imports(code: str) -> dict[str, str]:
    """Return the name, mostly none, by which each path is imported."""
    groups = "\n".join(found[1] or found[2] for found in _IMPORTS.finditer(code))
    return {path: name for name, path in _IMPORT.findall(groups)}


def _uses(code: str, path: str, name: str) -> bool:
    word = name.strip() or path.rpartition("/")[2]
    return word in "_." or re.search(rf"\b{re.escape(word)}\.", code) is not None
