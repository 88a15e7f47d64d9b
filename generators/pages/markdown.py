"""A report as Markdown that is also legible in a terminal; equal reports give equal text.

Bars have tables in their place, other plots what they tell. Text from outside is made visible and
stands in code spans and fences, where nothing is markup, or is escaped: it cannot leave its place.
"""

import re
from collections.abc import Collection, Sequence
from itertools import zip_longest

from veristone.generators.pages.drawing import Bars, Curves, Plot, Whiskers
from veristone.generators.pages.numbers import DASH, counted
from veristone.generators.pages.sections import (
    Block,
    Cell,
    Figures,
    Named,
    Readings,
    Report,
    Section,
    Table,
)
from veristone.text import excerpt, line

__all__ = ["fence", "plain_cell", "render_text", "span", "table"]

_LINES, _WIDTH = 24, 160
_LISTED = 300
_BACKTICKS = re.compile("`+")
_LANGUAGE = re.compile(r"[a-z][a-z0-9+#-]{0,19}")
_MARKUP = re.compile(r"[\\`*_{}<>|#~!&$]")


def render_text(report: Report) -> str:
    """Return the whole report as Markdown."""
    name = f" {span(line(report.name, 80))}" if report.name else ""
    findings = [_plain(said) for said in report.findings]
    headline = f"**{_plain(report.headline)}.**"
    if report.long:
        told = "\n".join(f"- {said}" for said in findings)
    else:
        headline, told = " ".join([headline, *findings]), ""
    blocks = [
        f"# {_plain(report.title)}{name}",
        headline,
        told,
        _plain(report.warning),
    ]
    for section in report.shown:
        blocks += _section(section)
    for kind, names in report.footer:
        listed = ", ".join(_named(each) for each in names)
        blocks.append(f"{_plain(kind)}: {listed}.")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(section: Section) -> list[str]:
    blocks = [f"## {section.title}", " ".join(_plain(said) for said in section.lead)]
    for block in section.blocks:
        blocks += _block(block)
    return blocks


def _block(block: Block) -> list[str]:
    if isinstance(block, Figures):
        return [each for plot in block.plots for each in _plot(plot)] if block.in_text else []
    if isinstance(block, Table):
        return _table(block) if block.in_text else []
    if isinstance(block, Readings):
        return _readings(block)
    text = excerpt(block.text, _LISTED, _WIDTH * 3)
    return [f"### {_plain(block.heading)}", fence(text, block.language)]


def _plot(plot: Plot) -> list[str]:
    """Return the numbers of bars as a table; of other plots what they tell."""
    title = f"### {_plain(plot.title)}"
    if isinstance(plot, Whiskers):
        rows = [(span(row.label), _plain(row.text)) for row in plot.rows]
        return [title, table(("", _plain(plot.axis)), rows, [1])]
    if not isinstance(plot, Bars):
        return [title, _plain(plot.told if isinstance(plot, Curves) else plot.note)]
    head = 1 if any(group.heading for group in plot.groups) else 0
    rows = [
        (*[span(group.heading)] * head, span(bar.label), _plain(bar.text), _plain(bar.share))
        for group in plot.groups
        for bar in group.bars
    ]
    headings = (*[""] * (head + 1), _plain(plot.axis) or "number", "share")
    return [title, table(headings, rows, (head + 1, head + 2)), _plain(plot.note)]


def _table(block: Table) -> list[str]:
    rows = [*block.rows[: block.most], *([block.foot] if block.foot else [])]
    cells = [[_cell(cell, code=n in block.code) for n, cell in enumerate(row)] for row in rows]
    more = len(block.rows) - block.most
    return [
        f"### {_plain(block.title)}" if block.title else "",
        table([_plain(each) for each in block.headings], cells, block.numbers),
        f"And {counted(more, 'other')}." if more > 0 else "",
        _plain(block.note),
    ]


def _cell(cell: Cell, *, code: bool) -> str:
    if not isinstance(cell, str):
        return ", ".join(_named(each) for each in cell)
    return span(line(cell)) if code else _plain(line(cell))


def plain_cell(cell: Cell) -> str:
    """Return a cell as one line of plain text, visible but not escaped: for a terminal."""
    if isinstance(cell, str):
        return line(cell)
    return ", ".join(" ".join(filter(None, (line(n, 80), line(text)))) for n, text in cell)


def _named(one: Named) -> str:
    return " ".join(filter(None, (one.name and span(line(one.name, 80)), _plain(one.text))))


def _readings(block: Readings) -> list[str]:
    group = ""
    if block.group is not None:
        group = _plain(block.group.text) + span(line(block.group.name, 80))
    titles = [group, span(line(block.heading, 120)) if block.heading else ""]
    heading = ": ".join(filter(None, titles))
    blocks = [f"### {heading} {_plain(block.beside)}".rstrip()] if heading else []
    for item in block.items[: block.in_text]:
        facts = (item.title, item.beside, item.source, item.where, item.licences)
        text = ", ".join(span(line(each, 120)) for each in facts if each)
        if item.found:
            text += f"  \nFound: {span(line(item.found))}"
        blocks.append(text)
        for piece in item.pieces:
            blocks.append(f"{piece.name}:" if piece.name else "")
            blocks.append(fence(excerpt(piece.text, _LINES, _WIDTH), piece.language))
    return blocks


def span(text: str) -> str:
    """Return a line of visible text as a code span; a dash for nothing."""
    if not text.strip():
        return DASH
    ticks = "`" * (_longest(text) + 1)
    edge = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def fence(code: str, language: str) -> str:
    """Return a piece of visible code as a fenced block."""
    ticks = "`" * max(3, _longest(code) + 1)
    info = language if _LANGUAGE.fullmatch(language) else ""
    return f"{ticks}{info}\n{code}\n{ticks}"


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()
) -> str:
    """Return a table, padded so that it is legible as plain text too.

    `right` are the numbers of the columns that are aligned to the right. A bar in a cell would end
    it, escaped or not, depending on who renders it: it becomes a broken bar.
    """
    cells = [[cell.replace("|", "¦") for cell in row] for row in [headings, *rows]]
    widths = [max(3, *map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    ruler = ["-" * (w - 1) + ":" if i in right else "-" * w for i, w in enumerate(widths)]
    padded = [
        [cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(pairs)]
        for pairs in (zip(row, widths, strict=True) for row in cells)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [padded[0], ruler, *padded[1:]])


def _longest(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)


def _plain(text: str) -> str:
    """Return a sentence, in which names from outside may stand, so that nothing of it is markup.

    Brackets of intervals stay: without parentheses behind them they are no link.
    """
    safe = _MARKUP.sub(r"\\\g<0>", line(text, 1000))
    return safe.replace("](", "]\\(").replace("]:", "]\\:")
