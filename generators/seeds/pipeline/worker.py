"""One part of one stage, from file to file: what runs in worker processes.

A worker is told everything by its arguments and keeps nothing between calls but caches.
"""

import gc
import resource
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from veristone.generators.seeds.extract import AnyExtractor
from veristone.generators.seeds.funnel import SourceFunnel, StepFunnel, note
from veristone.generators.seeds.pipeline.storage import MinePart, PartCounts, StageFolder
from veristone.generators.seeds.records import Rejection, Seed
from veristone.generators.seeds.sources.registry import AnySource
from veristone.generators.seeds.steps import (
    BatchStep,
    Flagged,
    OrderedStep,
    Outcome,
    Rejected,
    Rule,
    Step,
)

__all__ = ["Sorted", "batch_part", "cpu_of", "judged_by", "mine_part", "sketch_part", "sort_out"]

_SLICE = 500
"""Seeds; the rules' cache of parsed code holds some thousands."""


@contextmanager
def cpu_of(funnel: SourceFunnel | StepFunnel) -> Generator[None]:
    """Add the CPU seconds of this process and of the children that ended meanwhile."""
    before = _cpu_s()
    try:
        yield
    finally:
        funnel.cpu_s += _cpu_s() - before


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def mine_part(
    source: AnySource, extractor: AnyExtractor, mine: MinePart, number: int, folder: Path
) -> int:
    """Read a part of a source and extract its candidates; return how many."""
    funnel = SourceFunnel(source=source.name)
    kept: list[Seed] = []
    rejected: list[Rejection] = []
    with cpu_of(funnel):
        for item in source.read(mine.part):
            if isinstance(item, Rejection):
                rejected.append(item)
                note(funnel.reasons, funnel.rejected, item)
                continue
            funnel.documents += 1
            funnel.content_bytes += len(item.content.encode(errors="surrogatepass"))
            found = extractor.extract(item)
            for what, count in found.counts.items():
                funnel.seen[what] = funnel.seen.get(what, 0) + count
            kept += found.seeds
    funnel.candidates = len(kept)
    StageFolder(folder).write(number, kept, rejected, PartCounts(kept=len(kept), sources=[funnel]))
    return len(kept)


def batch_part(
    steps: Sequence[BatchStep], before: Path, parts: tuple[int, int], number: int, folder: Path
) -> int:
    """Take the seeds of some parts of the stage before through all steps; return what is left."""
    stage = StageFolder(folder)
    seeds = StageFolder(before).all_seeds(range(*parts))
    rejected: list[Rejection] = []
    funnels = [StepFunnel(step=step.kind) for step in steps]
    chain = [
        _Link(step, funnel, stage.work(index, step))
        for index, (step, funnel) in enumerate(zip(steps, funnels, strict=True))
    ]
    # Going over cached trees again and again costs more than half of what the rules cost, and none
    # of it is garbage.
    gc.disable()
    try:
        for ruled, links in groupby(chain, lambda link: isinstance(link.step, Rule)):
            some = list(links)
            # Rules share what they parsed of a seed, and what they keep of that is bounded: a few
            # seeds go through all of them before the next few.
            size = _SLICE if ruled else max(1, len(seeds))
            left: list[Seed] = []
            for start in range(0, len(seeds), size):
                left += _through(some, seeds[start : start + size], rejected)
            seeds = left
    finally:
        gc.enable()
        gc.collect()
    stage.write(number, seeds, rejected, PartCounts(kept=len(seeds), steps=funnels))
    return len(seeds)


class _Link(NamedTuple):
    step: BatchStep
    funnel: StepFunnel
    folder: Path


def _through(links: Sequence[_Link], seeds: list[Seed], rejected: list[Rejection]) -> list[Seed]:
    for step, funnel, folder in links:
        given = judged_by(step, seeds)
        with cpu_of(funnel):
            outcomes = step.apply(given, folder) if given else []
        seeds, more = sort_out(step, seeds, outcomes, funnel)
        rejected += more
    return seeds


def sketch_part(
    step: OrderedStep, before: Path, parts: tuple[int, int]
) -> tuple[list[Seed], Sequence[Any], float]:
    """Return the seeds of a part, what the step must know of each, and the CPU seconds."""
    seeds = StageFolder(before).all_seeds(range(*parts))
    funnel = StepFunnel(step=step.kind)
    with cpu_of(funnel):
        sketch = step.sketch(judged_by(step, seeds))
    return seeds, sketch, funnel.cpu_s


def judged_by(step: Step, seeds: Sequence[Seed]) -> list[Seed]:
    """Return the seeds of languages that the step can judge."""
    known = step.languages
    return [seed for seed in seeds if known is None or seed.language in known]


class Sorted(NamedTuple):
    """Seeds after a step."""

    kept: list[Seed]
    rejected: list[Rejection]


def sort_out(
    step: Step, seeds: Sequence[Seed], outcomes: Sequence[Outcome], funnel: StepFunnel
) -> Sorted:
    """Bring seeds and outcomes together: what is kept, what is rejected, and the numbers.

    Outcomes are of those seeds that `judged_by` returns, in order.
    """
    sorted_ = Sorted([], [])
    answers = iter(outcomes)
    for seed in seeds:
        outcome: Outcome = seed
        if step.languages is None or seed.language in step.languages:
            outcome = next(answers)
        else:
            funnel.not_applicable += 1
        given, stayed = funnel.by_language.get(seed.language, (0, 0))
        if isinstance(outcome, Rejected):
            rejection = _explained(step, seed, outcome)
            sorted_.rejected.append(rejection)
            note(funnel.reasons, funnel.rejected, rejection)
        else:
            if isinstance(outcome, Flagged):
                note(funnel.flagged, funnel.flags, _explained(step, seed, outcome))
                outcome = outcome.seed
            if outcome.id != seed.id and outcome.code == seed.code:
                raise ValueError(f"step {step.kind} answered {seed.id} with {outcome.id}")
            sorted_.kept.append(outcome)
            stayed += 1
        funnel.by_language[seed.language] = (given + 1, stayed)
    if next(answers, None) is not None:
        raise ValueError(f"step {step.kind} gave more outcomes than it was given seeds")
    funnel.given += len(seeds)
    funnel.kept += len(sorted_.kept)
    return sorted_


def _explained(step: Step, seed: Seed, outcome: Rejected | Flagged) -> Rejection:
    return Rejection(
        step=step.kind,
        reason=outcome.reason,
        detail=outcome.detail,
        seed=seed,
        provenance=seed.provenance,
    )
