"""Sections on what models can do: scores, differences over the same tasks, ablations, rounds."""

from collections.abc import Iterator, Sequence

from veristone.generators.seeds.report.figures import DASH, count, points, share
from veristone.generators.seeds.report.sections import Plot
from veristone.loop.report.drawing.curves import Dot, Series, curves, legend
from veristone.loop.report.drawing.whiskers import Whisker, around, whiskers
from veristone.loop.report.facts import Difference, Facts, Result
from veristone.loop.report.reading.run import BASE, MAIN
from veristone.loop.report.views.blocks import Block, Figures, Listing, Section, Table
from veristone.loop.report.views.names import (
    between,
    model_name,
    score_name,
    score_text,
    span_text,
)
from veristone.text import line

__all__ = ["ablations", "evaluation", "rounds"]

_MOST = 24
"""Models in a plot."""
_OPEN = 8
"""Rows of a table that is shown unasked."""
_INTERVALS = (
    "Intervals: 95%, percentile bootstrap over tasks. Differences: over the tasks that both models"
    " have, resampled for both together, so what makes a task hard is the same on both sides."
)


def evaluation(facts: Facts) -> Section:
    """Return scores and differences of all models."""
    blocks: list[Block] = []
    plots = [plot for label in _labels(facts) for plot in _plots(facts, label)]
    if plots:
        blocks.append(Figures(plots))
    if facts.results:
        blocks.append(_scores(facts))
    if facts.differences:
        blocks.append(_differences(facts))
    notes = dict.fromkeys(
        f"{one.label}, {model_name(one.variant, one.round, facts.rounds)}: {line(note)}"
        for one in facts.results
        for note in one.notes
        if not note.startswith("95% interval")
    )
    if notes:
        blocks.append(Listing("What the figures leave out", "\n".join(notes)))
    return Section("evaluation", "Evaluation", [_INTERVALS] if blocks else [], blocks)


def _plots(facts: Facts, label: str) -> Iterator[Plot]:
    rows = [
        Whisker(
            line(model_name(one.variant, one.round, facts.rounds), 80),
            100 * score.low,
            100 * score.mean,
            100 * score.high,
            score_text(score),
            share(score.mean, 1),
            _style(one.variant),
        )
        for one in _of(facts, label)
        if (score := one.main) is not None
    ][:_MOST]
    if not rows:
        return
    first = next(one for one in _of(facts, label) if one.main is not None)
    score = first.main
    assert score is not None
    title = line(label, 60)
    axis = f"% of tasks, {score_name(score, first)}"
    scale = around(value for row in rows for value in (row.low, row.high))
    note = f"{count(max(one.tasks for one in _of(facts, label)))} tasks. {_undecided(facts, label)}"
    yield Plot(title, whiskers(rows, scale, title, axis), note=note.strip())
    gains = [
        Whisker(
            _versus(one, facts.rounds),
            100 * one.low,
            100 * one.mean,
            100 * one.high,
            between(one),
            points(one.mean),
            "total" if one.clear else "plain",
        )
        for one in facts.differences
        if one.label == label and one.variant == MAIN
    ][:_MOST]
    if gains:
        title = f"{title}: what the tuned model gains"
        scale = around(value for row in gains for value in (row.low, row.high))
        drawn = whiskers(gains, scale, title, "points, task by task")
        yield Plot(title, drawn, note="Dark: the interval leaves zero out.")


def _undecided(facts: Facts, label: str) -> str:
    undecided = sum(one.undecided for one in _of(facts, label))
    samples = sum(one.samples for one in _of(facts, label))
    if not undecided:
        return "No sample is undecided."
    return f"{count(undecided)} of {count(samples)} samples are undecided and do not count."


def _style(variant: str) -> str:
    return {BASE: "plain", MAIN: "kept"}.get(variant, "rejected")


def _scores(facts: Facts) -> Table:
    rows = [
        (
            one.label,
            model_name(one.variant, one.round, facts.rounds),
            score_name(score, one),
            share(score.mean, 1),
            span_text(score),
            count(score.tasks or one.tasks),
            count(one.samples),
            count(one.undecided),
            one.settings or DASH,
        )
        for one in facts.results
        for score in one.scores
    ]
    headings = (
        *("benchmark", "model", "measure", "score", "95% interval", "tasks", "samples"),
        *("undecided", "settings"),
    )
    return Table(
        headings,
        rows,
        right=frozenset(range(3, 8)),
        code=frozenset({0}),
        title="All scores",
        most=200,
        folded=len(rows) > _OPEN,
    )


