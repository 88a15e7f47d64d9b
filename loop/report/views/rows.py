"""Sections on the selected rows: topics, lengths, what their tests are worth, similarity."""

from collections.abc import Sequence

from veristone.generators.seeds.report.figures import compact, count, share
from veristone.generators.seeds.report.flow import Amount
from veristone.generators.seeds.report.histogram import columns, quantile
from veristone.generators.seeds.report.plots import Bar, Bin, bars, histogram
from veristone.generators.seeds.report.scale import linear
from veristone.generators.seeds.report.sections import Plot, alone, ranked_bars
from veristone.generators.seeds.report.words import counted
from veristone.loop.report.facts import (
    Compared,
    Counted,
    Facts,
    Lengths,
    Pair,
    Piece,
    Similarity,
    Strength,
)
from veristone.loop.report.views.blocks import Block, Figures, Reading, Readings, Section, Table
from veristone.text import line

__all__ = ["nearness", "rows", "strength"]

_TOPICS = (
    "The topics are those of Magicoder's analysis. A row is sorted by a list of words for each"
    " topic, instruction before response; docs/report.md tells how. A rough sorting."
)


def rows(facts: Facts) -> Section:
    """Return what the selected rows are about and how long they are."""
    title = "Selected rows"
    lengths = facts.lengths or (facts.verdicts.lengths if facts.verdicts is not None else [])
    of = "selected row" if facts.lengths else "response"
    plots = [_length(one, of) for one in lengths if one.numbers]
    blocks: list[Block] = []
    if facts.topics:
        plots.insert(0, _topics(facts.topics))
    if plots:
        blocks.append(Figures(plots))
    if facts.topics:
        whole = sum(one.number for one in facts.topics)
        found = [(one.name, count(one.number), share(one.number, whole)) for one in facts.topics]
        headings = ("topic", "rows", "of all")
        table = Table(headings, found, right=frozenset({1, 2}), in_text_only=True)
        blocks.append(table)
    measured = [one for one in lengths if one.numbers]
    if measured:
        blocks.append(_length_table(measured))
    lead = [_TOPICS] if facts.topics else []
    name = title if facts.lengths else "Lengths of the responses"
    return Section("rows", name, lead, blocks)


def _topics(found: Sequence[Counted]) -> Plot:
    whole = sum(one.number for one in found)
    amounts = [Amount(one.name, one.number) for one in found]
    drawn = ranked_bars(amounts, whole, "kept")
    scale = linear(one.value for one in drawn)
    return Plot("By topic", bars([alone(drawn)], scale, "By topic", "rows"))


def _length(found: Lengths, of: str) -> Plot:
    title = f"Length of the {found.what}"
    median, most = quantile(found.numbers, 0.5), quantile(found.numbers, 0.95)
    unit = found.unit.removesuffix("s")
    told = f"Half have at most {counted(median, unit)}, 95 of 100 at most {count(most)}."
    axis = f"{found.unit}; height: {of}s"
    return Plot(title, histogram(columns(found.numbers, found.unit), title, axis, told), note=told)


def _length_table(found: Sequence[Lengths]) -> Table:
    parts = (0.0, 0.5, 0.95, 1.0)
    cells = [
        (
            f"{one.what}, {one.unit}",
            *(count(quantile(one.numbers, part)) for part in parts),
        )
        for one in found
    ]
    headings = ("length of", "shortest", "median", "95 of 100 up to", "longest")
    return Table(headings, cells, right=frozenset(range(1, 5)), in_text_only=True)


def strength(found: Strength | None) -> Section:
    """Return what the tests of the selected rows are worth."""
    title = "Strength of the tests"
    if found is None or not found.asserts:
        return Section("strength", title)
    whole = sum(found.asserts.values())
    plots = [_asserts(found.asserts)]
    lead = [_asserts_said(found.asserts, whole)]
    if found.mutants:
        rows = sum(found.mutants.values())
        half = quantile(found.mutants, 0.5)
        lead.append(
            f"Half of the {counted(rows, 'row')} that were tried with mutants notice {half}% of"
            " them or less."
        )
        plots.append(_hundredths("Mutants that the tests notice", found.mutants, "% of mutants"))
    if found.agreement:
        plots.append(_agreement(found.agreement))
    if found.scored:
        lead.append(
            f"Of {counted(found.scored, 'scored response')} {count(found.stub_passes)} have tests"
            f" that pass with functions that do nothing ({share(found.stub_passes, found.scored)})."
        )
    table = Table(
        ("asserts", "rows", "of all"),
        [(one.label, count(int(one.value)), one.share) for one in _assert_bars(found.asserts)],
        right=frozenset({1, 2}),
        in_text_only=True,
    )
    return Section("strength", title, lead, [Figures(plots), table])


