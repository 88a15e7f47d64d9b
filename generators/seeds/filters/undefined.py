"""The undefined rule: rejects seeds that use names which are bound nowhere, see `names`.

At a hundredth of the cost of a type checker and with the same verdict: whatever is undefined here
is an error in Pyright too, so the rule goes before it. Names that exist only in type comments do
not count here. `# noqa` excuses nothing.
"""

from typing import ClassVar, Literal

from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.names import undefined_names
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule, rejected

__all__ = ["Undefined"]


class Undefined(Rule, frozen=True):
    """Rejects seeds with undefined names or wrong syntax."""

    kind: Literal["undefined"] = "undefined"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})
    reasons: ClassVar[tuple[str, ...]] = (
        "undefined_name",
        "syntax_error",
        "too_deep",
        "too_large",
    )

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or the names that are bound nowhere, in their order."""
        tree = parse(seed.text)
        if not isinstance(tree, Parsed):
            return Rejected(tree.reason, tree.detail)
        names = [use.name for use in undefined_names(seed.text)]
        if not names:
            return seed
        return rejected("undefined_name", ", ".join(dict.fromkeys(names)))
