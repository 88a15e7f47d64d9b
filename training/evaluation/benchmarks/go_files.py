"""One file of Go out of an answer and a benchmark's tests.

An answer that stands by itself often brings a `main` and tests of its own, whose names are those of
the benchmark's, and it need not import what these tests use. Go refuses a name that is declared
twice and an import that nobody uses, so what goes takes the imports along that it alone used.
Imports that the answer itself never used stay, and are refused as ever; those that its prompt gave
it go.
"""

import re
from collections.abc import Mapping

from veristone.training.evaluation.benchmarks.braces import without_functions

__all__ = ["go_file", "go_tests"]

_PACKAGE = re.compile(r"^package[ \t]+\w+[^\n]*\n?", re.M)
_IMPORTS = re.compile(r'^import\s*(?:\(([^)]*)\)|((?:[\w.]+[ \t]+)?"[^"\n]+"))[^\n]*\n?', re.M)
_IMPORT = re.compile(r'([\w.]+[ \t]+)?"([^"\n]+)"')
_SHOWN = re.compile(r"^func\s+(?:main\s*\(\s*\)|Test\w*\s*\([^)]*\))[^{}\n]*(?=\{)", re.M)
_SILENT = re.compile(
    r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.[^\'\n]{0,8}|[^\'\\\n])\'|//[^\n]*|/\*.*?\*/', re.S
)
"""Texts and comments, in which no package is used."""


def go_file(solution: str, prompt: str, tests: str = "", *offers: str) -> str:
    """Return the text of a program: the solution without what shows it off, then the tests.

    `prompt` gives the package's name. Its imports and those of `offers` are there for whoever uses
    them.
    """
    given, package = _PACKAGE.sub("", solution, count=1), _PACKAGE.search(prompt)
    before = _IMPORTS.sub("", given)
    body = without_functions(before, _SHOWN)
    own, asked = _imports(solution), _imports(prompt)
    kept = _used(_first_named(solution, prompt, *offers), f"{body}\n{tests}")
    kept |= {
        path: name
        for path, name in own.items()
        if path not in asked and not _used({path: name}, before)
    }
    return _file(package, kept, f"{body}\n{tests}")


def go_tests(tests: str, *offers: str) -> str:
    """Return a file of tests with those imports that it uses, its own or from other texts."""
    body = _IMPORTS.sub("", _PACKAGE.sub("", tests, count=1))
    return _file(_PACKAGE.search(tests), _used(_first_named(tests, *offers), body), body)


def _file(package: re.Match[str] | None, imports: Mapping[str, str], body: str) -> str:
    lines = "".join(f'import {name}"{path}"\n' for path, name in imports.items())
    return f"{package[0] if package else ''}\n{lines}{body}"


def _first_named(*texts: str) -> dict[str, str]:
    """Return what the texts import, without what has the name of an earlier one: `math/rand` behind
    `crypto/rand`."""
    found: dict[str, str] = {}
    for text in texts:
        taken = {_word(path, name) for path, name in found.items()}
        for path, name in _imports(text).items():
            if path not in found and _word(path, name) not in taken:
                found[path] = name
    return found


def _imports(code: str) -> dict[str, str]:
    """Return the name, mostly none, by which each path is imported."""
    groups = "\n".join(found[1] or found[2] for found in _IMPORTS.finditer(code))
    return {path: name for name, path in _IMPORT.findall(groups)}


def _used(imports: Mapping[str, str], code: str) -> dict[str, str]:
    """Return those imports that a text uses."""
    loud = _SILENT.sub(" ", code)
    words = {path: _word(path, name) for path, name in imports.items()}
    return {
        path: name
        for path, name in imports.items()
        if words[path] in "_." or re.search(rf"(?<![\w.]){re.escape(words[path])}\.\s*[A-Z]", loud)
    }


def _word(path: str, name: str) -> str:
    """Return the name that an import has in its file."""
    return name.strip() or path.rpartition("/")[2]
