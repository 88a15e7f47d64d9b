"""The report of a funnel: what was found, what each step kept, why the rest was rejected.

Sections with nothing to say are empty. Text of corpora is as it is but in plots, where it is made
visible here. Orders are fixed (largest first, then by name): equal funnels give equal reports.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from veristone.generators.pages.drawing import Bar, Bars, Group, Histogram, columns, ranked_bars
from veristone.generators.pages.numbers import (
    DASH,
    count,
    counted,
    duration,
    odds,
    quantile,
    ranked,
    rate,
    share,
    size,
)
from veristone.generators.pages.sections import (
    Block,
    Cell,
    Figures,
    Named,
    Piece,
    Reading,
    Readings,
    Report,
    Section,
    Table,
)
from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.records import Provenance, Rejection, Seed
from veristone.generators.seeds.report.facts import Stage, stages
from veristone.text import line

__all__ = ["funnel_rows", "report"]

_MOST_NAMES = 15
"""Languages and licences that are named."""
_MOST_REASONS = 30
"""Reasons of a step or source with examples; the most frequent."""
_STAGES = {"functions": "all functions", "documented": "documented", "candidates": "candidates"}


def report(funnel: Funnel) -> Report:
    """Return the report of a funnel, in whatever state its run is."""
    found = stages(funnel)
    first = found[0]
    headline = "Nothing was found"
    if first.kept:
        headline = f"{counted(funnel.seeds, 'seed')} from {counted(first.kept, first.noun)}"
    versions = [Named(*pair) for pair in sorted(funnel.versions.items())]
    return Report(
        title="Seed funnel",
        kind="Seed funnel",
        name=funnel.recipe,
        headline=_capital(headline),
        findings=list(_findings(funnel, first)),
        warning=""
        if funnel.finished
        else "This run is not finished. The numbers are those of the parts that are done.",
        sections=[
            Section("funnel", "Funnel", _funnel(funnel, found)),
            Section("rejections", "Rejections", _rejections(funnel)),
            Section("seeds", "Seeds", _seeds(funnel, found)),
            Section("speed", "Speed", _speed(funnel)),
            Section("sources", "Sources", _sources(funnel)),
            Section("kept", "Examples of seeds", _kept(funnel)),
            Section("rejected", "Examples of rejections", list(_rejected(funnel))),
        ],
        footer=[
            *([("Recipe digest", [Named("", funnel.digest)])] if funnel.digest else []),
            *([("Made with", versions)] if versions else []),
        ],
    )


def funnel_rows(funnel: Funnel) -> list[list[str]]:
    """Return the funnel's table as plain text for a terminal; the last row is the seeds."""
    found = _funnel_table(funnel, stages(funnel))
    return [[_plain(cell) for cell in row] for row in (*found.rows, found.foot)]


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return line(cell)
    return ", ".join(" ".join(filter(None, (line(n, 80), line(text)))) for n, text in cell)


def _findings(funnel: Funnel, first: Stage) -> Iterator[str]:
    """Say what was read, and what it cost, in a sentence each."""
    if 0 < funnel.seeds < first.kept and funnel.finished:
        yield f"{odds(funnel.seeds, first.kept)} became a seed."
    documents = sum(source.documents for source in funnel.sources)
    lost = sum(_not_read(funnel).values())
    if documents or lost:
        read = sum(source.content_bytes for source in funnel.sources)
        text = f"{counted(documents, 'document')} read"
        text += f" ({size(read)})" if read else ""
        text += f" from {counted(len(funnel.sources), 'source')}"
        text += f"; {counted(lost, 'document')} left out" if lost else ""
        yield f"{_capital(text)}."
    cpu_s = sum(item.cpu_s for item in [*funnel.sources, *funnel.steps])
    if cpu_s > 0:
        text = f"{duration(cpu_s)} of CPU time"
        if funnel.wall_s > 0:
            processes = counted(max(1, funnel.processes), "process", "processes")
            text += f", {duration(funnel.wall_s)} by the clock in {processes}"
        yield f"{text}."


def _funnel(funnel: Funnel, found: Sequence[Stage]) -> list[Block]:
    first = found[0]
    if not first.kept:
        return []
    rows = [
        Bar(
            _stage_name(stage),
            stage.kept,
            count(stage.kept),
            share(stage.kept, first.kept, 2),
            behind=stage.given,
        )
        for stage in found
    ]
    of_all = share(funnel.seeds, first.kept, 2)
    rows.append(Bar("seeds", funnel.seeds, count(funnel.seeds), of_all, "total"))
    plot = Bars(
        title="What is left after each stage",
        groups=[Group(rows)],
        axis=f"{first.noun}s",
        note="Pale: what the stage was given. Per cent: of all.",
        both=True,
    )
    return [Figures([plot], wide=True), _funnel_table(funnel, found)]


