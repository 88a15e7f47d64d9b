"""All facts of a run."""

from pathlib import Path

from veristone.loop.report.facts import Facts, RoundRow, VariantRow
from veristone.loop.report.gathering.costs import costs_of, missing_of
from veristone.loop.report.gathering.evaluation import read_evaluations
from veristone.loop.report.gathering.funnel import split_idle, stages_of
from veristone.loop.report.gathering.nearness import nearness
from veristone.loop.report.gathering.origin import commands_of, versions_of, without_paths
from veristone.loop.report.gathering.parts import Parts
from veristone.loop.report.reading.responses import read_verdicts
from veristone.loop.report.reading.run import MAIN, Chain, Run, read_run
from veristone.loop.report.reading.selected import read_rows

__all__ = ["gather"]


def gather(folder: Path) -> Facts:
    """Read a run's folder, whatever state it is in.

    Responses and rows are read once each, in bounded memory: some fifty thousand responses a
    second.
    """
    run = read_run(folder)
    parts = Parts(run)
    evaluations = read_evaluations(parts)
    variants = list(run.variants)
    number = _told_round(run)
    chain = run.chain(MAIN, number)
    stages, idle = split_idle(stages_of(parts, chain))
    facts = Facts(
        name=run.name or folder.resolve().name,
        rounds=run.rounds,
        missing=missing_of(parts),
        funnel=stages,
        funnel_round=number,
        idle=idle,
        training=[
            found.facts
            for step in run.steps.values()
            if step.kind == "training" and (found := parts.training(step)) is not None
        ],
        results=evaluations.results,
        differences=evaluations.differences(variants, run.rounds),
        control=variants[0] if variants else "",
        variants=[_variant(parts, name) for name in (MAIN, *variants)] if variants else [],
        by_round=[
            _round(parts, name, number)
            for number in range(1, run.rounds + 1)
            for name in (MAIN, *variants)
        ],
        costs=costs_of(parts),
        recipe=without_paths(run.recipe),
        versions=versions_of(parts),
        commands=commands_of(parts),
    )
    _read_texts(facts, parts, chain)
    # Last: reading may have found trouble.
    facts.trouble = run.trouble.notes
    return facts


def _told_round(run: Run) -> int:
    """Return the latest round of the main variant that has something to tell."""
    for number in range(run.rounds, 1, -1):
        chain = run.chain(MAIN, number)
        if any(step is not None and step.done for step in (chain.synthesis, chain.selection)):
            return number
    return 1


def _read_texts(facts: Facts, parts: Parts, chain: Chain) -> None:
    """Read the long files: responses, refusals, selected rows."""
    run = parts.run
    if chain.synthesis is not None:
        folder = parts.folder(chain.synthesis)
        facts.verdicts = read_verdicts(folder, chain.synthesis.name, run.trouble)
    if chain.selection is None:
        return
    folder = parts.folder(chain.selection)
    rows = read_rows(folder, run.trouble)
    if rows is not None:
        facts.topics, facts.lengths, facts.strength = rows.topics, rows.lengths, rows.strength
        facts.similarity = nearness(run, folder, rows.rows)


def _round(parts: Parts, variant: str, number: int) -> RoundRow:
    chain = parts.run.chain(variant, number)
    counts, selection = parts.counts(chain.synthesis), parts.funnel(chain.selection)
    return RoundRow(
        round=number,
        variant=variant,
        responses=counts.responses if counts is not None else None,
        passed=counts.passed if counts is not None else None,
        selected=selection.products.get("selected") if selection is not None else None,
        trained=_trained(parts, chain),
    )


def _variant(parts: Parts, name: str) -> VariantRow:
    run = parts.run
    chain = run.chain(name, run.rounds)
    return VariantRow(
        name=name,
        description=run.variants.get(name, ""),
        rows=_trained(parts, chain),
        trained=chain.training.name if chain.training is not None else "",
    )


def _trained(parts: Parts, chain: Chain) -> int | None:
    training, dataset = parts.training(chain.training), parts.dataset(chain.dataset)
    if training is not None and training.facts.samples:
        return training.facts.samples
    return dataset.train if dataset is not None else None
