"""Sections on what models can do: scores, differences over the same tasks, rounds, training."""

from collections.abc import Iterator

from veristone.generators.pages.drawing import Curves, Dot, Plot, Series, Whisker, Whiskers
from veristone.generators.pages.numbers import (
    DASH,
    count,
    counted,
    points,
    rate,
    share,
    significant,
)
from veristone.generators.pages.sections import Block, Figures, Listing, Section, Table
from veristone.loop.plan import BASE, MAIN
from veristone.loop.report.facts import Difference, Facts, Result, Training
from veristone.text import line
from veristone.training.evaluation.passk import INTERVAL_METHOD, Score

__all__ = ["between", "evaluation", "rounds", "training"]

_MOST_ROWS, _MOST_LINES = 24, 12
"""Models in a plot of scores, and of curves."""
_OPEN = 8
"""Rows of a table that is shown unasked."""
_INTERVALS = (
    "Intervals: 95%, percentile bootstrap over tasks. Differences: over the tasks that both models"
    " have, resampled for both together, so what makes a task hard is the same on both sides."
)
_CURVES = {
    "loss": ("Loss", "nats per learnt token"),
    "evaluation_loss": ("Loss on samples kept out", "nats per learnt token"),
    "learning_rate": ("Learning rate", "learning rate"),
    "grad_norm": ("Norm of the gradient", "norm, before clipping"),
}


def evaluation(facts: Facts) -> Section:
    """Return the scores of all models, and their differences over the same tasks."""
    plots = [
        plot
        for label, some in _by_benchmark(facts).items()
        for plot in _score_plots(facts, label, some)
    ]
    blocks: list[Block] = [Figures(plots), _score_table(facts)] if facts.results else []
    notes = dict.fromkeys(
        f"{one.label}, {_model(one.variant, one.round, facts.rounds)}: {line(note)}"
        for one in facts.results
        for note in one.figures.notes
        if note != INTERVAL_METHOD
    )
    if notes:
        blocks.append(Listing("What the figures leave out", "\n".join(notes)))
    return Section("evaluation", "Evaluation", blocks, [_INTERVALS])


def between(difference: Difference) -> str:
    """Return a difference in points with its interval: `+8.5 [+2.4, +14.6]`."""
    low, high = points(difference.low), points(difference.high)
    return f"{points(difference.mean)} [{low}, {high}]"


def _model(variant: str, number: int = 1, rounds: int = 1) -> str:
    """Return what a model is called: `base model`, `tuned model`, `no-filter, round 2`."""
    if variant == BASE:
        return "base model"
    name = "tuned model" if variant == MAIN else variant
    return f"{name}, round {number}" if rounds > 1 else name


def _interval(score: Score) -> str:
    return f"[{100 * score.low:.1f}, {100 * score.high:.1f}]"


def _by_benchmark(facts: Facts) -> dict[str, list[tuple[Result, Score]]]:
    """Return the results of each benchmark with the score that is drawn."""
    found: dict[str, list[tuple[Result, Score]]] = {}
    for one in facts.results:
        if one.main is not None:
            found.setdefault(one.label, []).append((one, one.main))
    return found


def _score_plots(facts: Facts, label: str, scored: list[tuple[Result, Score]]) -> Iterator[Plot]:
    styles = {BASE: "plain", MAIN: "kept"}
    rows = [
        Whisker(
            line(_model(one.variant, one.round, facts.rounds), 80),
            100 * score.low,
            100 * score.mean,
            100 * score.high,
            f"{share(score.mean, 1)} {_interval(score)}",
            styles.get(one.variant, "rejected"),
        )
        for one, score in scored
    ]
    undecided = sum(one.figures.undecided for one, _ in scored)
    samples = count(sum(one.figures.samples for one, _ in scored))
    said = f"{count(undecided)} of {samples} samples are undecided and do not count."
    tasks = count(max(one.figures.tasks for one, _ in scored))
    yield Whiskers(
        title=line(label, 60),
        rows=rows[:_MOST_ROWS],
        axis=f"% of tasks, pass@{scored[0][1].k}{' (plus)' if scored[0][0].figures.plus else ''}",
        note=f"{tasks} tasks. {said if undecided else 'No sample is undecided.'}",
    )
    gains = [
        Whisker(
            _versus(one, facts.rounds),
            100 * one.low,
            100 * one.mean,
            100 * one.high,
            between(one),
            "total" if one.clear else "plain",
        )
        for one in facts.differences
        if one.label == label
    ]
    if gains:
        yield Whiskers(
            title=f"{line(label, 60)}: what the tuned model gains",
            rows=gains[:_MOST_ROWS],
            axis="points, task by task",
            note="Dark: the interval leaves zero out.",
        )


