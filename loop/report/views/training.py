"""The section on training: curves of all models, and what each was made of."""

from collections.abc import Sequence
from typing import NamedTuple

from veristone.generators.seeds.report.figures import DASH, count, duration, rate, significant
from veristone.generators.seeds.report.sections import Plot
from veristone.generators.seeds.report.words import counted
from veristone.loop.report.drawing.curves import MOST_BANDS, Dot, Series, curves, legend
from veristone.loop.report.facts import Facts, Training
from veristone.loop.report.views.blocks import Block, Figures, Section, Table
from veristone.loop.report.views.names import model_name
from veristone.text import line

__all__ = ["training"]

_MOST = 12
"""Lines in a plot."""


class _Kind(NamedTuple):
    what: str
    title: str
    height: str


_KINDS = (
    _Kind("loss", "Loss", "nats per learnt token"),
    _Kind("evaluation_loss", "Loss on samples kept out", "nats per learnt token"),
    _Kind("learning_rate", "Learning rate", "learning rate"),
    _Kind("grad_norm", "Norm of the gradient", "norm, before clipping"),
)


def training(facts: Facts) -> Section:
    """Return the curves of all trainings, one line each, and a table of them."""
    found = facts.training
    if not found:
        return Section("training", "Training")
    plots = [plot for kind in _KINDS if (plot := _plot(kind, found, facts.rounds)) is not None]
    blocks: list[Block] = [Figures(plots)] if plots else []
    lead = ["A point stands for some neighbouring steps: their mean."]
    if len(found) <= MOST_BANDS:
        lead.append("Pale: the least and the largest of them.")
    if len(found) > _MOST:
        lead.append(f"Drawn: the first {_MOST} of {counted(len(found), 'training')}.")
    return Section("training", "Training", lead if plots else [], [*blocks, _table(facts)])


def _plot(kind: _Kind, found: Sequence[Training], rounds: int) -> Plot | None:
    series = [
        Series(
            line(_name(one, rounds), 60),
            [Dot(point.step, point.mean, point.low, point.high) for point in curve.points],
            kind.what == "evaluation_loss",
        )
        for one in found[:_MOST]
        for curve in one.curves
        if curve.what == kind.what
    ]
    if not series:
        return None
    told = "; ".join(
        f"{one.name}: from {significant(one.dots[0].y)} to {significant(one.dots[-1].y)}"
        for one in series
    )
    axis = f"step; height: {kind.height}"
    drawn = curves(series, kind.title, axis, told, from_zero=kind.what == "learning_rate")
    return Plot(kind.title, legend([one.name for one in series]) + drawn, note=_short(told))


def _short(told: str) -> str:
    return f"{told}." if len(told) < 160 else ""


def _name(one: Training, rounds: int) -> str:
    return ", ".join(model_name(name, one.round, rounds) for name in one.variants[:3])


def _table(facts: Facts) -> Table:
    rows = [_row(one, facts.rounds) for one in facts.training]
    headings = (
        *("model", "state", "steps", "samples", "tokens seen", "tokens/s", "last loss"),
        *("starts", "time", "device time", "devices"),
    )
    return Table(headings, rows, right=frozenset(range(2, 10)), most=100)


def _row(one: Training, rounds: int) -> tuple[str, ...]:
    wall_s = sum(attempt.wall_s for attempt in one.attempts)
    device_s = sum(attempt.device_s for attempt in one.attempts)
    loss = next((curve.points[-1].mean for curve in one.curves if curve.what == "loss"), None)
    planned = f" of {count(one.planned_steps)}" if one.planned_steps > one.steps else ""
    devices = dict.fromkeys(name for attempt in one.attempts for name in attempt.devices)
    return (
        _name(one, rounds),
        one.state or DASH,
        f"{count(one.steps)}{planned}",
        count(one.samples),
        count(one.seen_tokens),
        rate(one.seen_tokens, wall_s),
        significant(loss) if loss is not None else DASH,
        count(len(one.attempts)),
        duration(wall_s),
        duration(device_s),
        ", ".join(devices) or DASH,
    )