def _differences(facts: Facts) -> Table:
    rows = [
        (
            one.label,
            model_name(one.variant, one.round, facts.rounds),
            model_name(one.other, one.other_round, facts.rounds),
            between(one),
            count(one.tasks),
            "yes" if one.clear else "no",
        )
        for one in facts.differences
    ]
    headings = ("benchmark", "model", "against", "points", "tasks", "leaves zero out")
    return Table(
        headings,
        rows,
        right=frozenset({3, 4}),
        code=frozenset({0}),
        title="Differences over the same tasks",
        most=200,
        folded=len(rows) > _OPEN,
    )


def _versus(one: Difference, rounds: int) -> str:
    is_before = one.other == MAIN
    other = f"round {one.other_round}" if is_before else model_name(one.other, 1, 1)
    here = f"round {one.round} " if rounds > 1 else ""
    return line(f"{here}over {'base model' if one.other == BASE else other}", 90)


def ablations(facts: Facts) -> Section:
    """Return the variants side by side, in the last round that was evaluated."""
    if not facts.variants:
        return Section("ablations", "Ablations")
    labels = _labels(facts)
    last = max((one.round for one in facts.results), default=facts.rounds) or facts.rounds
    rows = [
        (
            model_name(variant.name, 1, 1),
            "all as in the recipe" if variant.name == MAIN else variant.description or DASH,
            count(variant.rows) if variant.rows is not None else DASH,
            *(cell for label in labels for cell in _cells(facts, variant.name, label, last)),
        )
        for variant in facts.variants
    ]
    headings = ["variant", "what differs", "rows trained on"]
    for label in labels:
        headings += [label, "gain"]
    note = "The same loop but for what differs; what is the same was done once."
    if labels:
        note += " Gain: points of the tuned model over the variant, over the same tasks."
    table = Table(headings, rows, right=frozenset(range(2, len(headings))), note=note, most=100)
    lead = [f"In round {last}."] if facts.rounds > 1 else []
    return Section("ablations", "Ablations", lead, [table])


def _cells(facts: Facts, variant: str, label: str, number: int) -> tuple[str, str]:
    results = [
        one
        for one in _of(facts, label)
        if (one.variant, one.round) == (variant, number) and one.main is not None
    ]
    score = results[0].main if results else None
    gains = [
        between(one)
        for one in facts.differences
        if (one.label, one.round, one.variant, one.other) == (label, number, MAIN, variant)
        and one.other_round == number
    ]
    return (
        share(score.mean, 1) if score is not None else DASH,
        gains[0] if gains and variant != MAIN else DASH,
    )


def rounds(facts: Facts) -> Section:
    """Return the run round by round; nothing for a single round."""
    if facts.rounds < 2:
        return Section("rounds", "Rounds")
    plots = [plot for label in _labels(facts) if (plot := _over_rounds(facts, label)) is not None]
    seen = [row for row in facts.by_round if row.responses is not None or row.trained is not None]
    rows = [
        (
            str(row.round),
            model_name(row.variant, 1, 1),
            _number(row.responses),
            _number(row.passed),
            share(row.passed or 0, row.responses or 0) if row.responses else DASH,
            _number(row.selected),
            _number(row.trained),
        )
        for row in seen
    ]
    blocks: list[Block] = [Figures(plots)] if plots else []
    if rows:
        headings = ("round", "variant", "responses", "passed", "of them", "selected", "trained on")
        note = "A round's generator is the model of the round before."
        table = Table(headings, rows, right=frozenset({0, *range(2, 7)}), note=note, most=200)
        blocks.append(table)
    return Section("rounds", "Rounds", (), blocks)


def _over_rounds(facts: Facts, label: str) -> Plot | None:
    base = [one for one in _of(facts, label) if one.variant == BASE]
    names = list(dict.fromkeys(one.variant for one in _of(facts, label) if one.variant != BASE))
    series = [
        Series(
            line(model_name(name, 1, 1), 60),
            _dots([*base, *(one for one in _of(facts, label) if one.variant == name)]),
            marked=True,
        )
        for name in names
    ]
    if not any(len(one.dots) > 1 for one in series):
        return None
    title = line(label, 60)
    told = "; ".join(
        f"{one.name}: " + ", ".join(f"round {dot.x:g} {dot.y:.1f}%" for dot in one.dots)
        for one in series
    )
    drawn = curves(series, title, "round; 0 is the base model. Height: % of tasks", told)
    note = "Pale: the 95% interval over tasks."
    return Plot(title, legend([one.name for one in series]) + drawn, note=note)


def _dots(results: Sequence[Result]) -> list[Dot]:
    return [
        Dot(one.round, 100 * score.mean, 100 * score.low, 100 * score.high)
        for one in results
        if (score := one.main) is not None
    ]


def _labels(facts: Facts) -> list[str]:
    return list(dict.fromkeys(one.label for one in facts.results))


def _of(facts: Facts, label: str) -> list[Result]:
    return [one for one in facts.results if one.label == label]


def _number(value: int | None) -> str:
    return count(value) if value is not None else DASH
