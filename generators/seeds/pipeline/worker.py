"""One part of one stage, from file to file: what runs in worker processes.

A worker is told everything by its arguments and keeps nothing between calls but caches.
"""

import gc
import resource
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from veristone.generators.seeds.extract import AnyExtractor
from veristone.generators.seeds.funnel import SourceFunnel, StepFunnel, note
from veristone.generators.seeds.pipeline.storage import PartCounts, StageFolder
from veristone.generators.seeds.records import Rejection, Seed
from veristone.generators.seeds.sources import AnySource
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.steps import (
    BatchStep,
    Flagged,
    Outcome,
    Rejected,
    Step,
    Unjudged,
)

__all__ = ["batch_part", "cpu_of", "judged_by", "mine_part", "sort_out"]

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
    source: AnySource, extractor: AnyExtractor, part: Part, number: int, folder: Path
) -> int:
    """Read a part of a source and extract its candidates; return how many."""
    funnel = SourceFunnel(source=source.name)
    kept: list[Seed] = []
    rejected: list[Rejection] = []
    with cpu_of(funnel):
        for item in source.read(part):
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
    StageFolder(folder).write(number, kept, rejected, PartCounts(kept=len(kept), source=funnel))
    return len(kept)


def batch_part(
    steps: Sequence[BatchStep], before: Path, parts: tuple[int, int], number: int, folder: Path
) -> int:
    """Take the seeds of some parts of the stage before through all steps; return what is left."""
    stage = StageFolder(folder)
    given = StageFolder(before).all_seeds(range(*parts))
    # Rules share what they parsed of a seed, and what they keep of that is bounded: a few seeds go
    # through all of them before the next few.
    size = len(given) or 1 if steps[0].gathers else _SLICE
    funnels = [StepFunnel(step=step.kind) for step in steps]
    kept: list[Seed] = []
    rejected: list[Rejection] = []
    # Going over cached trees again and again costs more than half of what the rules cost, and none
    # of it is garbage.
    gc.disable()
    for start in range(0, len(given), size):
        seeds = given[start : start + size]
        for index, (step, funnel) in enumerate(zip(steps, funnels, strict=True)):
            judged = judged_by(step, seeds)
            with cpu_of(funnel):
                outcomes = step.apply(judged, stage.work(index, step)) if judged else []
            seeds, more = sort_out(step, seeds, outcomes, funnel)
            rejected += more
        kept += seeds
    gc.collect()
    stage.write(number, kept, rejected, PartCounts(kept=len(kept), steps=funnels))
    return len(kept)


def judged_by(step: Step, seeds: Sequence[Seed]) -> list[Seed]:
    """Return the seeds of languages that the step can judge."""
    return [seed for seed in seeds if step.languages is None or seed.language in step.languages]


def sort_out(
    step: Step, seeds: Sequence[Seed], outcomes: Sequence[Outcome], funnel: StepFunnel
) -> tuple[list[Seed], list[Rejection]]:
    """Return the seeds that go on and the rejections, and count them.

    Args:
        step: that decided.
        seeds: all that came to it; those of languages that it cannot judge go on.
        outcomes: of those that `judged_by` returns, in order.
        funnel: the step's numbers, to which these are added.
    """
    kept: list[Seed] = []
    rejected: list[Rejection] = []
    answers = iter(outcomes)
    for seed in seeds:
        judged = step.languages is None or seed.language in step.languages
        outcome = next(answers) if judged else seed
        funnel.not_applicable += not judged
        given, stayed = funnel.by_language.get(seed.language, (0, 0))
        if isinstance(outcome, Rejected):
            rejected.append(_explained(step, seed, outcome))
            note(funnel.reasons, funnel.rejected, rejected[-1])
        else:
            if isinstance(outcome, Flagged):
                note(funnel.flagged, funnel.flags, _explained(step, seed, outcome))
            if isinstance(outcome, Unjudged):
                funnel.unjudged[outcome.reason] = funnel.unjudged.get(outcome.reason, 0) + 1
            if isinstance(outcome, Flagged | Unjudged):
                outcome = outcome.seed
            kept.append(outcome)
            stayed += 1
        funnel.by_language[seed.language] = (given + 1, stayed)
    funnel.given += len(seeds)
    funnel.kept += len(kept)
    return kept, rejected


def _explained(step: Step, seed: Seed, outcome: Rejected | Flagged) -> Rejection:
    return Rejection(
        step=step.kind,
        reason=outcome.reason,
        detail=outcome.detail,
        seed=seed,
        provenance=seed.provenance,
    )
