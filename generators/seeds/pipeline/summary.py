"""Adds up the numbers of all parts into the funnel."""

from collections import Counter
from collections.abc import Sequence
from heapq import nsmallest
from pathlib import Path

from veristone import __version__
from veristone.generators.seeds.funnel import (
    EXAMPLES,
    Funnel,
    SourceFunnel,
    StepFunnel,
    add,
    key,
)
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.pipeline.stages import Stage
from veristone.generators.seeds.pipeline.storage import StageFolder
from veristone.generators.seeds.records import Seed

__all__ = ["summarise"]


def summarise(
    recipe: Recipe,
    stages: Sequence[Stage],
    folder: Path,
    wall_s: float,
    processes: int,
    versions: dict[str, str],
) -> Funnel:
    """Return the funnel of all parts that are done."""
    funnel = Funnel(
        recipe=recipe.name,
        digest=stages[-1].digest[:16],
        versions={"veristone": __version__} | versions,
        wall_s=wall_s,
        processes=processes,
        sources=[SourceFunnel(source=source.name) for source in recipe.sources],
    )
    begun: list[StageFolder] = []
    for stage in stages:
        here = StageFolder(folder / stage.name)
        plan = here.plan()
        if plan is None:
            break
        begun.append(here)
        steps = [StepFunnel(step=step.kind) for step in stage.steps]
        for number in here.done():
            counts = here.counts(number)
            for total, more in zip(steps, counts.steps, strict=True):
                add(total, more)
            for more in counts.sources:
                add(funnel.sources[plan.mine[number].source], more)
        funnel.steps += steps
    funnel.finished = len(begun) == len(stages) and all(here.is_done() for here in begun)
    if begun:
        _describe(funnel, begun[-1])
    return funnel


def _describe(funnel: Funnel, last: StageFolder) -> None:
    """Count what the seeds of the last stage are like."""
    languages: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    lines: Counter[int] = Counter()
    examples: list[Seed] = []
    for number in last.done():
        for seed in last.seeds(number):
            funnel.seeds += 1
            languages[seed.language] += 1
            licences.update(seed.provenance.licences or ("unknown",))
            lines[seed.code.count("\n") + 1] += 1
            examples.append(seed)
        examples = nsmallest(EXAMPLES, examples, key=key)
    funnel.by_language = dict(languages.most_common())
    funnel.licences = dict(licences.most_common())
    funnel.lines = dict(sorted(lines.items()))
    funnel.examples = examples
