"""The report as Markdown."""

import re

import pytest
from report_funnels import HOSTILE, empty, hostile, large, small, unfinished
from rich.console import Console
from rich.markdown import Markdown

from veristone.generators.pages.markdown import render_text
from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report.sections import funnel_rows, report


def test_the_rows_of_the_large_funnel():
    rows = funnel_rows(large())
    assert rows[0] == ["all functions", "", "22,311,478", "", "100%", ""]
    assert rows[1][:5] == ["documented", "22,311,478", "5,359,051", "24.0%", "24.02%"]
    assert rows[3] == [
        "returns",
        "4,480,000",
        "3,212,400",
        "71.7%",
        "14.40%",
        "no_value_returned 1,140,840, generator 126,760",
    ]
    assert rows[-1] == ["seeds", "", "248,934", "", "1.12%", ""]


def test_the_large_funnel_as_text():
    text = render_text(report(large()))
    assert text.startswith(
        "# Seed funnel `functions`\n\n**248,934 seeds from 22,311,478 functions.** "
    )
    headings = re.findall("^## (.+)$", text, re.MULTILINE)
    assert headings == [
        "Funnel",
        "Rejections",
        "Seeds",
        "Speed",
        "Sources",
        "Examples of seeds",
        "Examples of rejections",
    ]
    assert re.search(r"\| `licence_not_allowed` +\| +640,112 \| +4\.7% \|", text)
    assert "Found: `np, defaultdict`" in text
    # Functions per CPU second: (1,204,950 given - 401,650 not applicable) / 5,420 s.
    assert re.search(r"\| `pyright` +\| +148 \|", text)
    assert re.search(r"\| `pyright` +\| +1 h 30 min \| +5\.6% \|", text)


def test_two_examples_of_each_reason():
    examples = render_text(report(large())).split("## Examples of rejections")[1]
    for block in examples.split("\n### ")[1:]:
        assert block.count("\n```") in {0, 4}, block


@pytest.mark.parametrize("funnel", [Funnel(), empty(), small(), unfinished(), large(), hostile()])
def test_the_same_funnel_gives_the_same_text(funnel: Funnel):
    text = render_text(report(funnel))
    assert text == render_text(report(funnel))
    assert text.endswith("\n")
    assert not re.search(r"\bNone\b|\bnan\b|\n\Z\n", text)


def test_sections_with_nothing_to_say_are_left_out():
    assert render_text(report(Funnel(finished=True))) == "# Seed funnel\n\n**Nothing was found.**\n"
    text = render_text(report(small()))
    assert not re.search("## (Speed|Made with)", text)
    assert "| `never`    |     0 |    0 |" in text


def test_an_unfinished_run_says_so():
    assert "not finished" in render_text(report(unfinished()))
    assert "not finished" not in render_text(report(large()))
    assert "779,120 still waiting" in render_text(report(unfinished()))


def test_hostile_text_neither_acts_nor_becomes_markup():
    text = render_text(report(hostile()))
    text.encode()
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text
    )
    # Rich's parser is CommonMark with tables: links, images and HTML would be tokens of their own.
    tokens = list(Markdown(text).parsed)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}
    assert {"fence", "code_inline", "table_open"} <= kinds


def test_hostile_rows_are_plain_single_lines():
    for row in funnel_rows(hostile()):
        for cell in row:
            assert cell.isprintable(), cell


def test_every_code_block_is_what_it_was_meant_to_be():
    tokens = Markdown(render_text(report(hostile()))).parsed
    fences = [token.content for token in tokens if token.type == "fence"]
    seeds = 2
    rejections = 4 * len(HOSTILE)
    assert len(fences) == seeds + rejections


def test_a_terminal_shows_it():
    console = Console(width=200, record=True, file=None, quiet=True)
    console.print(Markdown(render_text(report(large()))))
