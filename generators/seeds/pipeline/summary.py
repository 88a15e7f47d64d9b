"""Adds up the numbers of all parts into the funnel."""

from collections import Counter
from collections.abc import Sequence
from heapq import nsmallest
from pathlib import Path

from veristone import __version__
from veristone.generators.seeds.funnel import EXAMPLES, Funnel, SourceFunnel, StepFunnel, add, key
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.pipeline.stages import Stage
from veristone.generators.seeds.pipeline.storage import StageFolder

__all__ = ["summarise"]


def summarise(recipe: Recipe, stages: Sequence[Stage], folder: Path) -> Funnel:
    """Return the funnel of all parts that are done."""
    funnel = Funnel(
        recipe=recipe.name,
        digest=stages[-1].digest[:16],
        versions={"veristone": __version__},
        sources=[SourceFunnel(source=source.name) for source in recipe.sources],
    )
    last: StageFolder | None = None
    finished: list[bool] = []
    for stage in stages:
        here = StageFolder(folder / stage.name)
        plan = here.plan()
        if plan is None:
            break
        steps = [StepFunnel(step=step.kind) for step in stage.steps]
        for number in here.done():
            counts = here.counts(number)
            for total, more in zip(steps, counts.steps, strict=True):
                add(total, more)
            if counts.source is not None:
                add(funnel.sources[plan.mine[number][0]], counts.source)
        funnel.steps += steps
        finished.append(here.is_done())
        last = here
    funnel.finished = len(finished) == len(stages) and all(finished)
    if last is not None:
        _describe(funnel, last)
    return funnel


def _describe(funnel: Funnel, last: StageFolder) -> None:
    """Count what the seeds of the last stage are like."""
    languages, licences, lines = Counter[str](), Counter[str](), Counter[int]()
    for number in last.done():
        seeds = last.all_seeds([number])
        funnel.seeds += len(seeds)
        for seed in seeds:
            languages[seed.language] += 1
            licences.update(seed.provenance.licences or ("unknown",))
            lines[seed.code.count("\n") + 1] += 1
        funnel.examples = nsmallest(EXAMPLES, [*funnel.examples, *seeds], key=key)
    funnel.by_language = dict(languages.most_common())
    funnel.licences = dict(licences.most_common())
    funnel.lines = dict(sorted(lines.items()))
