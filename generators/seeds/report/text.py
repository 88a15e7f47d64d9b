"""The funnel as Markdown that is also legible in a terminal.

For documentation and for `veristone seeds report`. Equal funnels give equal text.
"""

from typing import NamedTuple

from veristone.generators.seeds.funnel import Funnel, SourceFunnel
from veristone.generators.seeds.report import words
from veristone.generators.seeds.report.examples import Cut, Example, kept, rejected
from veristone.generators.seeds.report.figures import count, duration, rate, share, size
from veristone.generators.seeds.report.flow import (
    Stage,
    also_seen,
    languages,
    ranked,
    speeds,
    stages,
)
from veristone.generators.seeds.report.histogram import quantile
from veristone.generators.seeds.report.markdown import fence, span, table
from veristone.text import line

__all__ = ["FunnelRow", "funnel_rows", "render_text"]

_CUT = Cut(examples=2, lines=12, width=100)
_MOST = 20
"""Languages and licences in a table."""


class FunnelRow(NamedTuple):
    """A stage as cells of a table: plain text, free of control characters, not yet escaped."""

    stage: str
    given: str
    kept: str
    of_stage: str
    of_all: str
    reasons: str
    """The most frequent reasons and their numbers."""


def funnel_rows(funnel: Funnel) -> list[FunnelRow]:
    """Return the rows of the funnel's table; the last one is the seeds."""
    found = stages(funnel)
    rows = [_row(found[0], found[0], plain=True)]
    rows[0] = rows[0]._replace(given="", of_stage="")
    rows += [_row(stage, found[0], plain=True) for stage in found[1:]]
    return [*rows, _seeds_row(funnel, found[0])]


