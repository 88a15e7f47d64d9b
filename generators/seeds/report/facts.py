"""The stages of a funnel, from what was found in the corpus to its last step."""

from dataclasses import dataclass

from veristone.generators.pages.numbers import ranked
from veristone.generators.seeds.funnel import Funnel, StepFunnel

__all__ = ["Stage", "stages"]

_NOUNS = {
    "functions": "function",
    "documented": "documented function",
    "candidates": "candidate",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A place where the stream gets thinner: finding, then one step after another."""

    name: str
    """`functions`, `documented` or `candidates` before the first step, then the steps' names."""
    given: int
    kept: int
    step: StepFunnel | None = None
    waiting: int = 0
    """Kept by the stage before, not yet seen by this one; 0 in a finished run."""

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """The reasons for rejections, most frequent first."""
        return ranked(self.step.reasons) if self.step else []

    @property
    def noun(self) -> str:
        """What it counts, in the singular."""
        return "seed" if self.step else _NOUNS[self.name]


def stages(funnel: Funnel) -> list[Stage]:
    """Return the stages from all functions of the corpus to the last step.

    The first stage is where counting begins: its `given` and `kept` are equal. What extraction saw
    is a stage only where it held all candidates (a source of random snippets has candidates but no
    functions), and of stages with equal numbers there is one.
    """
    found = [("candidates", sum(source.candidates for source in funnel.sources))]
    if not funnel.sources and funnel.steps:
        found = [("candidates", funnel.steps[0].given)]
    for name in ("documented", "functions"):
        seen = sum(source.seen.get(name, 0) for source in funnel.sources)
        if seen > found[0][1]:
            found.insert(0, (name, seen))
        elif seen and seen == found[0][1]:
            found[0] = (name, seen)
    counted = [Stage(found[0][0], found[0][1], found[0][1])]
    for name, number in found[1:]:
        counted.append(Stage(name, counted[-1].kept, number))
    for step in funnel.steps:
        waiting = max(0, counted[-1].kept - step.given)
        counted.append(Stage(step.step, step.given, step.kept, step, waiting))
    return counted
