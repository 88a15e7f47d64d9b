"""What a matcher is: it knows the items and looks at one sample at a time."""

from typing import NamedTuple, Protocol

from veristone.generators.seeds.contamination.features import Features

__all__ = ["Match", "Matcher"]


class Match(NamedTuple):
    """What was found in a sample, and by which matcher."""

    matcher: str
    benchmark: str
    task: str
    """The item's label: `HumanEval/12 (longest)`."""
    explanation: str
    """What exactly is alike, for a person."""

    @property
    def detail(self) -> str:
        """One line for a report."""
        return f"{self.task}: {self.explanation}"


class Matcher(Protocol):
    """Finds items in samples in one way."""

    name: str
    """A fixed word: the reason of rejections."""

    def find(self, features: Features) -> Match | None:
        """Return the first item, in the order of the recipe, that is in the sample."""
        ...
