"""Seeds for the tests of the rules: made by hand, and cut from the code that is installed here."""

import ast
import random
import sysconfig
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Rejected, Rule

STDLIB = Path(sysconfig.get_paths()["stdlib"])
PACKAGES = Path(sysconfig.get_paths()["purelib"])


def seed(
    code: str,
    language: str = "python",
    shape: str = "function",
    name: str = "f",
    docstring: str = "Return something of the argument.",
    imports: tuple[str, ...] = (),
) -> Seed:
    return Seed(
        id=seed_id(language, ascii(code)),
        code=code,
        language=language,
        shape=shape,
        name=name,
        docstring=docstring,
        imports=imports,
        provenance=Provenance(source="test"),
    )


def reason(rule: Rule, given: Seed) -> str:
    """Why the rule rejects a seed; `kept` if it does not."""
    outcome = rule.judge(given)
    return outcome.reason if isinstance(outcome, Rejected) else "kept"


def modules() -> list[Path]:
    """Files of the standard library and of what is installed, in one fixed random order."""
    paths = [
        path
        for root in (STDLIB, PACKAGES)
        for path in sorted(root.rglob("*.py"))
        if path.stat().st_size < 60_000 and not (root == STDLIB and "site-packages" in path.parts)
    ]
    random.Random(0).shuffle(paths)
    return paths


def functions_of(path: Path) -> Iterator[tuple[ast.Module, str, Seed]]:
    """Documented functions and methods, with the tree and text of their module."""
    try:
        text = path.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, OSError):
        return
    lines = text.splitlines(keepends=True)
    for top in module.body:
        method = isinstance(top, ast.ClassDef)
        for node in top.body if isinstance(top, ast.ClassDef) else [top]:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            docstring = ast.get_docstring(node)
            if not docstring:
                continue
            first = min([each.lineno for each in node.decorator_list] + [node.lineno])
            cut = lines[first - 1 : node.end_lineno]
            margin = len(cut[0]) - len(cut[0].lstrip())
            code = "".join(x[margin:] if not x[:margin].strip() else x for x in cut).rstrip()
            shape = "method" if method else "function"
            yield module, text, seed(code, "python", shape, node.name, docstring)


@cache
def corpus(count: int) -> tuple[Seed, ...]:
    """The first documented functions of `modules`, at most 20 of a file."""
    found: list[Seed] = []
    for path in modules():
        found += [function for _, _, function in list(functions_of(path))[:20]]
        if len(found) >= count:
            break
    return tuple(found[:count])