def _asserts_said(asserts: dict[int, int], whole: int) -> str:
    none = asserts.get(0, 0)
    median = quantile(asserts, 0.5)
    said = f"The median row has {counted(median, 'assert')} that can fail because of the solution"
    if none:
        said += (
            f"; {counted(none, 'row')} ({share(none, whole)}) have none or none that can be read"
        )
    return f"{said}."


def _asserts(asserts: dict[int, int]) -> Plot:
    drawn = _assert_bars(asserts)
    scale = linear(one.value for one in drawn)
    title = "Asserts of a row"
    return Plot(title, bars([alone(drawn)], scale, title, "rows"))


def _assert_bars(asserts: dict[int, int]) -> list[Bar]:
    whole = sum(asserts.values())
    bins = [("none", 0, 0), ("1", 1, 1), ("2", 2, 2), ("3", 3, 3), ("4–5", 4, 5), ("6–10", 6, 10)]
    bins.append(("more than 10", 11, max([11, *asserts])))
    numbers = [
        (name, sum(n for value, n in asserts.items() if low <= value <= high))
        for name, low, high in bins
    ]
    while len(numbers) > 1 and not numbers[-1][1]:
        numbers.pop()
    return [Bar(name, number, count(number), share(number, whole)) for name, number in numbers]


def _agreement(agreement: dict[int, int]) -> Plot:
    title = "Solutions that behave alike"
    whole = sum(agreement.values())
    drawn = [
        Bar(counted(value, "solution"), number, count(number), share(number, whole))
        for value, number in sorted(agreement.items())[:12]
    ]
    return Plot(title, bars([alone(drawn)], linear(one.value for one in drawn), title, "rows"))


def nearness(found: Similarity | None) -> Section:
    """Return how near the selected rows are to the benchmarks."""
    title = "Similarity to the benchmarks"
    if found is None:
        return Section("similarity", title)
    part = "All" if found.compared == found.rows else f"A fair sample of {count(found.compared)} of"
    lead = [
        f"{part} {counted(found.rows, 'selected row')}: TF-IDF cosine to the nearest task of each"
        " benchmark, as in Magicoder. Words alone decide, so a high value is a reason to look,"
        " and a low one is no proof of distance.",
    ]
    if found.unread:
        lead.append(f"Not compared: {', '.join(line(name, 60) for name in found.unread)}.")
    plots = [
        _hundredths(
            line(one.name, 60), one.numbers, "cosine in hundredths; height: rows", _told(one)
        )
        for one in found.benchmarks
    ]
    cells = [
        (
            one.name,
            count(one.items),
            *(_cosine(quantile(one.numbers, part)) for part in (0.5, 0.95, 1.0)),
        )
        for one in found.benchmarks
    ]
    headings = ("benchmark", "tasks", "median", "95 of 100 up to", "highest")
    table = Table(
        headings, cells, right=frozenset(range(1, 5)), code=frozenset({0}), in_text_only=True
    )
    blocks: list[Block] = [Figures(plots), table]
    if found.pairs:
        items = [_pair(pair) for pair in found.pairs]
        blocks.append(Readings("The most similar pairs", "", items, apart=True))
    return Section("similarity", title, lead, blocks)


def _told(found: Compared) -> str:
    median, most = quantile(found.numbers, 0.5), quantile(found.numbers, 1.0)
    return (
        f"{counted(found.items, 'task')}. Half of the rows have at most {_cosine(median)};"
        f" the nearest has {_cosine(most)}."
    )


def _cosine(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"


def _pair(pair: Pair) -> Reading:
    pieces = [
        Piece(name="selected row", text=pair.row_text),
        Piece(name="task of the benchmark", text=pair.item_text),
    ]
    return Reading(pair.item, f"{pair.cosine:.2f}, row {line(pair.row, 60)}", pieces)


def _hundredths(title: str, numbers: dict[int, int], axis: str, told: str = "") -> Plot:
    """Return a histogram from 0 to 100 in twenty columns."""
    whole = sum(numbers.values())
    heights = [0] * 20
    for value, number in numbers.items():
        heights[min(19, max(0, value) // 5)] += number
    bins = [
        Bin(
            f"{5 * index}–{5 * index + 5}: {count(number)} ({share(number, whole)})",
            compact(5 * index) if index % 4 == 0 else ("100" if index == 19 else ""),
            False,
            number,
        )
        for index, number in enumerate(heights)
    ]
    return Plot(title, histogram(bins, title, axis, told or title), note=told)
