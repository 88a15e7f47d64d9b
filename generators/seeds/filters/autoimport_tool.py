"""autoimport, the import tool of the original pipelines, made to answer alike everywhere.

`autoimport.fix_code` asks the machine: which packages are installed, what is in the current folder,
how the project there is called. Here those three look-ups are answered from the frozen standard
library instead, so its answers depend on the code alone and nothing of the corpus or of the current
folder is ever imported. It is asked for missing imports only; unused imports stay, and imports
inside functions stay where they are.

There is no clock that ends it (the originals had 10 s): an outcome must not depend on a machine's
load. Instead code longer than MAX_CHARACTERS is left alone; that bounds the time (see the tests).
"""

import ast
import warnings
from collections.abc import Collection
from typing import Final

from autoimport.model import SourceCode

from veristone.generators.seeds.filters.stdlib import members, roots

__all__ = ["MAX_CHARACTERS", "added_imports"]

MAX_CHARACTERS: Final = 20_000
"""About 150 lines of 133 characters."""


class _Isolated(SourceCode):
    """autoimport's own class with its look-ups on the machine replaced."""

    @staticmethod
    def _find_package_in_our_project(name: str) -> str | None:
        return None

    @staticmethod
    def _find_package_in_modules(name: str) -> str | None:
        return f"import {name}" if name in roots() else None

    @staticmethod
    def _find_package_in_typing(name: str) -> str | None:
        return f"from typing import {name}" if name in members("typing") else None


def added_imports(code: str, third_party: Collection[str]) -> list[str]:
    """Return the import lines that autoimport would add, in its order; none where it fails.

    Args:
        code: Python that parses.
        third_party: first parts of modules outside the standard library that may be imported;
            lines with others, which autoimport's own table has, are left out.
    """
    if len(code) > MAX_CHARACTERS:
        return []
    try:
        source = _Isolated(code, config={"disable_move_to_top": True}, keep_unused_imports=True)
        before = len(source.imports)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source.fix()
    except Exception:  # its own, or pyflakes': the original text is kept, as in the papers
        return []
    lines = (line.partition("#")[0].strip() for line in source.imports[before:])
    return [line for line in lines if _may_stay(line, third_party)]


def _may_stay(line: str, third_party: Collection[str]) -> bool:
    match ast.parse(line).body:
        case [ast.Import(names=[ast.alias(name=module)])] | [ast.ImportFrom(module=str(module))]:
            root = module.partition(".")[0]
            return root in roots() or root in third_party
        case _:
            return False