def _funnel_table(funnel: Funnel, found: Sequence[Stage]) -> Table:
    whole = found[0].kept
    rows: list[Sequence[Cell]] = []
    for stage in found:
        name: Cell = [Named(stage.name)] if stage.step else _stage_name(stage)
        numbers = [count(stage.given), count(stage.kept), share(stage.kept, stage.given)]
        if stage is found[0]:
            numbers[0] = numbers[2] = ""
        rows.append([name, *numbers, share(stage.kept, whole, 2), _reasons(stage)])
    seeds = count(funnel.seeds)
    return Table(
        ("Stage", "Given", "Kept", "Of stage", "Of all", "Main reasons"),
        rows,
        range(1, 5),
        note="Of stage: share of what the stage was given. Of all: share of the first line.",
        most=len(rows),
        side=frozenset({1, 5}),
        style="stages",
        foot=("seeds", "", seeds, "", share(funnel.seeds, whole, 2), ""),
    )


def _stage_name(stage: Stage) -> str:
    """Return what a stage is called: a step's own name, else what was found."""
    return line(stage.name, 40) if stage.step else _STAGES[stage.name]


def _reasons(stage: Stage, most: int = 3) -> list[Named]:
    """Return the most frequent reasons, how many others there are, and what is odd."""
    found = stage.reasons
    shown = found[: most if len(found) > most + 1 else most + 1]
    named = [Named(name, count(number)) for name, number in shown]
    if rest := found[len(shown) :]:
        others = sum(number for _, number in rest)
        named.append(Named("", f"{len(rest)} others {count(others)}"))
    if stage.step and stage.step.not_applicable:
        number = count(stage.step.not_applicable)
        named.append(Named("", f"{number} of other languages passed unjudged"))
    for reason, number in sorted(stage.step.unjudged.items()) if stage.step else ():
        named.append(Named("", f"{count(number)} passed unjudged ({line(reason)})"))
    for reason, number in sorted(stage.step.flagged.items()) if stage.step else ():
        named.append(Named("", f"{count(number)} flagged ({line(reason)})"))
    if stage.waiting:
        named.append(Named("", f"{count(stage.waiting)} still waiting"))
    return named


def _rejections(funnel: Funnel) -> list[Block]:
    groups = [
        Group(
            ranked_bars(reasons, step.given, "rejected"),
            line(step.step),
            count(step.given - step.kept),
            share(step.given - step.kept, step.given),
        )
        for step in funnel.steps
        if (reasons := ranked(step.reasons))
    ]
    note = "Bars: rejected seeds. Per cent: of what the step was given."
    plot = Bars(title="By step and reason", groups=groups, note=note, both=True, apart=True)
    return [Figures([plot], wide=True)] if groups else []


def _seeds(funnel: Funnel, found: Sequence[Stage]) -> list[Block]:
    first = funnel.steps[0].by_language if funnel.steps else {}
    given = {name: first.get(name, (0, 0))[0] for name in {**first, **funnel.by_language}}
    rows = [(name, funnel.by_language.get(name, 0), number) for name, number in given.items()]
    rows = [row for row in rows if row[1] or row[2]]
    rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
    licences = ranked(funnel.licences)
    plots: list[Bars] = []
    if rows:
        plots.append(_languages_plot(rows))
    if licences:
        note = "Per cent: of the seeds. A seed with two licences counts at both."
        group = Group(ranked_bars(licences, funnel.seeds, "kept"))
        plots.append(Bars(title="By licence", groups=[group], axis="seeds", note=note, both=True))
    blocks: list[Block] = [Figures(plots)] if plots else []
    if numbers := {value: number for value, number in funnel.lines.items() if number > 0}:
        median, most, longest = (quantile(numbers, part) for part in (0.5, 0.95, 1.0))
        told = f"Half of the seeds have at most {counted(median, 'line')}, 95 of 100 at most"
        told += f" {count(most)}; the longest has {count(longest)}."
        plot = Histogram(
            title="By length",
            bins=columns(numbers, "lines"),
            axis="lines of a seed; height: seeds",
            note=told,
        )
        blocks.append(Figures([plot], wide=True))
    steps = [stage for stage in found if stage.step]
    if steps and len(rows) > 1:
        blocks.append(_languages_table([name for name, *_ in rows[:_MOST_NAMES]], funnel))
    return blocks


def _languages_plot(found: Sequence[tuple[str, int, int]]) -> Bars:
    """Draw the seeds and the candidates of each language."""
    shown = list(found[: _MOST_NAMES if len(found) > _MOST_NAMES + 1 else _MOST_NAMES + 1])
    if rest := found[len(shown) :]:
        sums = sum(seeds for _, seeds, _ in rest), sum(given for *_, given in rest)
        shown.append((f"{len(rest)} others", *sums))
    bars = [
        Bar(line(name), seeds, count(seeds), share(seeds, given), behind=given)
        for name, seeds, given in shown
    ]
    note = "Pale: candidates. Per cent: of the candidates."
    return Bars(title="By language", groups=[Group(bars)], axis="seeds", note=note, both=True)


def _languages_table(names: Sequence[str], funnel: Funnel) -> Table:
    rows: list[Sequence[Cell]] = []
    for name in names:
        passed = (step.by_language.get(name, (0, 0)) for step in funnel.steps)
        shares = [share(kept, given) for given, kept in passed]
        rows.append((name, *shares, count(funnel.by_language.get(name, 0))))
    return Table(
        ("Language", *(step.step for step in funnel.steps), "Seeds"),
        rows,
        range(1, len(funnel.steps) + 2),
        title="Kept by step and language",
        style="matrix",
    )


