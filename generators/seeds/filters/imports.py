"""The imports step: adds the import lines that a function needs and does not have.

A function cut out of its module has lost the module's imports. Names that are used and never bound
are resolved, by our own table or by autoimport, and written to `Seed.imports`. The step rejects
nothing: what it cannot resolve stays undefined, for the next step to find.
"""

import ast
from collections.abc import Iterable
from typing import ClassVar, Literal

import msgspec
from pydantic import field_validator

from veristone.generators.seeds.filters.evidence import usage_of
from veristone.generators.seeds.filters.origins import Import, origins
from veristone.generators.seeds.filters.scopes import Use, undefined_names
from veristone.generators.seeds.filters.settings import check_modules
from veristone.generators.seeds.filters.trees import Parsed, parse
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rule

__all__ = ["Imports", "import_lines", "missing_imports"]


class Imports(Rule, frozen=True):
    """Infers missing imports."""

    kind: Literal["imports"] = "imports"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})

    tool: Literal["table", "autoimport"] = "table"
    """`table`: our own. `autoimport`: what the original pipelines used; finds fewer names."""
    third_party: tuple[str, ...] = ()
    """First parts of modules outside the standard library that may be imported: `numpy`."""

    @field_validator("third_party")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_modules("imports", names, dotted=False)
        return names

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed with the imports that were found. Snippets, and what does not parse, stay
        as they are."""
        if seed.shape == "snippet":
            return seed
        tree = parse(seed.text)
        if not isinstance(tree, Parsed):
            return seed
        found = self._missing(seed.text, tree)
        if not found:
            return seed
        lines = import_lines([*found, *_written(seed.imports)])
        return msgspec.structs.replace(seed, imports=lines)

    def _missing(self, code: str, tree: Parsed) -> list[Import]:
        if self.tool == "table":
            return missing_imports(tree, self.third_party)
        # Heavy, and only for those who ask for it.
        from veristone.generators.seeds.filters.autoimport_tool import added_imports

        return _written(added_imports(code, self.third_party))


def missing_imports(tree: Parsed, third_party: Iterable[str] = ()) -> list[Import]:
    """Return what a module has to import to define its undefined names, as far as that is clear."""
    uses: dict[str, list[Use]] = {}
    for use in undefined_names(tree):
        uses.setdefault(use.name, []).append(use)
    if not uses:
        return []
    parents = _parents(uses, tree)
    allowed = frozenset(third_party)
    return [
        found
        for name in sorted(uses)
        for found in origins(name, usage_of(uses[name], parents), allowed)
    ]


def _parents(uses: dict[str, list[Use]], tree: Parsed) -> dict[int, ast.AST]:
    """Return all nodes by the `id` of the nodes below them, annotations in quotes included."""
    parents = {id(child): node for node in tree.nodes for child in ast.iter_child_nodes(node)}
    for name in uses:
        for use in uses[name]:
            if id(use.node) not in parents:
                parents |= {
                    id(child): node
                    for node in ast.walk(use.parent)
                    for child in ast.iter_child_nodes(node)
                }
    return parents


def import_lines(imports: Iterable[Import]) -> tuple[str, ...]:
    """Return import statements, one for each module, sorted as text, without repetitions."""
    lines: set[str] = set()
    members: dict[str, set[str]] = {}
    for module, name, alias in imports:
        suffix = f" as {alias}" if alias else ""
        if name:
            members.setdefault(module, set()).add(name + suffix)
        else:
            lines.add(f"import {module}{suffix}")
    for module, names in members.items():
        lines.add(f"from {module} import {', '.join(sorted(names))}")
    return tuple(sorted(lines))


def _written(lines: Iterable[str]) -> list[Import]:
    """Return what import lines import; the reverse of `import_lines`."""
    found: list[Import] = []
    for line in lines:
        match ast.parse(line).body:
            case [ast.Import(names=names)]:
                found += [Import(each.name, alias=each.asname or "") for each in names]
            case [ast.ImportFrom(module=str(module), names=names)]:
                found += [Import(module, each.name, each.asname or "") for each in names]
            case _:
                pass
    return found
