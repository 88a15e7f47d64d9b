"""The modules rule: which modules a seed may import, by its own statements or inferred.

The standard library, by the frozen list of Python 3.11, without a deny list, and what is allowed by
name. The default deny list is that of the original pipelines, which searched for substrings and so
also rejected `import sysconfig`, `from osgeo` and prose such as "from system".

`importlib.import_module` and `__import__` with a literal name count as imports; with any other
argument they are for the safety rule to find.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import StringConstraints

from veristone.generators.code.names import imported_modules
from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.stdlib import roots
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule, rejected

__all__ = ["DENIED", "Modules"]

_Module: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")]

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

    deny: tuple[_Module, ...] = DENIED
    """Modules that may not be imported, with all below them."""
    allow: tuple[_Module, ...] = ()
    """Modules that may, with all below them: other people's (`numpy`), or exceptions from `deny`
    (`os.path`). Where both lists fit a module, the longer entry decides."""

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
