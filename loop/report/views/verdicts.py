"""Sections on what was judged and refused: pass rates, reasons, samples to read."""

from collections.abc import Sequence
from itertools import groupby

from veristone.generators.seeds.report.figures import count, share
from veristone.generators.seeds.report.flow import Amount
from veristone.generators.seeds.report.plots import Bar, bars
from veristone.generators.seeds.report.scale import linear
from veristone.generators.seeds.report.sections import Plot, alone, ranked_bars, scaled
from veristone.generators.seeds.report.words import counted
from veristone.loop.report.facts import Counted, Rate, Sample, Verdicts
from veristone.loop.report.views.blocks import Block, Figures, Reading, Readings, Section, Table
from veristone.text import line

__all__ = ["refusals", "samples", "verdicts"]

_MOST = 15


def verdicts(found: Verdicts | None) -> Section:
    """Return what passes, by kind of task, and why the rest fails."""
    title = "Verdicts"
    if found is None or not found.responses:
        return Section("verdicts", title)
    failed = sum(one.number for one in found.reasons)
    rates = [
        ("Pass rate by category", "category", found.by_category),
        ("Pass rate by difficulty", "difficulty", sorted(found.by_difficulty, key=_ease)),
        ("Pass rate by language", "language", found.by_language),
        ("Pass rate by number of asserts", "asserts in the tests", found.by_asserts),
    ]
    plots = [_rates(name, some) for name, _, some in rates if len(some) > 1]
    if found.reasons:
        plots.insert(0, _reasons("Why the others fail", found.reasons, failed, "responses"))
    tables = [_rate_table(what, some) for _, what, some in rates if some]
    if found.reasons:
        tables.append(_reason_table("reason of the verdict", found.reasons, failed))
    lead = [_said(found)]
    if len(found.by_asserts) > 1:
        lead.append(
            f"Asserts are counted in a fair sample of {counted(found.by_asserts_of, 'response')}:"
            " those that can fail because of the solution."
        )
    lead += [
        f"All are of one {what}: {line(some[0].name, 60)}."
        for _, what, some in rates[:3]
        if len(some) == 1
    ]
    return Section("verdicts", title, lead, [Figures(plots), *tables])


def _ease(rate: Rate) -> int:
    known = ("easy", "medium", "hard")
    return known.index(rate.name) if rate.name in known else len(known)


def _said(found: Verdicts) -> str:
    passed = sum(rate.passed for rate in found.by_language)
    decided = found.responses - found.undecided
    said = f"{count(passed)} of {counted(decided, 'judged response')} passed"
    if found.undecided:
        said += f"; {counted(found.undecided, 'other')} had no verdict"
    return f"{said}."


def _rates(title: str, rates: Sequence[Rate]) -> Plot:
    rows = [
        Bar(
            line(rate.name, 60),
            100 * rate.passed / rate.decided,
            f"of {count(rate.decided)}",
            share(rate.passed, rate.decided),
        )
        for rate in rates[:_MOST]
    ]
    scale = linear([100.0])
    return Plot(title, bars([alone(rows)], scale, title, "% of responses that pass"))


def _reasons(title: str, found: Sequence[Counted], whole: int, axis: str) -> Plot:
    amounts = [Amount(one.name, one.number) for one in found]
    return scaled([alone(ranked_bars(amounts, whole, "rejected"))], title, axis)


def _rate_table(what: str, rates: Sequence[Rate]) -> Table:
    rows = [
        (rate.name, count(rate.decided), count(rate.passed), share(rate.passed, rate.decided))
        for rate in rates
    ]
    return Table(
        (what, "judged", "passed", "pass rate"),
        rows,
        right=frozenset({1, 2, 3}),
        code=frozenset({0}),
        in_text_only=True,
    )


def _reason_table(what: str, found: Sequence[Counted], whole: int) -> Table:
    rows = [(one.name, count(one.number), share(one.number, whole)) for one in found]
    headings = (what, "number", "of these")
    right, code = frozenset({1, 2}), frozenset({0})
    return Table(headings, rows, right=right, code=code, most=40, in_text_only=True)


def refusals(found: Verdicts | None) -> Section:
    """Return what checks refused before anything was judged."""
    if found is None or not found.refusals:
        return Section("refusals", "Refusals")
    whole = sum(one.number for one in found.refusals)
    plot = _reasons("By stage and reason", found.refusals, whole, "refused")
    numbers = {one.name: one.number for one in found.refusals}
    readings = _readings(found.refused_samples, numbers, whole)
    lead = [f"Checks refused {counted(whole, 'text')} of the model before they were judged."]
    table = _reason_table("stage and reason", found.refusals, whole)
    return Section("refusals", "Refusals", lead, [Figures([plot], wide=True), table, *readings])


def samples(found: Verdicts | None) -> Section:
    """Return judged responses to read: a few of every outcome."""
    if found is None or not found.samples:
        return Section("samples", "Samples to read")
    numbers = {one.name: one.number for one in found.reasons}
    numbers["passed"] = sum(rate.passed for rate in found.by_language)
    whole = found.responses - found.undecided
    lead = ["A fair sample of every outcome: those whose ids have the smallest digests."]
    readings = _readings(found.samples, numbers, whole)
    return Section("samples", "Samples to read", lead, readings)


def _readings(found: Sequence[Sample], numbers: dict[str, int], whole: int) -> list[Block]:
    return [
        Readings(
            label,
            _part(numbers.get(label, 0), whole),
            [Reading(sample.id, sample.said or _asked(sample), sample.pieces) for sample in some],
        )
        for label, some in groupby(found, lambda sample: sample.label)
    ]


def _asked(sample: Sample) -> str:
    """Return the beginning of the instruction, for who chooses what to read."""
    return next((line(one.text, 90) for one in sample.pieces if one.name == "instruction"), "")


def _part(number: int, whole: int) -> str:
    return f"{count(number)} of {count(whole)}, {share(number, whole)}"
