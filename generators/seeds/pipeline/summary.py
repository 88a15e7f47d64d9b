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
    smallest,
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
    )
    last: StageFolder | None = None
    done_stages = 0
    for stage in stages:
        here = StageFolder(folder / stage.name)
        plan = here.plan()
        if plan is None:
            break
        done = here.done()
        _add_stage(funnel, recipe, stage, here, sorted(done))
        done_stages += len(done) == len(plan)
        last = here
    funnel.finished = done_stages == len(stages)
    if last is not None:
        _describe(funnel, last)
    return funnel


def _add_stage(
    funnel: Funnel, recipe: Recipe, stage: Stage, here: StageFolder, done: list[int]
) -> None:
    sources = [SourceFunnel(source=source.name) for source in recipe.sources]
    steps = [StepFunnel(step=step.kind) for step in stage.steps]
    plan = here.plan()
    for number in done:
        counts = here.counts(number)
        for total, more in zip(steps, counts.steps, strict=True):
            _add_step(total, more)
        if plan is not None and counts.sources:
            _add_source(sources[plan.mine[number].source], counts.sources[0])
    if not stage.steps:
        funnel.sources = sources
    funnel.steps += steps


def _add_step(total: StepFunnel, more: StepFunnel) -> None:
    total.given += more.given
    total.kept += more.kept
    total.not_applicable += more.not_applicable
    total.cpu_s += more.cpu_s
    add(total.unjudged, more.unjudged)
    for language, (given, kept) in more.by_language.items():
        before = total.by_language.get(language, (0, 0))
        total.by_language[language] = (before[0] + given, before[1] + kept)
    _add_reasons(total, more)


def _add_source(total: SourceFunnel, more: SourceFunnel) -> None:
    total.documents += more.documents
    total.content_bytes += more.content_bytes
    add(total.seen, more.seen)
    total.candidates += more.candidates
    total.cpu_s += more.cpu_s
    _add_reasons(total, more)


def _add_reasons(total: StepFunnel | SourceFunnel, more: StepFunnel | SourceFunnel) -> None:
    add(total.reasons, more.reasons)
    for reason, examples in more.rejected.items():
        total.rejected[reason] = smallest(total.rejected.get(reason, []), examples)


def _describe(funnel: Funnel, last: StageFolder) -> None:
    """Count what the seeds of the last stage are like."""
    languages: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    lines: Counter[int] = Counter()
    examples: list[Seed] = []
    for number in sorted(last.done()):
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
