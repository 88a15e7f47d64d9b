"""The modules rule: which modules a seed may import, by its own statements or inferred.

The standard library, by the frozen list of Python 3.11, without a deny list, and what is allowed by
name. The default deny list is that of the original pipelines, which searched for substrings and so
also rejected `import sysconfig`, `from osgeo` and prose such as "from system".

`importlib.import_module` and `__import__` with a literal name count as imports; with any other
argument they are for the safety rule to find.
"""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import field_validator

from veristone import ConfigError
from veristone.generators.code.names import imported_modules
from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.stdlib import roots
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule, rejected

__all__ = ["DENIED", "Modules", "check_modules"]

DENIED = (
    "argparse",
    "distutils",
    "matplotlib",
    "os",
    "seaborn",
    "setuptools",
    "subprocess",
    "sys",
)
"""The deny list of StarCoder2's self-alignment."""


class Modules(Rule, frozen=True):
    """Rejects seeds that import what they may not."""

    kind: Literal["modules"] = "modules"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})

    deny: tuple[str, ...] = DENIED
    """Modules that may not be imported, with all below them."""
    allow: tuple[str, ...] = ()
    """Modules that may, with all below them: other people's (`numpy`), or exceptions from `deny`
    (`os.path`). Where both lists fit a module, the longer entry decides."""

    @field_validator("deny", "allow")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_modules("modules", names)
        return names

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or the first module that it may not import. A snippet that does not parse
        passes."""
        tree = parse(seed.text)
        if not isinstance(tree, Parsed):
            return seed if seed.shape == "snippet" else Rejected("unparsable", tree.detail)
        for names in imported_modules(tree):
            reason = self._reason(names)
            if reason is not None:
                return rejected(reason, names[0] or ".")
        return seed

    def _reason(self, names: tuple[str, ...]) -> str | None:
        if names[0].startswith("."):
            return "relative_import"
        denied, allowed = _longest(names, self.deny), _longest(names, self.allow)
        if denied > allowed:
            return "denied_module"
        if allowed or names[0].partition(".")[0] in roots():
            return None
        return "third_party_module"


def _longest(names: Iterable[str], entries: Iterable[str]) -> int:
    """Return the length of the longest entry that is one of the modules or above it."""
    fitting = (
        len(entry)
        for entry in entries
        for name in names
        if name == entry or name.startswith(entry + ".")
    )
    return max(fitting, default=0)


def check_modules(kind: str, names: Iterable[str], *, dotted: bool = True) -> None:
    """Check that names are names of modules.

    Raises:
        ConfigError: one is not; the message says what it should look like.
    """
    for name in names:
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            raise ConfigError(f"{kind}: {name!r} is not the name of a module; write `numpy`")
        if not dotted and len(parts) > 1:
            raise ConfigError(f"{kind}: {name!r}: give only the part before the first dot")
