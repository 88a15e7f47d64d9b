"""What the report shows of a funnel, in the order in which it shows it.

A pure view: nothing here is text for people. Orders are fixed (largest first, then by name), so
equal funnels give equal reports.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from veristone.generators.pages.numbers import ranked
from veristone.generators.seeds.funnel import Funnel, SourceFunnel, StepFunnel

__all__ = ["Language", "Speed", "Stage", "also_seen", "languages", "not_read", "speeds", "stages"]

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


class Language(NamedTuple):
    """What became of the candidates of one language."""

    name: str
    given: int
    """At the first step."""
    seeds: int
    steps: tuple[tuple[int, int], ...]
    """Given and kept at each step; zeros where the step saw none."""


class Speed(NamedTuple):
    """How fast something went."""

    name: str
    items: int
    """Functions seen in a source, or seeds that a step judged."""
    cpu_s: float


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


def also_seen(source: SourceFunnel) -> list[tuple[str, int]]:
    """Return what extraction counted besides functions and documented ones, largest first."""
    shown = ("functions", "documented")
    return ranked({name: number for name, number in source.seen.items() if name not in shown})


def not_read(funnel: Funnel) -> list[tuple[str, int]]:
    """Return the reasons why documents of any source were not read, most frequent first."""
    total: Counter[str] = Counter()
    for source in funnel.sources:
        total.update(source.reasons)
    return ranked(total)


def languages(funnel: Funnel) -> list[Language]:
    """Return the languages, the one with most seeds first."""
    first = funnel.steps[0].by_language if funnel.steps else {}
    rows = [
        Language(
            name,
            first[name][0] if name in first else 0,
            funnel.by_language.get(name, 0),
            tuple(step.by_language.get(name, (0, 0)) for step in funnel.steps),
        )
        for name in {**first, **funnel.by_language}
    ]
    rows = [row for row in rows if row.given or row.seeds]
    return sorted(rows, key=lambda row: (-row.seeds, -row.given, row.name))


def speeds(funnel: Funnel) -> list[Speed]:
    """Return how fast sources were mined and steps judged, those whose time was measured.

    Seeds that a step cannot judge cost it nothing, so they do not count.
    """
    mined = [
        Speed(source.source, source.seen.get("functions", 0) or source.candidates, source.cpu_s)
        for source in funnel.sources
    ]
    judged = [
        Speed(step.step, step.given - step.not_applicable, step.cpu_s) for step in funnel.steps
    ]
    return [speed for speed in mined + judged if speed.items > 0 and speed.cpu_s > 0]
