"""The plots of the page: what each one shows, on which axis, under which name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report import words
from veristone.generators.seeds.report.figures import count, duration, rate, share
from veristone.generators.seeds.report.flow import (
    Amount,
    languages,
    not_read,
    ranked,
    speeds,
    stages,
)
from veristone.generators.seeds.report.histogram import columns, quantile
from veristone.generators.seeds.report.plots import Bar, Group, bars, histogram
from veristone.generators.seeds.report.scale import Scale, linear, logarithmic, wide
from veristone.text import line

__all__ = [
    "Plot",
    "alone",
    "documents_plot",
    "funnel_plot",
    "languages_plot",
    "licences_plot",
    "lines_plot",
    "ranked_bars",
    "rate_plot",
    "rejections_plot",
    "scaled",
    "time_plot",
]

_MOST = 15
"""Bars in one group; what is rarer shares the last one."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure: drawn on a linear axis and, where it may be chosen, on a logarithmic one."""

    title: str
    linear: Markup
    log: Markup | None = None
    log_first: bool = False
    """Whether a reader sees the logarithmic one first."""
    apart: bool = False
    """Whether it consists of several drawings that may stand side by side."""
    note: str = ""


def funnel_plot(funnel: Funnel) -> Plot | None:
    """Return what is left after each stage, in front of what the stage was given."""
    found = stages(funnel)
    first = found[0]
    if not first.kept:
        return None
    rows = [
        Bar(
            words.stage_name(stage),
            stage.kept,
            count(stage.kept),
            share(stage.kept, first.kept, 2),
            behind=stage.given,
        )
        for stage in found
    ]
    of_all = share(funnel.seeds, first.kept, 2)
    rows.append(Bar("seeds", funnel.seeds, count(funnel.seeds), of_all, "total"))
    plot = scaled([alone(rows)], "What is left after each stage", words.noun(first) + "s")
    return replace(plot, note="Pale: what the stage was given. Per cent: of all.")


def rejections_plot(funnel: Funnel) -> Plot | None:
    """Return how many seeds each step rejected for each reason."""
    groups = [
        Group(
            line(step.step),
            count(step.given - step.kept),
            share(step.given - step.kept, step.given),
            ranked_bars(ranked(step.reasons), step.given, "rejected"),
        )
        for step in funnel.steps
        if any(number > 0 for number in step.reasons.values())
    ]
    if not groups:
        return None
    plot = scaled(groups, "By step and reason", "", apart=True)
    return replace(plot, note="Bars: rejected seeds. Per cent: of what the step was given.")


def documents_plot(funnel: Funnel) -> Plot | None:
    """Return why documents were left out before extraction."""
    reasons = not_read(funnel)
    documents = sum(source.documents for source in funnel.sources)
    documents += sum(reason.number for reason in reasons)
    groups = [alone(ranked_bars(reasons, documents, "rejected"))]
    return scaled(groups, "Documents left out", "documents") if reasons else None


def languages_plot(funnel: Funnel) -> Plot | None:
    """Return the seeds of each language, in front of its candidates."""
    found = languages(funnel)
    if not found:
        return None
    rows = [
        Bar(
            line(one.name),
            one.seeds,
            count(one.seeds),
            share(one.seeds, one.given),
            behind=one.given,
        )
        for one in found[: _shown(len(found))]
    ]
    rest = found[len(rows) :]
    if rest:
        seeds, given = sum(one.seeds for one in rest), sum(one.given for one in rest)
        name = f"{len(rest)} others"
        rows.append(Bar(name, seeds, count(seeds), share(seeds, given), behind=given))
    plot = scaled([alone(rows)], "By language", "seeds")
    return replace(plot, note="Pale: candidates. Per cent: of the candidates.")


def licences_plot(funnel: Funnel) -> Plot | None:
    """Return the seeds of each licence."""
    found = ranked(funnel.licences)
    groups = [alone(ranked_bars(found, funnel.seeds, "kept"))]
    if not found:
        return None
    return replace(scaled(groups, "By licence", "seeds"), note=words.NOTES["licences"])


def lines_plot(funnel: Funnel) -> Plot | None:
    """Return how long seeds are."""
    found = columns(funnel.lines, "lines")
    if not found:
        return None
    numbers = {value: number for value, number in funnel.lines.items() if number > 0}
    median, most = quantile(numbers, 0.5), quantile(numbers, 0.95)
    told = f"Half of the seeds have at most {words.counted(median, 'line')}, 95 of 100 at most"
    told += f" {count(most)}; the longest has {count(max(numbers))}."
    drawn = histogram(found, "By length", "lines of a seed; height: seeds", told)
    return Plot("By length", drawn, note=told)


def rate_plot(funnel: Funnel) -> Plot | None:
    """Return how many functions a CPU second is enough for."""
    rows = [
        Bar(line(one.name), one.items / one.cpu_s, rate(one.items, one.cpu_s), style="plain")
        for one in speeds(funnel)
    ]
    groups = [alone(rows)]
    title, axis = "Functions per CPU second", "functions/CPU s"
    return scaled(groups, title, axis, whole=False) if rows else None


def time_plot(funnel: Funnel) -> Plot | None:
    """Return where the CPU time went."""
    found = speeds(funnel)
    total = sum(one.cpu_s for one in found)
    rows = [
        Bar(
            line(one.name),
            100 * one.cpu_s / total,
            duration(one.cpu_s),
            share(one.cpu_s, total),
            "plain",
        )
        for one in found
    ]
    if not rows:
        return None
    title = "Where the CPU time went"
    scale = linear((bar.value for bar in rows), whole=False)
    return Plot(title, bars([alone(rows)], scale, title, "% of the CPU time"))


def _shown(number: int) -> int:
    """Return how many bars have a name: a bar for one other says no more than its own."""
    return number if number <= _MOST + 1 else _MOST


def ranked_bars(found: Sequence[Amount], whole: int, style: str) -> list[Bar]:
    """Return a bar for each amount with its share of the whole; the rarer ones share the last."""
    rows = [Amount(line(name), number) for name, number in found[: _shown(len(found))]]
    rest = found[len(rows) :]
    if rest:
        rows.append(Amount(f"{len(rest)} others", sum(one.number for one in rest)))
    return [Bar(name, number, count(number), share(number, whole), style) for name, number in rows]


def alone(rows: Sequence[Bar]) -> Group:
    """Return bars as a group without a heading."""
    return Group("", "", "", rows)


def scaled(
    groups: Sequence[Group], title: str, axis: str, *, apart: bool = False, whole: bool = True
) -> Plot:
    """Return a plot with both axes; `apart`: each group by itself, all on the same axis."""
    values = [value for group in groups for bar in group.bars for value in (bar.value, bar.behind)]
    shown = [bar.value for group in groups for bar in group.bars]
    figures = [[group] for group in groups] if apart else [groups]

    def drawn(scale: Scale) -> Markup:
        titles = [f"{title}: {some[0].heading}" if apart else title for some in figures]
        pairs = zip(figures, titles, strict=True)
        return Markup("\n").join(bars(some, scale, name, axis) for some, name in pairs)

    return Plot(
        title, drawn(linear(values, whole=whole)), drawn(logarithmic(values)), wide(shown), apart
    )
