"""What runs in worker processes: one part of one stage, from file to file.

A worker is told everything by its arguments and keeps nothing between calls but caches.
"""

import gc
import resource
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from veristone.generators.seeds.extract import AnyExtractor
from veristone.generators.seeds.funnel import EXAMPLES, SourceFunnel, StepFunnel, add, smallest
from veristone.generators.seeds.pipeline.storage import MinePart, PartCounts, StageFolder
from veristone.generators.seeds.records import Rejection, Seed
from veristone.generators.seeds.sources.registry import AnySource
from veristone.generators.seeds.steps import BatchStep, OrderedStep, Outcome, Rejected, Rule, Step

__all__ = ["able", "batch_part", "cpu_of", "mine_part", "settle", "sketch_part"]

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
                _count(funnel, item)
                continue
            funnel.documents += 1
            funnel.content_bytes += len(item.content.encode(errors="surrogatepass"))
            found = extractor.extract(item)
            add(funnel.seen, found.counts)
            kept += found.seeds
    funnel.candidates = len(kept)
    StageFolder(folder).write(number, kept, rejected, PartCounts(kept=len(kept), sources=[funnel]))
    return len(kept)


def batch_part(
    steps: Sequence[BatchStep],
    before: Path,
    parts: tuple[int, int],
    number: int,
    folder: Path,
) -> int:
    """Take the seeds of some parts of the stage before through all steps; return what is left."""
    stage = StageFolder(folder)
    seeds = read_parts(before, parts)
    rejected: list[Rejection] = []
    funnels = [StepFunnel(step=step.kind) for step in steps]
    chain = [
        _Link(step, funnel, stage.work(f"{index}-{step.kind}"))
        for index, (step, funnel) in enumerate(zip(steps, funnels, strict=True))
    ]
    with _collected_once():
        for ruled, links in groupby(chain, lambda link: isinstance(link.step, Rule)):
            some = list(links)
            # Rules share what they parsed of a seed, and what they keep of that is bounded: a few
            # seeds go through all of them before the next few.
            size = _SLICE if ruled else max(1, len(seeds))
            left: list[Seed] = []
            for start in range(0, len(seeds), size):
                left += _through(some, seeds[start : start + size], rejected)
            seeds = left
    stage.write(number, seeds, rejected, PartCounts(kept=len(seeds), steps=funnels))
    return len(seeds)


class _Link(NamedTuple):
    step: BatchStep
    funnel: StepFunnel
    folder: Path


def _through(links: Sequence[_Link], seeds: list[Seed], rejected: list[Rejection]) -> list[Seed]:
    for step, funnel, folder in links:
        given = able(step, seeds)
        with cpu_of(funnel):
            outcomes = step.apply(given, folder) if given else []
        seeds, more = settle(step, seeds, outcomes, funnel)
        rejected += more
    return seeds


@contextmanager
def _collected_once() -> Generator[None]:
    """Collect garbage at the end alone: going over cached trees again and again costs more than
    half of what the rules cost, and none of it is garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def sketch_part(
    step: OrderedStep, before: Path, parts: tuple[int, int]
) -> tuple[list[Seed], Any, float]:
    """Return the seeds of a part, what the step must know of them, and the CPU seconds."""
    seeds = read_parts(before, parts)
    funnel = StepFunnel(step=step.kind)
    with cpu_of(funnel):
        sketch = step.sketch(able(step, seeds))
    return seeds, sketch, funnel.cpu_s


def read_parts(folder: Path, parts: tuple[int, int]) -> list[Seed]:
    """Return the seeds of a range of parts."""
    stage = StageFolder(folder)
    return [seed for number in range(*parts) for seed in stage.seeds(number)]


def able(step: Step, seeds: Iterable[Seed]) -> list[Seed]:
    """Return the seeds that the step can judge."""
    return [seed for seed in seeds if _can_judge(step, seed)]


def _can_judge(step: Step, seed: Seed) -> bool:
    return step.languages is None or seed.language in step.languages


def settle(
    step: Step, seeds: Sequence[Seed], outcomes: Sequence[Outcome], funnel: StepFunnel
) -> tuple[list[Seed], list[Rejection]]:
    """Bring seeds and outcomes together: what is kept, what is rejected, and the numbers.

    Outcomes are of those seeds that the step can judge, in order.
    """
    kept: list[Seed] = []
    rejected: list[Rejection] = []
    answers = iter(outcomes)
    for seed in seeds:
        outcome: Outcome = seed
        if _can_judge(step, seed):
            outcome = next(answers)
        else:
            funnel.not_applicable += 1
        given, stayed = funnel.by_language.get(seed.language, (0, 0))
        if isinstance(outcome, Rejected):
            rejection = Rejection(
                step=step.kind,
                reason=outcome.reason,
                detail=outcome.detail,
                seed=seed,
                provenance=seed.provenance,
            )
            rejected.append(rejection)
            _count(funnel, rejection)
        else:
            if outcome.id != seed.id and outcome.code == seed.code:
                raise ValueError(f"step {step.kind} answered {seed.id} with {outcome.id}")
            kept.append(outcome)
            stayed += 1
        funnel.by_language[seed.language] = (given + 1, stayed)
    if next(answers, None) is not None:
        raise ValueError(f"step {step.kind} gave more outcomes than it was given seeds")
    funnel.given += len(seeds)
    funnel.kept += len(kept)
    return kept, rejected


def _count(funnel: SourceFunnel | StepFunnel, rejection: Rejection) -> None:
    add(funnel.reasons, {rejection.reason: 1})
    few = funnel.rejected.setdefault(rejection.reason, [])
    few.append(rejection)
    if len(few) > 8 * EXAMPLES:
        few[:] = smallest(few, [])
