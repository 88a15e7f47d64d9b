"""What each rule for duplicates would keep of the same responses, side by side.

All rules see what was chosen, before any of them; each by itself, then the papers' rules together
and ours.
"""

from collections.abc import Sequence
from pathlib import Path

from veristone.generators.selection.duplicates import Duplicates, Sieve
from veristone.generators.synthesis.records import Record

__all__ = ["RULES", "Comparison"]

RULES: dict[str, tuple[Duplicates, ...]] = {
    "same instruction": (Duplicates(of="instruction"),),
    "same response": (Duplicates(of="response"),),
    "function names (StarCoder2-Instruct)": (Duplicates(of="names"),),
    "sets of names (SelfCodeAlign)": (Duplicates(of="name_set"),),
    "same syntax tree": (Duplicates(of="tree"),),
    "similar syntax tree, 0.7": (Duplicates(of="tree", threshold=0.7),),
    "similar code, 0.7": (Duplicates(of="code", threshold=0.7),),
    "similar response, 0.7": (Duplicates(of="response", threshold=0.7),),
    "similar instruction, 0.7": (Duplicates(of="instruction", threshold=0.7),),
    "all of StarCoder2-Instruct": (
        Duplicates(of="instruction"),
        Duplicates(of="response"),
        Duplicates(of="names"),
    ),
    "all of SelfCodeAlign": (
        Duplicates(of="instruction"),
        Duplicates(of="response"),
        Duplicates(of="name_set"),
        Duplicates(of="instruction", threshold=0.7),
        Duplicates(of="response", threshold=0.7),
        Duplicates(of="code", threshold=0.7),
    ),
    "recipe strong": (
        Duplicates(of="instruction", threshold=0.7),
        Duplicates(of="tree"),
        Duplicates(of="code", threshold=0.8),
    ),
}


class Comparison:
    """All rules at work beside one another.

    Args:
        folder: for what they remember.
    """

    def __init__(self, folder: Path) -> None:
        self.given = 0
        self._chains = {
            name: [Sieve(rule, folder / f"{number}" / rule.name) for rule in rules]
            for number, (name, rules) in enumerate(RULES.items())
        }
        self._kept = dict.fromkeys(RULES, 0)

    def add(self, records: Sequence[Record]) -> None:
        """Show all rules some responses."""
        self.given += len(records)
        for name, sieves in self._chains.items():
            left = list(records)
            for sieve in sieves:
                found = sieve.judge(left)
                left = [one for one, other in zip(left, found, strict=True) if other is None]
            self._kept[name] += len(left)

    def kept(self) -> dict[str, int]:
        """Return how many responses each rule, or chain of rules, keeps."""
        return dict(self._kept)
