"""Where an undefined name comes from: the import table, weighed against how the name is used.

A name may be a module (`time.time()`) or something in one (`time()`); the decision is made by which
of the two the uses are consistent with. Where both are, or neither is, the name stays undefined: a
seed that is lost costs less than a seed whose code means something else than its author wrote.
"""

from collections.abc import Collection
from typing import NamedTuple

from veristone.generators.seeds.filters.evidence import Call, Usage
from veristone.generators.seeds.filters.import_table import (
    ALIASES,
    THIRD_PARTY_ALIASES,
    THIRD_PARTY_MEMBERS,
    Member,
    members_by_name,
)
from veristone.generators.seeds.filters.stdlib import class_attributes, members

__all__ = ["Import", "origins"]


class Import(NamedTuple):
    """One name that is to be imported."""

    module: str
    name: str = ""
    """What of the module; empty for the module itself."""
    alias: str = ""


def origins(name: str, usage: Usage, third_party: Collection[str]) -> list[Import]:
    """Return what has to be imported to define a name; nothing where that is not clear.

    Several imports where several modules below one package are used.

    Args:
        name: the undefined name.
        usage: how the code uses it.
        third_party: first parts of other people's modules that may be used.
    """
    found = [
        imports
        for imports in (
            _standard_module(name, usage),
            _other_module(name, usage, third_party),
            _member(name, usage),
            _other_member(name, usage, third_party),
        )
        if imports
    ]
    return found[0] if len(found) == 1 else []


def _is_module_like(usage: Usage) -> bool:
    """Whether attributes are read, and nothing is done that a module cannot stand."""
    clash = usage.calls or usage.subscripts or usage.operands or usage.annotations or usage.checks
    return bool(usage.chains) and not clash


def _standard_module(name: str, usage: Usage) -> list[Import]:
    module = ALIASES.get(name, name)
    if not members(module) or not _is_module_like(usage):
        return []
    found: set[Import] = set()
    for chain in usage.chains:
        home, read = _walk(module, chain)
        if read and read not in members(home):
            return []
        if name in ALIASES:
            if home != module:
                return []
            found.add(Import(*_split(module), alias=name))
        else:
            found.add(Import(home))
    # `import a.b` binds `a` as well.
    homes = [other.module for other in found]
    return sorted(
        one for one in found if not any(other.startswith(one.module + ".") for other in homes)
    )


def _walk(module: str, chain: tuple[str, ...]) -> tuple[str, str]:
    """Return the module that a chain of attributes ends in, and the name that it reads there."""
    for number, attribute in enumerate(chain):
        below = f"{module}.{attribute}"
        if not members(below) or _is_attribute(below):
            return module, chain[number]
        module = below
    return module, ""


def _is_attribute(module: str) -> bool:
    """Modules that `import` of the package above brings along."""
    return module == "os.path"


def _split(module: str) -> tuple[str, str]:
    """Return what to import for an alias: `os.path` is not to be imported by its own name."""
    return ("os", "path") if module == "os.path" else (module, "")


def _other_module(name: str, usage: Usage, third_party: Collection[str]) -> list[Import]:
    module = THIRD_PARTY_ALIASES.get(name, name)
    if module.partition(".")[0] not in third_party or not usage.chains:
        return []
    if usage.calls or usage.subscripts or usage.operands:
        return []
    return [Import(module, alias="" if name == module else name)]


def _other_member(name: str, usage: Usage, third_party: Collection[str]) -> list[Import]:
    module = THIRD_PARTY_MEMBERS.get(name, "")
    return [Import(module, name)] if module.partition(".")[0] in third_party else []


def _member(name: str, usage: Usage) -> list[Import]:
    fitting = [member for member in members_by_name().get(name, ()) if _fits(member, usage)]
    modules = {member.module for member in fitting}
    if len(modules) != 1:
        return []
    (module,) = modules
    if module == "typing" and name in members("collections.abc") and usage.loads + usage.checks:
        module = "collections.abc"  # those work everywhere
    return [Import(module, name)]


def _fits(member: Member, usage: Usage) -> bool:
    """Whether a name's uses show that it is this member."""
    if not _attributes_fit(member, usage) or not all(_takes(member, call) for call in usage.calls):
        return False
    match member.evidence:
        case "any":
            return True
        case "annotation":
            checked = usage.checks > 0 and _is_class(member)
            return usage.annotations > 0 or checked or _reads_known(member, usage)
        case "generic":
            return usage.generics > 0
        case "call":
            return bool(usage.calls) or _reads_known(member, usage)
        case "operand":
            return usage.operands > 0 or any(call.operand for call in usage.calls)
        case "iterated":
            iterated = any(call.iterated for call in usage.calls)
            return iterated or _reads_known(member, usage)


def _is_class(member: Member) -> bool:
    """Whether `isinstance` takes it."""
    return member.module != "typing" or member.name in members("collections.abc")


def _attributes_fit(member: Member, usage: Usage) -> bool:
    known = class_attributes(f"{member.module}.{member.name}") or frozenset[str]()
    return all(chain[0] in known or chain[0].startswith("__") for chain in usage.chains)


def _reads_known(member: Member, usage: Usage) -> bool:
    known = class_attributes(f"{member.module}.{member.name}")
    return known is not None and any(chain[0] in known for chain in usage.chains)


def _takes(member: Member, call: Call) -> bool:
    if member.arguments is None or call.starred:
        return True
    fewest, most = member.arguments
    return fewest <= call.arguments <= most
