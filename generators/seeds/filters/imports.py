"""The imports step: adds the import lines that a function needs and does not have.

A function cut out of its module has lost the module's imports. They are known: extraction recorded
what the document says of each name (`extract.bindings`), and the first statement counts whose
module there is. Names that the document binds in another way stay undefined, for the next step to
find; those that it does not bind at all are looked up with autoimport.

Where decorators alone are left undefined, the function goes on without them. The step rejects
nothing.
"""

import ast
from collections.abc import Collection, Iterable
from functools import cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

import msgspec
from pydantic import StringConstraints

from veristone.generators.code.python import Parsed, parse, subtree
from veristone.generators.seeds.filters.names import free_names, undefined_names
from veristone.generators.seeds.filters.stdlib import members, roots
from veristone.generators.seeds.records import Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rule

if TYPE_CHECKING:
    from autoimport.model import SourceCode

__all__ = ["Import", "Imports", "import_lines", "imported"]

_Root = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*$")]


class Import(NamedTuple):
    """One name that is imported."""

    module: str
    name: str = ""
    """What of the module; empty for the module itself."""
    alias: str = ""

    @property
    def binds(self) -> str:
        """The name that it defines."""
        return self.alias or self.name or self.module.partition(".")[0]


class Imports(Rule, frozen=True):
    """Adds missing imports, and leaves out decorators that nothing is known of."""

    kind: Literal["imports"] = "imports"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})

    from_document: bool = True
    """Take the document's own import statements, and ask autoimport for what is left. Without it
    autoimport alone is asked, as in the papers' pipelines: it knows no names of the document."""
    third_party: tuple[_Root, ...] = ()
    """First parts of modules outside the standard library that may be imported: `numpy`."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed with the imports that were found. Snippets, and what does not parse, stay
        as they are."""
        tree = parse(seed.text)
        if seed.shape == "snippet" or not isinstance(tree, Parsed):
            return msgspec.structs.replace(seed, bindings={})
        lines = seed.imports
        found = self._missing(seed)
        if found:
            lines = import_lines([*found, *imported("\n".join(seed.imports))])
        plain = _without_decorators(seed, lines)
        if plain is not None:
            return self.judge(plain)  # without the imports that only a decorator needed
        return msgspec.structs.replace(seed, imports=lines, bindings={})

    def _missing(self, seed: Seed) -> list[Import]:
        found: list[Import] = []
        undefined = {use.name for use in undefined_names(seed.text)}
        names: set[str] = set()
        if self.from_document:
            names = {use.name for use in free_names(seed.text)} & seed.bindings.keys()
        for name in sorted(undefined | names):
            if name in names:
                found += self._of_document(seed.bindings[name], seed.code)
            else:
                found += [one for one in _autoimport(name) if _exists(one, self.third_party)]
        return found

    def _of_document(self, lines: Iterable[str], code: str) -> list[Import]:
        """Return the first import that there is; of several modules below one package, those that
        the code mentions."""
        there = [_standard(one) for line in lines for one in imported(line)]
        there = [one for one in there if _exists(one, self.third_party)]
        if not there or there[0].name or there[0].alias:
            return there[:1]
        modules = [one for one in there if not (one.name or one.alias)]
        return [one for one in modules if one.module in code] or modules[:1]


def _standard(one: Import) -> Import:
    """Return the same thing of the standard library where that has it meanwhile."""
    renamed = one.module == "typing_extensions" and one.name in members("typing")
    return one._replace(module="typing") if renamed else one


def _exists(one: Import, third_party: Collection[str]) -> bool:
    """Whether Python 3.11's standard library has the module and the name, or it is allowed."""
    root, dot, _ = one.module.partition(".")
    if root in third_party:
        return True
    if root not in roots():
        return False
    known = members(one.module)
    if not known:  # private, or of another platform
        return not dot
    return one.name in known or one.name.startswith("_") or not one.name


@cache
def _autoimport(name: str) -> list[Import]:
    """Return what autoimport, the import tool of the original pipelines, says of a name."""
    line = _tool()._find_package(name)  # pyright: ignore[reportPrivateUsage]
    return imported(line) if line is not None else []


@cache
def _tool() -> "SourceCode":
    """Return autoimport's own class with its look-ups on the machine replaced.

    It asks which packages are installed, what is in the current folder, and how the project there
    is called. Answered from the frozen standard library instead, its answers depend on the name
    alone, and nothing of the corpus or of the current folder is ever imported.
    """
    from autoimport.model import SourceCode

    class Isolated(SourceCode):
        @staticmethod
        def _find_package_in_our_project(name: str) -> str | None:
            return None

        @staticmethod
        def _find_package_in_modules(name: str) -> str | None:
            return f"import {name}" if name in roots() else None

        @staticmethod
        def _find_package_in_typing(name: str) -> str | None:
            return f"from typing import {name}" if name in members("typing") else None

    return Isolated("")


def _without_decorators(seed: Seed, lines: Iterable[str]) -> Seed | None:
    """Return a function without its unresolved decorators; None if it is not them alone that keep
    it from running alone."""
    tree = parse(seed.code)
    if not isinstance(tree, Parsed) or tree.function is None or not tree.function.decorator_list:
        return None
    bound = {one.binds for one in imported("\n".join(lines))}
    unresolved = {use.line for use in undefined_names(seed.code) if use.name not in bound}
    gone: set[int] = set()
    for decorator in tree.function.decorator_list:
        inside = range(decorator.lineno, (decorator.end_lineno or decorator.lineno) + 1)
        if not unresolved.isdisjoint(inside):
            gone.update(inside)
    if not gone or unresolved - gone:
        return None
    kept = [line for n, line in enumerate(seed.code.split("\n"), 1) if n not in gone]
    code = "\n".join(kept)
    left = parse(code)
    if not isinstance(left, Parsed) or left.function is None:
        return None
    if any(use.name not in bound for use in undefined_names(code)) or _leaves_the_work(left):
        return None
    return msgspec.structs.replace(seed, id=seed_id(seed.language, code), code=code)


def _leaves_the_work(tree: Parsed) -> bool:
    """Whether a function gives back nothing but its arguments: its decorator does what it says."""
    taken = {node.arg for node in tree.nodes if isinstance(node, ast.arg)}
    values = [node.value for node in tree.nodes if isinstance(node, ast.Return)]
    names = [node for value in values if value is not None for node in subtree(value) or ()]
    return bool(values) and all(
        isinstance(node, ast.Tuple) or (isinstance(node, ast.Name) and node.id in taken)
        for node in names
    )


def imported(code: str) -> list[Import]:
    """Return what the import statements at the top level of some code import, in their order."""
    found: list[Import] = []
    tree = parse(code)
    for node in tree.module.body if isinstance(tree, Parsed) else ():
        match node:
            case ast.Import(names=names):
                found += [Import(each.name, alias=each.asname or "") for each in names]
            case ast.ImportFrom(names=names, module=module, level=level):
                base = "." * level + (module or "")
                found += [Import(base, each.name, each.asname or "") for each in names]
            case _:
                pass
    return found


def import_lines(imports: Iterable[Import]) -> tuple[str, ...]:
    """Return import statements, one for each module, sorted as text, without repetitions."""
    lines: set[str] = set()
    members_of: dict[str, set[str]] = {}
    for module, name, alias in imports:
        suffix = f" as {alias}" if alias and alias != name else ""
        if name:
            members_of.setdefault(module, set()).add(name + suffix)
        else:
            lines.add(f"import {module}{suffix}")
    for module, names in members_of.items():
        lines.add(f"from {module} import {', '.join(sorted(names))}")
    return tuple(sorted(lines))
