"""Sections on the data: what they are about, how long they are, how near to the benchmarks."""

from collections.abc import Mapping, Sequence

from veristone.generators.pages.drawing import (
    Bar,
    Bars,
    Group,
    Histogram,
    Plot,
    Whisker,
    Whiskers,
    columns,
)
from veristone.generators.pages.numbers import count, counted, quantile, share
from veristone.generators.pages.sections import (
    Block,
    Figures,
    Piece,
    Reading,
    Readings,
    Section,
    Table,
)
from veristone.loop.report.facts import Data, DataSet
from veristone.text import line

__all__ = ["contents", "similarity"]

_QUARTILES = "Dot: median. Line: the middle half of the rows."


def contents(found: Data) -> Section:
    """Return what the rows are about and how long they are, the run's and those beside it."""
    how = "by keywords, which sorts roughly"
    if found.sorted_by != "keywords":
        how = f"by embeddings of {line(found.sorted_by, 80)}: the nearest of ten descriptions"
    first, several = found.sets[0], len(found.sets) > 1
    lead = [f"Categories: {how}. Lengths in words and signs."]
    plots: list[Plot] = [_categories(first), *_lengths(first)]
    blocks: list[Block] = [Figures(plots)]
    if several:
        blocks += [_category_table(found.sets), Figures(_lengths_beside(found.sets))]
    return Section("data", "What the data are about", blocks, lead)


def _categories(one: DataSet) -> Plot:
    whole = sum(one.categories.values())
    bars = [
        Bar(line(name, 60), number, count(number), share(number, whole))
        for name, number in one.categories.items()
    ]
    title = f"Categories: {line(one.name, 60)}"
    return Bars(title=title, groups=[Group(bars)], axis="rows")


def _category_table(sets: Sequence[DataSet]) -> Table:
    """Return the share of each category in each set, those of the first in front."""
    names = dict.fromkeys(name for one in sets for name in one.categories)
    rows = [
        (name, *(share(one.categories.get(name, 0), sum(one.categories.values())) for one in sets))
        for name in names
    ]
    headings = ("category", *(line(one.name, 40) for one in sets))
    foot = ("rows", *(count(sum(one.categories.values())) for one in sets))
    numbers, title = range(1, len(headings)), "Data sets side by side"
    return Table(headings, rows, numbers, title=title, foot=foot, style="sets")


def _lengths(one: DataSet) -> list[Plot]:
    return [
        Histogram(
            title=f"Length of the {part}",
            bins=columns(numbers, "words and signs"),
            axis="words and signs; height: rows",
            note=f"{line(one.name, 60)}. Half of the rows have at most"
            f" {count(quantile(numbers, 0.5))}, nine of ten at most"
            f" {count(quantile(numbers, 0.9))}.",
        )
        for part, numbers in one.lengths.items()
    ]


def _lengths_beside(sets: Sequence[DataSet]) -> list[Plot]:
    parts = dict.fromkeys(part for one in sets for part in one.lengths)
    found = {part: {s.name: s.lengths[part] for s in sets if part in s.lengths} for part in parts}
    return [
        _side_by_side(f"Length of the {part}", some, 1.0, "words and signs")
        for part, some in found.items()
        if len(some) > 1
    ]


def similarity(found: Data) -> Section:
    """Return how near the rows are to the benchmarks."""
    first = found.sets[0]
    lead = [
        f"Of {counted(first.rows, 'selected row')}: TF-IDF cosine to the nearest task of each"
        " benchmark, as in Magicoder. Words alone decide, so a high value is a reason to look,"
        " and a low one is no proof of distance.",
    ]
    plots: list[Plot] = []
    for name, numbers in first.numbers.items():
        median, most = (f"{quantile(numbers, part) / 100:.2f}" for part in (0.5, 1.0))
        tasks = counted(found.tasks[name], "task")
        told = f"{tasks}. Half of the rows have at most {median}; the nearest has {most}."
        bins, axis = columns(numbers, "hundredths"), "cosine in hundredths; height: rows"
        plots.append(Histogram(title=line(name, 60), bins=bins, axis=axis, note=told))
    beside: list[Plot] = [
        _side_by_side(
            f"{line(name, 60)}, side by side",
            {one.name: one.numbers[name] for one in found.sets},
            100.0,
            "cosine to the nearest task",
        )
        for name in first.numbers
        if len(found.sets) > 1
    ]
    pairs = [
        Reading(
            one.task,
            f"{one.cosine:.2f}, row {line(one.row, 60)}",
            [Piece("selected row", one.row_text), Piece("task of the benchmark", one.task_text)],
        )
        for one in found.pairs
    ]
    blocks = [
        Figures(plots),
        *([Figures(beside)] if beside else []),
        Readings("The most similar pairs", "", pairs, apart=True),
    ]
    return Section("similarity", "Similarity to the benchmarks", blocks if plots else [], lead)


def _side_by_side(
    title: str, sets: Mapping[str, Mapping[int, int]], unit: float, axis: str
) -> Plot:
    """Return median and quartiles of each set, those of the run (the first) marked.

    `unit`: what a value is divided by.
    """
    rows: list[Whisker] = []
    for number, (name, numbers) in enumerate(sets.items()):
        low, middle, high = (quantile(numbers, part) / unit for part in (0.25, 0.5, 0.75))
        shown = [f"{value:,.0f}" if unit == 1 else f"{value:.2f}" for value in (low, middle, high)]
        text = f"{shown[1]} [{shown[0]}, {shown[2]}]"
        style = "plain" if number else "kept"
        rows.append(Whisker(line(name, 60), low, middle, high, text, style))
    return Whiskers(title=title, rows=rows, axis=axis, note=_QUARTILES)
