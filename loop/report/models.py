"""Sections on what models can do: scores, differences over the same tasks, rounds, training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from veristone.generators.pages.drawing import Curves, Dot, Plot, Series, Whisker, Whiskers
from veristone.generators.pages.numbers import (
    DASH,
    count,
    counted,
    duration,
    points,
    rate,
    share,
    significant,
)
from veristone.generators.pages.sections import Block, Figures, Listing, Section, Table
from veristone.loop.report.facts import Difference, Facts, Result, Score, Training
from veristone.loop.report.run import BASE, MAIN
from veristone.text import line

__all__ = ["between", "model_sections"]

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


def model_sections(facts: Facts) -> list[Section]:
    """Return evaluation, ablations, rounds; and training, which stands further down."""
    evaluation = _evaluation(facts)
    lead = [f"In round {_last_round(facts)}."] if facts.rounds > 1 else []
    return [
        Section("evaluation", "Evaluation", evaluation, [_INTERVALS]),
        Section("ablations", "Ablations", [_ablations(facts)] if facts.variants else [], lead),
        Section("rounds", "Rounds", _rounds(facts) if facts.rounds > 1 else []),
        _training(facts),
    ]


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


def _measure(score: Score, result: Result) -> str:
    """Return `pass@1`, with the tests where there are two kinds."""
    kinds = {one.tests for one in result.scores}
    return f"pass@{score.k}" + (f" ({score.tests})" if len(kinds) > 1 else "")


def _interval(score: Score) -> str:
    return f"[{100 * score.low:.1f}, {100 * score.high:.1f}]"


@dataclass(frozen=True, slots=True)
class _Benchmark:
    """All results of one benchmark."""

    label: str
    results: list[Result]

    @property
    def scored(self) -> list[tuple[Result, Score]]:
        return [(one, score) for one in self.results if (score := one.main) is not None]

    def of(self, variant: str, number: int) -> Score | None:
        found = (
            score for one, score in self.scored if (one.variant, one.round) == (variant, number)
        )
        return next(found, None)


def _benchmarks(facts: Facts) -> list[_Benchmark]:
    found: dict[str, list[Result]] = {}
    for one in facts.results:
        found.setdefault(one.label, []).append(one)
    return [_Benchmark(label, some) for label, some in found.items()]


def _evaluation(facts: Facts) -> list[Block]:
    blocks: list[Block] = []
    plots = [plot for each in _benchmarks(facts) for plot in _score_plots(facts, each)]
    if plots:
        blocks.append(Figures(plots, in_text=False))
    if facts.results:
        blocks.append(_score_table(facts))
    if facts.differences:
        blocks.append(_difference_table(facts))
    notes = dict.fromkeys(
        f"{one.label}, {_model(one.variant, one.round, facts.rounds)}: {line(note)}"
        for one in facts.results
        for note in one.notes
        if not note.startswith("95% interval")
    )
    if notes:
        blocks.append(Listing("What the figures leave out", "\n".join(notes)))
    return blocks


def _score_plots(facts: Facts, benchmark: _Benchmark) -> Iterator[Plot]:
    scored = benchmark.scored
    if not scored:
        return
    styles = {BASE: "plain", MAIN: "kept"}
    rows = [
        Whisker(
            line(_model(one.variant, one.round, facts.rounds), 80),
            100 * score.low,
            100 * score.mean,
            100 * score.high,
            f"{share(score.mean, 1)} {_interval(score)}",
            share(score.mean, 1),
            styles.get(one.variant, "rejected"),
        )
        for one, score in scored
    ]
    undecided = sum(one.undecided for one in benchmark.results)
    samples = count(sum(one.samples for one in benchmark.results))
    said = f"{count(undecided)} of {samples} samples are undecided and do not count."
    tasks = count(max(one.tasks for one in benchmark.results))
    yield Whiskers(
        title=line(benchmark.label, 60),
        rows=rows[:_MOST_ROWS],
        axis=f"% of tasks, {_measure(scored[0][1], scored[0][0])}",
        note=f"{tasks} tasks. {said if undecided else 'No sample is undecided.'}",
    )
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
        if (one.label, one.variant) == (benchmark.label, MAIN)
    ]
    if gains:
        yield Whiskers(
            title=f"{line(benchmark.label, 60)}: what the tuned model gains",
            rows=gains[:_MOST_ROWS],
            axis="points, task by task",
            note="Dark: the interval leaves zero out.",
        )


def _versus(one: Difference, rounds: int) -> str:
    other = f"round {one.other_round}" if one.other == MAIN else _model(one.other)
    return line(f"{f'round {one.round} ' if rounds > 1 else ''}over {other}", 90)


def _score_table(facts: Facts) -> Table:
    rows = [
        (
            one.label,
            _model(one.variant, one.round, facts.rounds),
            _measure(score, one),
            share(score.mean, 1),
            _interval(score),
            count(score.tasks or one.tasks),
            count(one.samples),
            count(one.undecided),
            one.settings or DASH,
        )
        for one in facts.results
        for score in one.scores
    ]
    headings = "benchmark,model,measure,score,95% interval,tasks,samples,undecided,settings"
    return _looked_up("All scores", headings, rows, range(3, 8))


def _difference_table(facts: Facts) -> Table:
    rows = [
        (
            one.label,
            _model(one.variant, one.round, facts.rounds),
            _model(one.other, one.other_round, facts.rounds),
            between(one),
            count(one.tasks),
            "yes" if one.clear else "no",
        )
        for one in facts.differences
    ]
    headings = "benchmark,model,against,points,tasks,leaves zero out"
    return _looked_up("Differences over the same tasks", headings, rows, range(3, 5))


def _looked_up(title: str, headings: str, rows: Sequence[Sequence[str]], numbers: range) -> Table:
    code, folded = frozenset({0}), len(rows) > _OPEN
    names = headings.split(",")
    return Table(names, rows, numbers, code, title, most=200, folded=folded)


def _last_round(facts: Facts) -> int:
    return max((one.round for one in facts.results), default=facts.rounds) or facts.rounds


def _ablations(facts: Facts) -> Table:
    """Return the variants side by side, in the last round that was evaluated."""
    last = _last_round(facts)
    benchmarks = _benchmarks(facts)
    gains = {
        (one.label, one.other): between(one)
        for one in facts.differences
        if (one.variant, one.round, one.other_round) == (MAIN, last, last)
    }
    rows: list[list[str]] = []
    for variant in facts.variants:
        differs = "all as in the recipe" if variant.name == MAIN else variant.description or DASH
        row = [_model(variant.name), differs, _number(variant.rows)]
        for each in benchmarks:
            score = each.of(variant.name, last)
            row.append(share(score.mean, 1) if score is not None else DASH)
            row.append(gains.get((each.label, variant.name), DASH))
        rows.append(row)
    headings = ["variant", "what differs", "rows trained on"]
    headings += [name for each in benchmarks for name in (each.label, "gain")]
    note = "The same loop but for what differs; what is the same was done once."
    if benchmarks:
        note += " Gain: points of the tuned model over the variant, over the same tasks."
    return Table(headings, rows, range(2, len(headings)), note=note, most=100)


def _rounds(facts: Facts) -> list[Block]:
    plots = [plot for each in _benchmarks(facts) for plot in _over_rounds(each)]
    rows = [
        (
            str(row.round),
            _model(row.variant),
            _number(row.responses),
            _number(row.passed),
            share(row.passed or 0, row.responses) if row.responses else DASH,
            _number(row.selected),
            _number(row.trained),
        )
        for row in facts.by_round
        if row.responses is not None or row.trained is not None
    ]
    blocks: list[Block] = [Figures(plots)] if plots else []
    if rows:
        headings = ("round", "variant", "responses", "passed", "of them", "selected", "trained on")
        note = "A round's generator is the model of the round before."
        blocks.append(Table(headings, rows, (0, *range(2, 7)), note=note, most=200))
    return blocks


def _over_rounds(benchmark: _Benchmark) -> Iterator[Plot]:
    lines: dict[str, list[Dot]] = {}
    base: list[Dot] = []
    for one, score in benchmark.scored:
        dot = Dot(one.round, 100 * score.mean, 100 * score.low, 100 * score.high)
        if one.variant == BASE:
            base.append(dot)
        else:
            lines.setdefault(line(_model(one.variant), 60), list(base)).append(dot)
    if any(len(dots) > 1 for dots in lines.values()):
        told = "; ".join(
            f"{name}: " + ", ".join(f"round {dot.x:g} {dot.y:.1f}%" for dot in dots)
            for name, dots in lines.items()
        )
        yield Curves(
            title=line(benchmark.label, 60),
            series=[Series(name, dots, marked=True) for name, dots in lines.items()],
            axis="round; 0 is the base model. Height: % of tasks",
            told=told,
            note="Pale: the 95% interval over tasks.",
        )


def _training(facts: Facts) -> Section:
    """Return the curves of all trainings, one line each, and a table of them."""
    found = facts.training
    plots = [plot for what in _CURVES for plot in _curve_plots(facts, what)]
    blocks: list[Block] = [Figures(plots)] if plots else []
    lead = ["A point stands for some neighbouring steps: their mean."]
    if plots and plots[0].banded:
        lead.append("Pale: the least and the largest of them.")
    if len(found) > _MOST_LINES:
        lead.append(f"Drawn: the first {_MOST_LINES} of {counted(len(found), 'training')}.")
    if found:
        rows = [_training_row(one, facts.rounds) for one in found]
        headings = "model,state,steps,samples,tokens seen,tokens/s,last loss,starts,time"
        names = [*headings.split(","), "device time", "devices"]
        blocks.append(Table(names, rows, range(2, 10), most=100))
    return Section("training", "Training", blocks, lead if plots else [])


def _curve_plots(facts: Facts, what: str) -> Iterator[Curves]:
    title, height = _CURVES[what]
    series = [
        Series(
            line(_trained(one, facts.rounds), 60),
            [Dot(point.step, point.mean, point.low, point.high) for point in curve.points],
            what == "evaluation_loss",
        )
        for one in facts.training[:_MOST_LINES]
        for curve in one.curves
        if curve.what == what
    ]
    if series:
        told = "; ".join(
            f"{one.name}: from {significant(one.dots[0].y)} to {significant(one.dots[-1].y)}"
            for one in series
        )
        yield Curves(
            title=title,
            series=series,
            axis=f"step; height: {height}",
            told=told,
            note=f"{told}." if len(told) < 160 else "",
            from_zero=what == "learning_rate",
        )


def _training_row(one: Training, rounds: int) -> tuple[str, ...]:
    wall_s = sum(attempt.wall_s for attempt in one.attempts)
    loss = next((curve.points[-1].mean for curve in one.curves if curve.what == "loss"), None)
    planned = f" of {count(one.planned_steps)}" if one.planned_steps > one.steps else ""
    devices = dict.fromkeys(name for attempt in one.attempts for name in attempt.devices)
    return (
        _trained(one, rounds),
        one.state or DASH,
        f"{count(one.steps)}{planned}",
        count(one.samples),
        count(one.seen_tokens),
        rate(one.seen_tokens, wall_s),
        significant(loss) if loss is not None else DASH,
        count(len(one.attempts)),
        duration(wall_s),
        duration(sum(attempt.device_s for attempt in one.attempts)),
        ", ".join(devices) or DASH,
    )


def _trained(one: Training, rounds: int) -> str:
    return ", ".join(_model(name, one.round, rounds) for name in one.variants[:3])


def _number(value: int | None) -> str:
    return count(value) if value is not None else DASH