def _measures(result: Result) -> dict[str, Score]:
    """Return all scores by `pass@1`, with the tests where there are two kinds."""
    base, plus = result.figures.base, result.figures.plus
    found = {f"pass@{score.k}" + (" (base)" if plus else ""): score for score in base}
    return {**found, **{f"pass@{score.k} (plus)": score for score in plus}}


def _versus(one: Difference, rounds: int) -> str:
    other = f"round {one.other_round}" if one.other == MAIN else _model(one.other)
    return line(f"{f'round {one.round} ' if rounds > 1 else ''}over {other}", 90)


def _score_table(facts: Facts) -> Table:
    rows = [
        (
            one.label,
            _model(one.variant, one.round, facts.rounds),
            measure,
            share(score.mean, 1),
            _interval(score),
            count(score.tasks),
            count(one.figures.samples),
            count(one.figures.undecided),
            one.settings,
        )
        for one in facts.results
        for measure, score in _measures(one).items()
    ]
    headings = "benchmark,model,measure,score,95% interval,tasks,samples,undecided,settings"
    return Table(
        headings.split(","),
        rows,
        range(3, 8),
        frozenset({0}),
        "All scores",
        most=200,
        folded=len(rows) > _OPEN,
    )


def rounds(facts: Facts) -> Section:
    """Return what every round of every variant learnt from."""
    rows = [
        (
            str(row.round),
            _model(row.variant),
            facts.variants.get(row.variant) or DASH,
            _number(row.responses),
            _number(row.passed),
            share(row.passed or 0, row.responses or 0),
            _number(row.selected),
            _number(row.trained),
        )
        for row in facts.by_round
        if row.responses is not None
    ]
    headings = ("round", "variant", "what differs", "responses", "passed", "of them")
    headings = (*headings, "selected", "trained on")
    note = "A round's generator is the model of the round before; what variants share is done once."
    table = Table(headings, rows, (0, *range(3, 8)), note=note, most=200)
    return Section("rounds", "Rounds and variants", [table] if len(rows) > 1 else [])


def training(facts: Facts) -> Section:
    """Return the curves of all trainings, one line each, and a table of them."""
    found = facts.training
    plots = [plot for what in _CURVES for plot in _curve_plots(facts, what)]
    lead = ["A point stands for some neighbouring steps: their mean."]
    if plots and plots[0].banded:
        lead.append("Pale: the least and the largest of them.")
    if len(found) > _MOST_LINES:
        lead.append(f"Drawn: the first {_MOST_LINES} of {counted(len(found), 'training')}.")
    rows = [_training_row(one, facts.rounds) for one in found]
    headings = ("model", "state", "steps", "samples", "tokens seen", "tokens/s", "last loss")
    blocks = [Figures(plots), Table((*headings, "devices"), rows, range(2, 7), most=100)]
    return Section("training", "Training", blocks if found else [], lead if plots else [])


def _curve_plots(facts: Facts, what: str) -> Iterator[Curves]:
    title, height = _CURVES[what]
    series = [
        Series(
            line(_trained(one, facts.rounds), 60),
            [Dot(*point) for point in one.curves[what]],
            what == "evaluation_loss",
        )
        for one in facts.training[:_MOST_LINES]
        if what in one.curves
    ]
    if series:
        axis = f"step; height: {height}"
        yield Curves(title=title, series=series, axis=axis, from_zero=what == "learning_rate")


def _training_row(one: Training, rounds: int) -> tuple[str, ...]:
    wall_s = sum(attempt.wall_s for attempt in one.attempts)
    planned = f" of {count(one.planned_steps)}" if one.planned_steps > one.steps else ""
    devices = dict.fromkeys(name for attempt in one.attempts for name in attempt.devices)
    return (
        _trained(one, rounds),
        one.state,
        f"{count(one.steps)}{planned}",
        count(one.samples),
        count(one.tokens),
        rate(one.tokens, wall_s),
        significant(one.curves["loss"][-1].mean) if "loss" in one.curves else DASH,
        ", ".join(devices) or DASH,
    )


def _trained(one: Training, rounds: int) -> str:
    return ", ".join(_model(name, one.round, rounds) for name in one.variants[:3])


def _number(value: int | None) -> str:
    return count(value) if value is not None else DASH