def _speed(funnel: Funnel) -> list[Block]:
    """Draw how fast sources were mined and steps judged, where the time was measured."""
    found = [
        (source.source, source.seen.get("functions", 0) or source.candidates, source.cpu_s)
        for source in funnel.sources
    ]
    # Seeds that a step cannot judge cost it nothing.
    found += [(step.step, step.given - step.not_applicable, step.cpu_s) for step in funnel.steps]
    found = [(line(name), items, cpu_s) for name, items, cpu_s in found if items > 0 < cpu_s]
    total = sum(cpu_s for *_, cpu_s in found)
    per_s = [
        Bar(name, items / cpu_s, rate(items, cpu_s), style="plain") for name, items, cpu_s in found
    ]
    time = [
        Bar(name, 100 * cpu_s / total, duration(cpu_s), share(cpu_s, total), "plain")
        for name, _, cpu_s in found
    ]
    plots = [
        Bars(
            title="Functions per CPU second",
            groups=[Group(per_s)],
            axis="functions/CPU s",
            note="Seeds of languages that a step cannot judge do not count.",
            both=True,
            whole=False,
        ),
        Bars(
            title="Where the CPU time went",
            groups=[Group(time)],
            axis="% of the CPU time",
            note="Of all processes together; it differs from run to run.",
            whole=False,
        ),
    ]
    return [Figures(plots)] if found else []


def _sources(funnel: Funnel) -> list[Block]:
    if not funnel.sources:
        return []
    rows = [
        (
            [Named(source.source)],
            count(source.documents),
            count(sum(source.reasons.values())),
            size(source.content_bytes),
            count(source.seen.get("functions", 0)),
            count(source.seen.get("documented", 0)),
            count(source.candidates),
        )
        for source in funnel.sources
    ]
    headings = ("Documents", "Left out", "Size", "Functions", "Documented", "Candidates")
    others = [
        f"{source.source}: " + ", ".join(f"{name} {count(number)}" for name, number in seen)
        for source in funnel.sources
        if (seen := [pair for pair in ranked(source.seen) if pair[0] not in _STAGES])
    ]
    note = f"Extraction also counted: {'; '.join(others)}" if others else ""
    table = Table(("Source", *headings), rows, range(1, 7), note=note, most=1000, style="sources")
    blocks: list[Block] = [table]
    if reasons := ranked(_not_read(funnel)):
        documents = sum(source.documents for source in funnel.sources)
        documents += sum(number for _, number in reasons)
        group = Group(ranked_bars(reasons, documents, "rejected"))
        plot = Bars(title="Documents left out", groups=[group], axis="documents", both=True)
        blocks.append(Figures([plot], wide=True))
    return blocks


def _not_read(funnel: Funnel) -> Counter[str]:
    """Count the documents of all sources that were not read, by reason."""
    total: Counter[str] = Counter()
    for source in funnel.sources:
        total.update(source.reasons)
    return total


def _kept(funnel: Funnel) -> list[Block]:
    found = [_reading(seed, seed.provenance, "") for seed in funnel.examples]
    return [Readings("", "", found, apart=True)] if found else []


def _rejected(funnel: Funnel) -> Iterator[Block]:
    """Yield examples of what did not become a seed: of sources, then of steps."""
    for source in funnel.sources:
        documents = source.documents + sum(source.reasons.values())
        group = Named(source.source, "source ")
        yield from _examples(group, documents, "document", source.reasons, source.rejected)
    for step in funnel.steps:
        yield from _examples(Named(step.step), step.given, "seed", step.reasons, step.rejected)


def _examples(
    group: Named,
    given: int,
    noun: str,
    reasons: dict[str, int],
    rejected: dict[str, list[Rejection]],
) -> Iterator[Block]:
    for reason, number in ranked(reasons)[:_MOST_REASONS]:
        found = [_reading(one.seed, one.provenance, one.detail) for one in rejected.get(reason, [])]
        if found:
            beside = f"{count(number)} of {counted(given, noun)}, {share(number, given)}"
            yield Readings(reason, beside, found, group=group)


def _reading(seed: Seed | None, provenance: Provenance, detail: str) -> Reading:
    repository, path = line(provenance.repository, 100), line(provenance.path, 200)
    where = f"{repository}: {path}" if repository and path else repository or path
    if provenance.start_line > 0:
        where += f":{provenance.start_line}"
        if provenance.end_line > provenance.start_line:
            where += f"{DASH}{provenance.end_line}"
    if provenance.commit:
        where += f" @ {line(provenance.commit[:12])}"
    return Reading(
        title=(seed.name or seed.language) if seed else "",
        beside=seed.language if seed and seed.name else "",
        pieces=[Piece("", seed.text, seed.language)] if seed else [],
        found=detail,
        where=where,
        licences=", ".join(provenance.licences),
        source=provenance.source,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
