"""Seeds and rejections, shortened and fit to be shown."""

from dataclasses import dataclass
from typing import NamedTuple

from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.records import Provenance, Rejection, Seed
from veristone.generators.seeds.report.flow import ranked
from veristone.text import excerpt, line

__all__ = ["Cut", "Example", "Rejects", "kept", "rejected"]

_REASONS = 30
"""Reasons of a step or source with examples; the most frequent."""


class Cut(NamedTuple):
    """How much is shown."""

    examples: int
    """Of each kind."""
    lines: int
    width: int
    """Characters of a line of code."""


@dataclass(frozen=True, slots=True)
class Example:
    """One seed or rejected document. All text is visible and bounded; none of it is escaped."""

    name: str
    language: str
    source: str
    where: str
    """Repository, path, lines and commit, as far as the source knows them."""
    licences: str
    detail: str
    """What the step found; empty for kept seeds."""
    code: str
    """Empty where a whole document was rejected."""


class Rejects(NamedTuple):
    """Examples of one reason of one step or source."""

    step: str
    reason: str
    number: int
    given: int
    """What the step or source saw; `number` is a part of it."""
    unit: str
    """What was seen: `seed` or `document`."""
    examples: list[Example]


def kept(funnel: Funnel, cut: Cut) -> list[Example]:
    """Return examples of what became a seed."""
    return [_example(seed, seed.provenance, "", cut) for seed in funnel.examples[: cut.examples]]


def rejected(funnel: Funnel, cut: Cut) -> list[Rejects]:
    """Return examples of what did not: of sources, then of steps; frequent reasons first."""
    found: list[Rejects] = []
    for source in funnel.sources:
        documents = source.documents + sum(source.reasons.values())
        for reason, number in ranked(source.reasons)[:_REASONS]:
            few = _few(source.rejected.get(reason, []), cut)
            found.append(
                Rejects(line(source.source), line(reason), number, documents, "document", few)
            )
    for step in funnel.steps:
        for reason, number in ranked(step.reasons)[:_REASONS]:
            few = _few(step.rejected.get(reason, []), cut)
            found.append(Rejects(line(step.step), line(reason), number, step.given, "seed", few))
    return [one for one in found if one.examples]


def _few(rejections: list[Rejection], cut: Cut) -> list[Example]:
    return [
        _example(one.seed, one.provenance, one.detail, cut) for one in rejections[: cut.examples]
    ]


def _example(seed: Seed | None, provenance: Provenance, detail: str, cut: Cut) -> Example:
    return Example(
        name=line(seed.name, 80) if seed else "",
        language=line(seed.language, 40) if seed else "",
        source=line(provenance.source, 80),
        where=_where(provenance),
        licences=line(", ".join(provenance.licences), 120),
        detail=line(detail),
        code=excerpt(seed.text, cut.lines, cut.width) if seed else "",
    )


def _where(provenance: Provenance) -> str:
    repository, path = line(provenance.repository, 100), line(provenance.path, 200)
    where = f"{repository}: {path}" if repository and path else repository or path
    if provenance.start_line > 0:
        where += f":{provenance.start_line}"
        if provenance.end_line > provenance.start_line:
            where += f"–{provenance.end_line}"
    if provenance.commit:
        where += f" @ {line(provenance.commit[:12])}"
    return where
