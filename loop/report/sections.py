"""The report of a run: what was gained and how sure that is, and how it came about.

Text from outside is as it is but in plots and sentences, where it is made visible here.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from veristone.generators.pages.drawing import (
    Bar,
    Bars,
    Bin,
    Group,
    Histogram,
    Plot,
    columns,
    ranked_bars,
)
from veristone.generators.pages.numbers import (
    DASH,
    compact,
    count,
    counted,
    duration,
    odds,
    quantile,
    rate,
    share,
)
from veristone.generators.pages.sections import (
    Block,
    Figures,
    Listing,
    Piece,
    Reading,
    Readings,
    Report,
    Section,
    Table,
)
from veristone.loop.report.facts import (
    Compared,
    Counted,
    Difference,
    Facts,
    Lengths,
    Rate,
    Sample,
    Similarity,
    Stage,
    StepCost,
    Strength,
    Verdicts,
)
from veristone.loop.report.models import between, model_sections
from veristone.loop.report.run import BASE, KINDS, MAIN
from veristone.text import line

__all__ = ["report"]

_MOST_REASONS = 4
_MOST_BARS = 15
_MOST_RECIPE = 50_000
_OPEN = 8
"""Steps that are shown unasked."""
_TOPICS = (
    "The topics are those of Magicoder's analysis. A row is sorted by a list of words for each"
    " topic, instruction before response; docs/report.md tells how. A rough sorting."
)


def report(facts: Facts) -> Report:
    """Return the report of a run, in whatever state it is."""
    verdicts = facts.verdicts or Verdicts(synthesis="")
    *models, training = model_sections(facts)
    warning = "Some files of this run could not be read." if facts.trouble else ""
    if facts.missing:
        warning = "This run is not finished. What is here is from the parts that are done."
    return Report(
        title="Run of the loop",
        kind="Self-alignment loop",
        name=facts.name,
        headline=_headline(facts),
        findings=list(_findings(facts)),
        long=True,
        warning=warning,
        sections=[
            Section("missing", "What is missing", _missing(facts)),
            *models,
            _funnel(facts),
            _verdicts(verdicts),
            _refusals(verdicts),
            _rows(facts, verdicts),
            _strength(facts.strength or Strength()),
            *([_similarity(facts.similarity)] if facts.similarity else []),
            training,
            _samples(verdicts),
            Section("cost", "Cost and time", _costs(facts.costs)),
            _origin(facts),
        ],
    )


# --- What was gained


def _headline(facts: Facts) -> str:
    """Return the result in a few words."""
    for label, last in _latest(facts).items():
        scores = {
            (one.variant, one.round): share(one.main.mean, 1)
            for one in facts.results
            if one.label == label and one.main is not None
        }
        before, after = scores.get((BASE, 0)), scores.get((MAIN, last))
        if after is not None:
            said = f"{before} before, {after} after" if before else f"{after} after training"
            return f"{line(label, 60)}: {said}"
    rows = _trained_rows(facts)
    if rows:
        first = facts.funnel[0]
        whole = f" from {counted(first.given, first.unit)}" if first.part == "seeds" else ""
        return f"{counted(rows, 'training row')}{whole}, not yet evaluated"
    return "Nothing to train on yet"


def _findings(facts: Facts) -> Iterator[str]:
    """Say what was found in a sentence each."""
    for label, last in _latest(facts).items():
        yield from _gains(facts, label, last)
    verdicts = facts.verdicts
    if verdicts is not None and verdicts.responses:
        passed = sum(one.passed for one in verdicts.by_language)
        decided = verdicts.responses - verdicts.undecided
        said = f"{share(passed, decided)} of {counted(decided, 'judged response')} passed"
        if verdicts.instructions:
            part = share(verdicts.instructions_passed, verdicts.instructions)
            said += f"; {part} of {counted(verdicts.instructions, 'instruction')} have one that did"
        yield f"{said}."
    rows = _trained_rows(facts)
    if rows:
        first = facts.funnel[0]
        said = f"{counted(rows, 'row')} to learn from"
        if first.part == "seeds" and first.given > rows:
            said += f": {odds(rows, first.given)} of {counted(first.given, first.unit)}"
        yield f"{said}."
    wall_s = sum(cost.wall_s for cost in facts.costs)
    if wall_s > 0:
        yield f"{counted(len(facts.costs), 'step')} took {duration(wall_s)} by the clock."


def _latest(facts: Facts) -> dict[str, int]:
    """Return the latest evaluated round of the tuned model by benchmark; 0 for none."""
    found: dict[str, int] = {}
    for one in facts.results:
        number = one.round if one.variant == MAIN else 0
        found[one.label] = max(number, found.get(one.label, 0))
    return found


def _gains(facts: Facts, label: str, last: int) -> Iterator[str]:
    """Say what the latest model gained over the base model and over the control."""
    gains = {
        one.other: one
        for one in facts.differences
        if (one.label, one.variant, one.round) == (label, MAIN, last)
        and one.other_round in (0, last)
    }
    said: list[str] = []
    if BASE in gains:
        said.append(f"{_points(gains[BASE])} over the base model{_doubt(gains[BASE])}")
    if facts.control in gains:
        control, name = gains[facts.control], line(facts.control, 60)
        said.append(f"{_points(control)} over the control {name}{_doubt(control)}")
    if said:
        rounds = f" after {counted(last, 'round')}" if facts.rounds > 1 else ""
        tasks = counted(gains[BASE if BASE in gains else facts.control].tasks, "task")
        yield f"{line(label, 60)}{rounds}: {'; '.join(said)} ({tasks}, 95% interval)."


def _points(difference: Difference) -> str:
    mean, _, interval = between(difference).partition(" ")
    return f"{mean} points {interval}"


def _doubt(difference: Difference) -> str:
    may_be_chance = not difference.clear and difference.mean != 0
    return ", which may be chance" if may_be_chance else ""


def _trained_rows(facts: Facts) -> int:
    last = facts.funnel[-1] if facts.funnel else None
    return last.kept if last is not None and last.part in ("dataset", "training") else 0


def _missing(facts: Facts) -> list[Block]:
    return [
        Table((heading,), [(one,) for one in found], code=frozenset({0}), most=60)
        for heading, found in (("missing", facts.missing), ("could not be read", facts.trouble))
        if found
    ]


# --- The funnel


def _funnel(facts: Facts) -> Section:
    """Return how source files became training rows, as bars and as a table with reasons."""
    blocks: list[Block] = []
    if facts.funnel:
        groups = [
            Group([_stage_bar(stage) for stage in some], part.capitalize())
            for part, some in groupby(facts.funnel, lambda stage: stage.part)
        ]
        note = (
            "Pale: what the stage was given. Per cent: of that; × where a stage makes several of"
            " one."
        )
        title = "What is left after each stage"
        plot = Bars(title=title, groups=groups, note=note, both=True, apart=True)
        blocks = [Figures([plot], wide=True, in_text=False), _stage_table(facts.funnel)]
    lead: list[str] = []
    if facts.rounds > 1:
        lead.append(f"Of the main variant's round {facts.funnel_round}.")
    if facts.idle:
        names = ", ".join(line(name, 40) for name in facts.idle)
        lead.append(f"Steps of selection that rejected nothing: {names}.")
    return Section("funnel", "From source files to training rows", blocks, lead)


def _of_given(stage: Stage) -> str:
    """Return what a stage kept of what it was given: `20.8%`, or `×9.9` where it makes more."""
    if stage.kept > stage.given > 0:
        return f"×{stage.kept / stage.given:.1f}"
    return share(stage.kept, stage.given)


def _stage_bar(stage: Stage) -> Bar:
    style = "total" if stage.part in ("dataset", "training") else "kept"
    # Where more comes out than went in, what went in would lie hidden.
    behind = stage.given if stage.given > stage.kept else 0
    return Bar(line(stage.name, 60), stage.kept, count(stage.kept), _of_given(stage), style, behind)


def _stage_table(stages: list[Stage]) -> Table:
    rows: list[Sequence[str]] = []
    for stage in stages:
        reasons = [f"{one.name} {count(one.number)}" for one in stage.reasons[:_MOST_REASONS]]
        if rest := stage.reasons[_MOST_REASONS:]:
            number = count(sum(one.number for one in rest))
            reasons.append(f"{counted(len(rest), 'other')} {number}")
        numbers = count(stage.given), count(stage.kept), _of_given(stage)
        rows.append((stage.part.capitalize(), stage.name, *numbers, ", ".join(reasons)))
    headings = ("part", "stage", "given", "kept", "of given", "main reasons")
    code, side = frozenset({1}), frozenset({5})
    return Table(headings, rows, range(2, 5), code, most=100, side=side)


# --- Verdicts and refusals


def _verdicts(found: Verdicts) -> Section:
    """Return what passes, by kind of task, and why the rest fails."""
    if not found.responses:
        return Section("verdicts", "Verdicts", [])
    known = ["easy", "medium", "hard"]
    by_ease = sorted(
        found.by_difficulty,
        key=lambda rate: known.index(rate.name) if rate.name in known else len(known),
    )
    rates = {
        "category": found.by_category,
        "difficulty": by_ease,
        "language": found.by_language,
        "number of asserts": found.by_asserts,
    }
    plots: list[Plot] = []
    if found.reasons:
        plots.append(_reasons("Why the others fail", found.reasons, "responses"))
    plots += [_rates(f"Pass rate by {what}", some) for what, some in rates.items() if len(some) > 1]
    passed, decided = _passed(found)
    said = f"{count(passed)} of {counted(decided, 'judged response')} passed"
    if found.undecided:
        said += f"; {counted(found.undecided, 'other')} had no verdict"
    lead = [f"{said}."]
    if len(found.by_asserts) > 1:
        lead.append(
            f"Asserts are counted in a fair sample of {counted(found.by_asserts_of, 'response')}:"
            " those that can fail because of the solution."
        )
    lead += [
        f"All are of one {what}: {line(some[0].name, 60)}."
        for what, some in rates.items()
        if len(some) == 1 and what != "number of asserts"
    ]
    return Section("verdicts", "Verdicts", [Figures(plots)], lead)


def _passed(found: Verdicts) -> tuple[int, int]:
    return sum(rate.passed for rate in found.by_language), found.responses - found.undecided


def _rates(title: str, rates: Sequence[Rate]) -> Plot:
    rows = [
        Bar(
            line(rate.name, 60),
            100 * rate.passed / rate.decided,
            f"of {count(rate.decided)}",
            share(rate.passed, rate.decided),
        )
        for rate in rates[:_MOST_BARS]
    ]
    return Bars(title=title, groups=[Group(rows)], axis="% of responses that pass", high=100.0)


def _reasons(title: str, found: Sequence[Counted], axis: str) -> Plot:
    whole = sum(one.number for one in found)
    rows = ranked_bars([(one.name, one.number) for one in found], whole, "rejected")
    return Bars(title=title, groups=[Group(rows)], axis=axis, both=True)


def _refusals(found: Verdicts) -> Section:
    """Return what checks refused before anything was judged."""
    numbers = {one.name: one.number for one in found.refusals}
    whole = sum(numbers.values())
    blocks: list[Block] = []
    if whole:
        plot = _reasons("By stage and reason", found.refusals, "refused")
        readings = _readings(found.refused_samples, numbers, whole)
        blocks = [Figures([plot], wide=True), *readings]
    lead = [f"Checks refused {counted(whole, 'text')} of the model before they were judged."]
    return Section("refusals", "Refusals", blocks, lead)


def _samples(found: Verdicts) -> Section:
    """Return judged responses to read: a few of every outcome."""
    passed, decided = _passed(found)
    numbers = {**{one.name: one.number for one in found.reasons}, "passed": passed}
    lead = ["A fair sample of every outcome: those whose ids have the smallest digests."]
    readings = _readings(found.samples, numbers, decided)
    return Section("samples", "Samples to read", readings, lead)


def _readings(found: Sequence[Sample], numbers: dict[str, int], whole: int) -> list[Block]:
    blocks: list[Block] = []
    for label, some in groupby(found, lambda sample: sample.label):
        number = numbers.get(label, 0)
        beside = f"{count(number)} of {count(whole)}, {share(number, whole)}"
        items = [Reading(one.id, one.said or _asked(one), one.pieces) for one in some]
        blocks.append(Readings(label, beside, items))
    return blocks


def _asked(sample: Sample) -> str:
    """Return the beginning of the instruction, for who chooses what to read."""
    return next((line(one.text, 90) for one in sample.pieces if one.name == "instruction"), "")


# --- Selected rows


def _rows(facts: Facts, verdicts: Verdicts) -> Section:
    """Return what the selected rows are about and how long they are."""
    lengths = [one for one in facts.lengths or verdicts.lengths if one.numbers]
    plots: list[Plot] = []
    if facts.topics:
        whole = sum(one.number for one in facts.topics)
        bars = ranked_bars([(one.name, one.number) for one in facts.topics], whole, "kept")
        plots.append(Bars(title="By topic", groups=[Group(bars)], axis="rows"))
    plots += [_length(one, "selected row" if facts.lengths else "response") for one in lengths]
    title = "Selected rows" if facts.lengths else "Lengths of the responses"
    lead = [_TOPICS] if facts.topics else []
    return Section("rows", title, [Figures(plots)] if plots else [], lead)


def _spread(numbers: dict[int, int], *parts: float) -> list[int]:
    return [quantile(numbers, part) for part in parts]


def _length(found: Lengths, of: str) -> Plot:
    median, most = _spread(found.numbers, 0.5, 0.95)
    said = counted(median, found.unit.removesuffix("s"))
    told = f"Half have at most {said}, 95 of 100 at most {count(most)}."
    return Histogram(
        title=f"Length of the {found.what}",
        bins=columns(found.numbers, found.unit),
        axis=f"{found.unit}; height: {of}s",
        told=told,
        note=told,
    )


def _strength(found: Strength) -> Section:
    """Return what the tests of the selected rows are worth."""
    if not found.asserts:
        return Section("strength", "Strength of the tests", [])
    whole, none = sum(found.asserts.values()), found.asserts.get(0, 0)
    median = counted(quantile(found.asserts, 0.5), "assert")
    said = f"The median row has {median} that can fail because of the solution"
    if none:
        said += (
            f"; {counted(none, 'row')} ({share(none, whole)}) have none or none that can be read"
        )
    lead = [f"{said}."]
    bars = _assert_bars(found.asserts, whole)
    plots: list[Plot] = [Bars(title="Asserts of a row", groups=[Group(bars)], axis="rows")]
    if found.mutants:
        rows, half = sum(found.mutants.values()), quantile(found.mutants, 0.5)
        lead.append(
            f"Half of the {counted(rows, 'row')} that were tried with mutants notice {half}% of"
            " them or less."
        )
        title = "Mutants that the tests notice"
        plots.append(_hundredths(title, found.mutants, "% of mutants"))
    if found.agreement:
        alike = [
            Bar(counted(value, "solution"), number, count(number), share(number, whole))
            for whole in [sum(found.agreement.values())]
            for value, number in sorted(found.agreement.items())[:12]
        ]
        plots.append(Bars(title="Solutions that behave alike", groups=[Group(alike)], axis="rows"))
    if found.scored:
        lead.append(
            f"Of {counted(found.scored, 'scored response')} {count(found.stub_passes)} have tests"
            f" that pass with functions that do nothing ({share(found.stub_passes, found.scored)})."
        )
    return Section("strength", "Strength of the tests", [Figures(plots)], lead)


def _assert_bars(asserts: dict[int, int], whole: int) -> list[Bar]:
    bins = {"none": 0, "1": 1, "2": 2, "3": 3, "4–5": 5, "6–10": 10, "more than 10": max(asserts)}
    numbers = dict.fromkeys(bins, 0)
    for value, number in asserts.items():
        numbers[next(name for name, most in bins.items() if value <= most)] += number
    last = max(n for n, number in enumerate(numbers.values()) if number or not n)
    shown = list(numbers.items())[: last + 1]
    return [Bar(name, number, count(number), share(number, whole)) for name, number in shown]


def _similarity(found: Similarity) -> Section:
    """Return how near the selected rows are to the benchmarks."""
    part = "All" if found.compared == found.rows else f"A fair sample of {count(found.compared)} of"
    lead = [
        f"{part} {counted(found.rows, 'selected row')}: TF-IDF cosine to the nearest task of each"
        " benchmark, as in Magicoder. Words alone decide, so a high value is a reason to look,"
        " and a low one is no proof of distance.",
    ]
    if found.unread:
        lead.append(f"Not compared: {', '.join(line(name, 60) for name in found.unread)}.")
    axis = "cosine in hundredths; height: rows"
    plots = [
        _hundredths(line(one.name, 60), one.numbers, axis, _near(one)) for one in found.benchmarks
    ]
    blocks: list[Block] = [Figures(plots)]
    pairs = [
        Reading(
            one.item,
            f"{one.cosine:.2f}, row {line(one.row, 60)}",
            [Piece("selected row", one.row_text), Piece("task of the benchmark", one.item_text)],
        )
        for one in found.pairs
    ]
    if pairs:
        blocks.append(Readings("The most similar pairs", "", pairs, apart=True))
    return Section("similarity", "Similarity to the benchmarks", blocks, lead)


def _near(found: Compared) -> str:
    median, most = map(_cosine, _spread(found.numbers, 0.5, 1.0))
    tasks = counted(found.items, "task")
    return f"{tasks}. Half of the rows have at most {median}; the nearest has {most}."


def _cosine(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"


def _hundredths(title: str, numbers: dict[int, int], axis: str, told: str = "") -> Plot:
    """Return a histogram from 0 to 100 in twenty columns."""
    heights = [0] * 20
    for value, number in numbers.items():
        heights[min(19, max(0, value) // 5)] += number
    bins: list[Bin] = []
    for index, number in enumerate(heights):
        edge = "100" if index == 19 else compact(5 * index) if index % 4 == 0 else ""
        part = share(number, sum(heights))
        span = f"{5 * index}–{5 * index + 5}: {count(number)} ({part})"
        bins.append(Bin(span, edge, False, number))
    return Histogram(title=title, bins=bins, axis=axis, told=told or title, note=told)


# --- Cost and origin


def _costs(found: Sequence[StepCost]) -> list[Block]:
    """Return where the time went, and tokens."""
    if not found:
        return []
    by_kind = {kind: [one for one in found if one.kind == kind] for kind in KINDS}
    by_kind = {kind: some for kind, some in by_kind.items() if some}
    whole = sum(one.wall_s for one in found)
    times = {kind: sum(one.wall_s for one in some) for kind, some in by_kind.items()}
    bars = [
        Bar(kind, 100 * wall_s / whole, duration(wall_s), share(wall_s, whole), "plain")
        for kind, wall_s in times.items()
        if wall_s > 0
    ]
    blocks: list[Block] = []
    if bars:
        title, axis = "Where the time went", "% of the time"
        plot = Bars(title=title, groups=[Group(bars)], axis=axis, whole=False)
        blocks.append(Figures([plot], in_text=False))
    headings = ("kind of step", "steps", "time", "starts", "device time", "prompt tokens")
    rows = [
        (kind, count(len(some)), duration(times[kind]), *_sums(some))
        for kind, some in by_kind.items()
    ]
    headings = (*headings, "tokens written", "tokens trained on")
    blocks.append(Table(headings, rows, range(1, 8)))
    headings = ("step", "state", "time", "of all", "starts", "device time", "prompt tokens")
    headings = (*headings, "tokens written", "a second", "tokens trained on")
    cells: list[Sequence[str]] = []
    for one in found:
        *sums, trained = _sums([one])
        speed = rate(one.completion_tokens, one.wall_s)
        time = duration(one.wall_s), share(one.wall_s, whole)
        cells.append((one.name, one.state, *time, *sums, speed, trained))
    *sums, trained = _sums(found)
    cells.append(("together", "", duration(whole), "", *sums, "", trained))
    note = (
        "Time by the clock, all starts together. Device time: of training, all devices together."
        " Synthesis includes its verification, which goes on at the same time."
    )
    code, folded = frozenset({0}), len(cells) > _OPEN
    table = Table(headings, cells, range(2, 10), code, "All steps", note, most=300, folded=folded)
    return [*blocks, table]


def _sums(found: Sequence[StepCost]) -> list[str]:
    """Return starts, device time, and tokens read, written and trained on."""
    tokens = [
        sum(one.prompt_tokens for one in found),
        sum(one.completion_tokens for one in found),
        sum(one.trained_tokens for one in found),
    ]
    device_s = duration(sum(one.device_s for one in found))
    starts = count(sum(one.starts for one in found))
    return [starts, device_s, *(count(number) if number else DASH for number in tokens)]


def _origin(facts: Facts) -> Section:
    """Return the recipe, the versions and how to do it again."""
    blocks: list[Block] = []
    lead: list[str] = []
    if facts.versions:
        rows = [(name, ", ".join(versions)) for name, versions in facts.versions.items()]
        blocks.append(Table(("made with", "version"), rows, code=frozenset({0, 1}), most=60))
    if facts.recipe:
        name = line(facts.name, 80)
        lead.append(f"To do it again: veristone align {name}.toml -o FOLDER")
        text = json.dumps(facts.recipe, indent=1, ensure_ascii=False, default=str)
        blocks.append(Listing("The recipe, whole", text[:_MOST_RECIPE], "json"))
    if facts.commands:
        text = "\n".join(facts.commands)
        blocks.append(Listing("The commands of all steps", text, "sh"))
    return Section("origin", "Made from and with", blocks, lead)
