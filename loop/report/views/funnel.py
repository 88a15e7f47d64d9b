"""The section on how source files became training rows."""

from dataclasses import replace
from itertools import groupby

from veristone.generators.seeds.report.figures import count, share
from veristone.generators.seeds.report.plots import Bar, Group
from veristone.generators.seeds.report.sections import scaled
from veristone.generators.seeds.report.words import counted
from veristone.loop.report.facts import Facts, Stage
from veristone.loop.report.views.blocks import Block, Figures, Section, Table
from veristone.text import line

__all__ = ["funnel", "of_given"]

_PARTS = {
    "seeds": "Seeds",
    "synthesis": "Synthesis",
    "selection": "Selection",
    "dataset": "Dataset",
    "training": "Training",
}
_MOST_REASONS = 4


def funnel(facts: Facts) -> Section:
    """Return the funnel as bars and as a table with reasons."""
    stages = facts.funnel
    if not stages:
        return Section("funnel", "From source files to training rows")
    groups = [
        Group(_PARTS[part], "", "", [_bar(stage) for stage in some])
        for part, some in groupby(stages, lambda stage: stage.part)
    ]
    plot = scaled(groups, "What is left after each stage", "", apart=True)
    note = (
        "Pale: what the stage was given. Per cent: of that; × where a stage makes several of one."
    )
    blocks: list[Block] = [Figures([replace(plot, note=note)], wide=True), _table(stages)]
    lead: list[str] = []
    if facts.rounds > 1:
        lead.append(f"Of the main variant's round {facts.funnel_round}.")
    if facts.idle:
        names = ", ".join(line(name, 40) for name in facts.idle)
        lead.append(f"Steps of selection that rejected nothing: {names}.")
    return Section("funnel", "From source files to training rows", lead, blocks)


def of_given(stage: Stage) -> str:
    """Return what a stage kept of what it was given: `20.8%`, or `×9.9` where it makes more."""
    if stage.kept > stage.given > 0:
        return f"×{stage.kept / stage.given:.1f}"
    return share(stage.kept, stage.given)


def _bar(stage: Stage) -> Bar:
    style = "total" if stage.part in ("dataset", "training") else "kept"
    # Where more comes out than went in, what went in would lie hidden.
    behind = stage.given if stage.given > stage.kept else 0
    return Bar(line(stage.name, 60), stage.kept, count(stage.kept), of_given(stage), style, behind)


def _table(stages: list[Stage]) -> Table:
    rows: list[tuple[str, ...]] = []
    for stage in stages:
        reasons = [f"{one.name} {count(one.number)}" for one in stage.reasons[:_MOST_REASONS]]
        rest = stage.reasons[_MOST_REASONS:]
        if rest:
            number = sum(one.number for one in rest)
            reasons.append(f"{counted(len(rest), 'other')} {count(number)}")
        rows.append(
            (
                _PARTS[stage.part],
                stage.name,
                count(stage.given),
                count(stage.kept),
                of_given(stage),
                ", ".join(reasons),
            )
        )
    return Table(
        ("part", "stage", "given", "kept", "of given", "main reasons"),
        rows,
        right=frozenset({2, 3, 4}),
        code=frozenset({1}),
        most=100,
        side=frozenset({5}),
    )
