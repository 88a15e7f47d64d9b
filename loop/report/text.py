"""The report as Markdown that is also legible in a terminal; equal facts give equal text.

Plots have tables in their place. Texts from outside stand in code spans and fences only.
"""

from veristone.generators.seeds.report.markdown import fence, span, table
from veristone.generators.seeds.report.words import counted
from veristone.loop.report.facts import Facts
from veristone.loop.report.views import words
from veristone.loop.report.views.blocks import Block, Listing, Readings, Section, Table
from veristone.loop.report.views.whole import sections
from veristone.text import excerpt, line

__all__ = ["render_text"]

_LINES, _WIDTH = 24, 160
_LISTED = 300
_READ = 1
"""Samples of each outcome."""


def render_text(facts: Facts) -> str:
    """Return the whole report as Markdown."""
    blocks = [
        f"# {_plain('Run of the loop: ')}{span(line(facts.name, 80))}",
        f"**{_plain(words.headline(facts))}.**",
        "\n".join(f"- {_plain(said)}" for said in words.summary(facts)),
        words.unfinished(facts),
    ]
    for section in sections(facts):
        blocks += _section(section)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(section: Section) -> list[str]:
    blocks = [f"## {section.title}", " ".join(_plain(said) for said in section.lead)]
    for block in section.blocks:
        blocks += _block(block)
    return blocks


def _block(block: Block) -> list[str]:
    match block:
        case Table():
            return _table(block)
        case Readings():
            return _readings(block)
        case Listing():
            text = excerpt(block.text, _LISTED, _WIDTH * 3)
            return [f"### {_plain(block.heading)}", fence(text, block.language)]
        case _:
            return []


def _table(block: Table) -> list[str]:
    rows = [
        [
            span(line(cell)) if index in block.code else _plain(line(cell))
            for index, cell in enumerate(row)
        ]
        for row in block.rows[: block.most]
    ]
    more = len(block.rows) - block.most
    headings = [_plain(line(one, 80)) for one in block.headings]
    return [
        f"### {_plain(block.title)}" if block.title else "",
        table(headings, rows, right=block.right),
        f"And {counted(more, 'other')}." if more > 0 else "",
        _plain(block.note),
    ]


def _readings(block: Readings) -> list[str]:
    blocks = [f"### {span(line(block.heading, 120))} {_plain(block.beside)}".rstrip()]
    for item in block.items[:_READ]:
        beside = f": {span(line(item.beside))}" if item.beside else ""
        blocks.append(f"{span(line(item.title, 120))}{beside}")
        for piece in item.pieces:
            blocks.append(f"{piece.name}:")
            blocks.append(fence(excerpt(piece.text, _LINES, _WIDTH), piece.language))
    return blocks


_MARKUP = frozenset("\\`*_{}[]<>|#~!&$")


def _plain(text: str) -> str:
    """Return a sentence, in which names from outside may stand, so that nothing of it is markup.

    Brackets of intervals stay: without parentheses behind them they are no link.
    """
    safe = "".join(
        f"\\{one}" if one in _MARKUP - frozenset("[]") else one for one in line(text, 1000)
    )
    return safe.replace("](", "]\\(").replace("]:", "]\\:")