def render_text(funnel: Funnel) -> str:
    """Return the whole report as Markdown. Sections that have nothing to say are left out."""
    blocks = [
        f"# Seed funnel {span(line(funnel.recipe))}" if funnel.recipe else "# Seed funnel",
        f"**{words.headline(funnel)}.** {' '.join(words.summary(funnel))}".strip(),
        words.unfinished(funnel),
        *_funnel(funnel),
        *_sources(funnel),
        *_rejections(funnel),
        *_languages(funnel),
        *_licences(funnel),
        *_lines(funnel),
        *_speed(funnel),
        *_examples(funnel),
        *_origin(funnel),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _row(stage: Stage, first: Stage, *, plain: bool = False) -> FunnelRow:
    form = str if plain else span
    reasons, rest = words.main_reasons(stage)
    told = [f"{form(name)} {count(number)}" for name, number in reasons]
    told += [rest] if rest else []
    last = "; ".join(filter(None, [", ".join(told), *words.stage_notes(stage)]))
    of_stage, of_all = words.stage_shares(stage, first.kept)
    name = words.stage_name(stage)
    name = form(name) if stage.step else name
    return FunnelRow(
        name,
        count(stage.given),
        count(stage.kept),
        of_stage,
        of_all,
        last,
    )


def _seeds_row(funnel: Funnel, first: Stage) -> FunnelRow:
    seeds = count(funnel.seeds)
    return FunnelRow("seeds", "", seeds, "", share(funnel.seeds, first.kept, 2), "")


def _funnel(funnel: Funnel) -> list[str]:
    found = stages(funnel)
    if not found[0].kept:
        return []
    rows = [_row(stage, found[0]) for stage in found]
    rows[0] = rows[0]._replace(given="", of_stage="")
    rows.append(_seeds_row(funnel, found[0]))
    headings = ("stage", "given", "kept", "of stage", "of all", "main reasons")
    return ["## Funnel", table(headings, rows, right=range(1, 5)), words.NOTES["share"]]


def _sources(funnel: Funnel) -> list[str]:
    if not funnel.sources:
        return []
    headings = ("source", "documents", "left out", "size", "functions", "documented", "candidates")
    rows = [_source(source) for source in funnel.sources]
    blocks = ["## Sources", table(headings, rows, right=range(1, 7))]
    reasons = [
        (span(line(source.source)), span(line(name)), count(number))
        for source in funnel.sources
        for name, number in ranked(source.reasons)
    ]
    if reasons:
        blocks.append(table(("source", "documents left out", "number"), reasons, right=[2]))
    others = [
        (span(line(source.source)), span(line(name)), count(number))
        for source in funnel.sources
        for name, number in also_seen(source)
    ]
    if others:
        blocks.append(table(("source", "extraction also counted", "number"), others, right=[2]))
    return blocks


def _source(source: SourceFunnel) -> list[str]:
    numbers = [source.seen.get("functions", 0), source.seen.get("documented", 0), source.candidates]
    return [
        span(line(source.source)),
        count(source.documents),
        count(sum(source.reasons.values())),
        size(source.content_bytes),
        *map(count, numbers),
    ]


def _rejections(funnel: Funnel) -> list[str]:
    rows = [
        (span(line(step.step)), span(line(name)), count(number), share(number, step.given))
        for step in funnel.steps
        for name, number in ranked(step.reasons)
    ]
    if not rows:
        return []
    headings = ("step", "reason", "rejected", "of stage")
    return ["## Rejections", table(headings, rows, right=(2, 3))]


def _languages(funnel: Funnel) -> list[str]:
    found = languages(funnel)
    if not found:
        return []
    rows = [
        (
            span(line(one.name)),
            count(one.given),
            count(one.seeds),
            share(one.seeds, one.given),
            share(one.seeds, funnel.seeds),
        )
        for one in found[:_MOST]
    ]
    headings = ("language", "candidates", "seeds", "kept", "of seeds")
    blocks = ["## Languages", table(headings, rows, right=range(1, 5))]
    return [*blocks, _more(len(found), "language")]


def _licences(funnel: Funnel) -> list[str]:
    found = ranked(funnel.licences)
    if not found:
        return []
    rows = [
        (span(line(name)), count(number), share(number, funnel.seeds))
        for name, number in found[:_MOST]
    ]
    headings = ("licence", "seeds", "of seeds")
    blocks = ["## Licences", table(headings, rows, right=(1, 2)), _more(len(found), "licence")]
    return [*blocks, "A seed with two licences counts at both."]


def _more(number: int, noun: str) -> str:
    return f"And {words.counted(number - _MOST, 'other ' + noun)}." if number > _MOST else ""


def _lines(funnel: Funnel) -> list[str]:
    numbers = {value: number for value, number in funnel.lines.items() if number > 0}
    if not numbers:
        return []
    parts = [("shortest", 0.0), ("median", 0.5), ("95 of 100 up to", 0.95), ("longest", 1.0)]
    row = [count(quantile(numbers, part)) for _, part in parts]
    names = [name for name, _ in parts]
    return ["## Lines of a seed", table(names, [row], right=range(4))]


def _speed(funnel: Funnel) -> list[str]:
    found = speeds(funnel)
    if not found:
        return []
    total = sum(speed.cpu_s for speed in found)
    rows = [
        (
            span(line(speed.name)),
            count(speed.items),
            duration(speed.cpu_s),
            share(speed.cpu_s, total),
            rate(speed.items, speed.cpu_s),
        )
        for speed in found
    ]
    headings = ("source or step", "functions", "CPU time", "of all time", "functions/CPU s")
    return ["## Speed", table(headings, rows, right=range(1, 5)), words.NOTES["speed"]]


def _examples(funnel: Funnel) -> list[str]:
    blocks: list[str] = []
    seeds = kept(funnel, _CUT)
    if seeds:
        blocks.append("## Examples of seeds")
        blocks += [_example(example) for example in seeds]
    rejects = rejected(funnel, _CUT)
    if rejects:
        blocks.append("## Examples of rejections")
    for one in rejects:
        numbers = f"{count(one.number)} of {words.counted(one.given, one.unit)}"
        numbers += f", {share(one.number, one.given)}"
        blocks.append(f"### {span(one.step)}: {span(one.reason)} ({numbers})")
        blocks += [_example(example) for example in one.examples]
    return blocks


def _example(example: Example) -> str:
    told = [example.name, example.source, example.where, example.licences]
    text = ", ".join(span(one) for one in told if one)
    if example.detail:
        text += f"  \nFound: {span(example.detail)}"
    if not example.code:
        return text
    return f"{text}\n\n{fence(example.code, example.language)}"


def _origin(funnel: Funnel) -> list[str]:
    told = [f"recipe digest {span(line(funnel.digest))}"] if funnel.digest else []
    told += [f"{span(line(name))} {span(line(of))}" for name, of in sorted(funnel.versions.items())]
    return ["## Made with", ", ".join(told) + "."] if told else []
