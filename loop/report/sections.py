"""The report of a run: what was gained and how sure that is, and how it came about.

Text from outside is as it is but in plots and sentences, where it is made visible here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import get_args

from veristone.generators.pages.drawing import (
    Bar,
    Bars,
    Group,
    Plot,
    ranked_bars,
)
from veristone.generators.pages.numbers import (
    DASH,
    count,
    counted,
    duration,
    odds,
    share,
)
from veristone.generators.pages.sections import (
    Block,
    Figures,
    Listing,
    Readings,
    Report,
    Section,
    Table,
)
from veristone.loop.plan import BASE, MAIN, Kind
from veristone.loop.report.data_sections import contents, similarity
from veristone.loop.report.facts import (
    Difference,
    Facts,
    Rate,
    Stage,
    StepCost,
    Verdicts,
)
from veristone.loop.report.models import between, evaluation, rounds, training
from veristone.text import line

__all__ = ["report"]

_MOST_REASONS = 4
_MOST_BARS = 15
_MOST_RECIPE = 50_000
_SAMPLES = "A fair sample of every outcome: those whose ids have the smallest digests."
_OPEN = 8
"""Steps that are shown unasked."""


def report(facts: Facts) -> Report:
    """Return the report of a run, in whatever state it is."""
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
            evaluation(facts),
            rounds(facts),
            _funnel(facts),
            _verdicts(facts.verdicts),
            *([contents(facts.data), similarity(facts.data)] if facts.data else []),
            training(facts),
            Section("samples", "Samples to read", _samples(facts.verdicts), [_SAMPLES]),
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
    return "Not evaluated yet"


def _findings(facts: Facts) -> Iterator[str]:
    """Say what was found in a sentence each."""
    for label, last in _latest(facts).items():
        yield from _gains(facts, label, last)
    verdicts = facts.verdicts
    if verdicts.responses:
        judged = counted(verdicts.decided, "judged response")
        part = share(verdicts.instructions_passed, verdicts.instructions)
        yield (
            f"{share(verdicts.passed, verdicts.decided)} of {judged} passed;"
            f" {part} of {counted(verdicts.instructions, 'instruction')} have one that did."
        )
    if facts.funnel and facts.funnel[-1].part in ("dataset", "training"):
        first, rows = facts.funnel[0], facts.funnel[-1].kept
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
        if (one.label, one.round) == (label, last) and one.other_round in (0, last)
    }
    said: list[str] = []
    if BASE in gains:
        said.append(_gain(gains[BASE], "the base model"))
    control = next(iter(facts.variants), "")
    if control in gains:
        said.append(_gain(gains[control], f"the control {line(control, 60)}"))
    if said:
        after = f" after {counted(last, 'round')}" if facts.rounds > 1 else ""
        tasks = counted(gains[BASE if BASE in gains else control].tasks, "task")
        yield f"{line(label, 60)}{after}: {'; '.join(said)} ({tasks}, 95% interval)."


def _gain(found: Difference, over: str) -> str:
    mean, _, interval = between(found).partition(" ")
    doubt = "" if found.clear or found.mean == 0 else ", which may be chance"
    return f"{mean} points {interval} over {over}{doubt}"


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
        blocks = [Figures([plot], wide=True), _stage_table(facts.funnel)]
    lead = [f"Of the main variant's round {facts.funnel_round}."] if facts.rounds > 1 else []
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
        named = [f"{name} {count(number)}" for name, number in stage.reasons.items()]
        reasons = named[:_MOST_REASONS]
        if rest := list(stage.reasons.values())[_MOST_REASONS:]:
            reasons.append(f"{counted(len(rest), 'other')} {count(sum(rest))}")
        numbers = count(stage.given), count(stage.kept), _of_given(stage)
        rows.append((stage.part.capitalize(), stage.name, *numbers, ", ".join(reasons)))
    headings = ("part", "stage", "given", "kept", "of given", "main reasons")
    code, side = frozenset({1}), frozenset({5})
    return Table(headings, rows, range(2, 5), code, most=100, side=side)


# --- Verdicts


def _verdicts(found: Verdicts) -> Section:
    """Return what passes, by kind of task, and why the rest fails or was refused before."""
    plots: list[Plot] = []
    if found.reasons:
        plots.append(_counts("Why the others fail", found.reasons, "responses"))
    said = f"{count(found.passed)} of {counted(found.decided, 'judged response')} passed"
    if found.undecided:
        said += f"; {counted(found.undecided, 'other')} had no verdict"
    lead = [f"{said}."] if found.responses else []
    if found.refusals:
        plots.append(_counts("What checks refused", found.refusals, "answers"))
        refused = counted(sum(found.refusals.values()), "answer")
        lead.append(f"Checks refused {refused} of the model before they were judged.")
    for what, rates in found.rates.items():
        if len(rates) > 1:
            plots.append(_rates(f"Pass rate by {what}", rates))
        else:
            lead.append(f"All are of one {what}: {line(next(iter(rates)), 60)}.")
    return Section("verdicts", "Verdicts and refusals", [Figures(plots)] if plots else [], lead)


def _rates(title: str, rates: Mapping[str, Rate]) -> Plot:
    rows = [
        Bar(
            line(name, 60),
            100 * found.passed / found.decided,
            f"of {count(found.decided)}",
            share(found.passed, found.decided),
        )
        for name, found in list(rates.items())[:_MOST_BARS]
    ]
    return Bars(title=title, groups=[Group(rows)], axis="% of responses that pass", high=100.0)


def _counts(title: str, found: Mapping[str, int], axis: str) -> Plot:
    rows = ranked_bars(list(found.items()), sum(found.values()), "rejected")
    return Bars(title=title, groups=[Group(rows)], axis=axis, both=True)


def _samples(found: Verdicts) -> list[Block]:
    """Return judged and refused answers to read: a few of every outcome."""
    numbers = {"passed": found.passed, **found.reasons, **found.refusals}
    return [Readings(label, count(numbers[label]), some) for label, some in found.samples.items()]


# --- Cost and origin


def _costs(found: Sequence[StepCost]) -> list[Block]:
    """Return where the time went, and tokens."""
    if not found:
        return []
    whole = sum(one.wall_s for one in found)
    times = dict.fromkeys(get_args(Kind), 0.0)
    for one in found:
        times[one.kind] += one.wall_s
    bars = [
        Bar(kind, 100 * wall_s / whole, duration(wall_s), share(wall_s, whole), "plain")
        for kind, wall_s in times.items()
        if wall_s > 0
    ]
    title, axis = "Where the time went", "% of the time"
    plot = Bars(title=title, groups=[Group(bars)], axis=axis, whole=False)
    headings = ("step", "state", "time", "of all", "starts", "device time", "prompt tokens")
    table = Table(
        (*headings, "tokens written", "tokens trained on"),
        [_cost_row(one.name, one.state, [one], whole) for one in found],
        range(2, 9),
        frozenset({0}),
        "All steps",
        "Time by the clock, all starts together. Device time: of training, all devices together."
        " Synthesis includes its verification, which goes on at the same time.",
        most=300,
        folded=len(found) > _OPEN,
        foot=_cost_row("together", "", found, whole),
    )
    return [Figures([plot]), table]


def _cost_row(name: str, state: str, found: Sequence[StepCost], whole_s: float) -> Sequence[str]:
    """Return what some steps cost together."""
    wall_s = sum(one.wall_s for one in found)
    tokens = (
        sum(one.prompt_tokens for one in found),
        sum(one.completion_tokens for one in found),
        sum(one.trained_tokens for one in found),
    )
    return (
        name,
        state,
        duration(wall_s),
        share(wall_s, whole_s),
        count(sum(one.starts for one in found)),
        duration(sum(one.device_s for one in found)),
        *(count(number) if number else DASH for number in tokens),
    )


def _origin(facts: Facts) -> Section:
    """Return the recipe, the versions and how to do it again."""
    blocks: list[Block] = []
    if facts.versions:
        rows = list(facts.versions.items())
        blocks.append(Table(("made with", "version"), rows, code=frozenset({0, 1}), most=60))
    if facts.recipe:
        text = json.dumps(facts.recipe, indent=1, ensure_ascii=False)
        blocks.append(Listing("The recipe, whole", text[:_MOST_RECIPE], "json"))
    lead = [f"To do it again: veristone align {line(facts.name, 80)}.toml -o FOLDER"]
    return Section("origin", "Made from and with", blocks, lead)
