"""The report as a page, read as text and parsed; `test_seeds_report_browser` looks at it."""

import base64
import hashlib
import re

import pytest
from msgspec.structs import replace
from page_reader import Page
from report_funnels import HOSTILE, empty, hostile, large, small, unfinished

from veristone.generators.pages.page import render_page
from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report.sections import report

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer"),
    *("h1", "h2", "h3", "p", "bdi", "span", "div", "figure", "figcaption", "input", "label"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "wbr", "details", "summary", "article"),
    *("pre", "svg", "desc", "g", "text", "rect", "line"),
}


FUNNELS = [Funnel(), empty(), small(), unfinished(), large(), hostile()]


@pytest.mark.parametrize("funnel", FUNNELS)
def test_every_page_is_well_formed_and_asks_for_nothing(funnel: Funnel):
    html = render_page(report(funnel))
    assert html == render_page(report(funnel))
    assert html.startswith("<!doctype html>\n")
    html.encode()
    page = Page(html)
    assert page.tags <= ALLOWED
    assert len(page.ids) == len(set(page.ids))
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in {"href", "src", "style"}}


def test_the_policy_allows_the_page_s_own_style_sheet_and_nothing_else():
    html = render_page(report(large()))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    rules = policy[1].replace("&#39;", "'").split("; ")
    assert rules == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not re.search(r"url\(|@import", style[1])


def test_the_large_page_has_everything():
    html = render_page(report(large()))
    page = Page(html)
    assert page.headings == [
        "Funnel",
        "Rejections",
        "Seeds",
        "Speed",
        "Sources",
        "Examples of seeds",
        "Examples of rejections",
    ]
    assert "<h1>248,934 seeds from 22,311,478 functions</h1>" in html
    for text in ("640,112 of 13,643,580 documents, 4.7%", "tools/strings: src/package/module_1/"):
        assert text in html
    assert (
        'id="funnel-1-1-log" class="to-log" aria-label="What is left after each stage: logarithmic'
        in html
    )


@pytest.mark.parametrize(
    ("funnel", "headings"),
    [
        (Funnel(), []),
        (empty(), ["Sources"]),
        (small(), ["Funnel", "Rejections", "Seeds", "Sources", "Examples of rejections"]),
    ],
)
def test_empty_sections_are_left_out(funnel: Funnel, headings: list[str]):
    assert Page(render_page(report(funnel))).headings == headings


def test_what_extraction_counted_is_told():
    html = re.sub("<[^>]+>", "", render_page(report(large())))
    assert "Extraction also counted: the-stack: methods 3,104,226, broken 91,000" in html


def test_counters_may_be_plain_dictionaries():
    funnel = large()
    funnel.steps = [replace(step, reasons=dict(step.reasons)) for step in funnel.steps]
    funnel.sources = [
        replace(source, reasons=dict(source.reasons), seen=dict(source.seen))
        for source in funnel.sources
    ]
    assert render_page(report(funnel)) == render_page(report(large()))


def test_one_language_needs_no_table_of_languages():
    assert 'class="matrix"' not in render_page(report(small()))
    assert 'class="matrix"' in render_page(report(large()))


def test_funnels_that_differ_widely_begin_on_the_logarithmic_axis():
    assert re.search(r'id="funnel-1-1-log"[^>]* checked', render_page(report(large())))
    assert re.search(r'id="funnel-1-1-linear"[^>]* checked', render_page(report(small())))


def test_an_unfinished_run_says_so():
    assert "not finished" in render_page(report(unfinished()))
    assert "not finished" not in render_page(report(large()))


def test_code_is_shown_as_it_stands():
    code = Page(render_page(report(large()))).code
    expected = large().examples[2].text.rstrip("\n")
    assert "\n" + expected in code
    assert "<T extends Comparable<? super T>>" in expected


def test_hostile_code_is_shown_and_is_no_markup():
    html = render_page(report(hostile()))
    assert not re.search("<(script|img)", html, re.IGNORECASE)
    assert str(7919 * 7907) not in html
    shown = "".join(Page(html).code)
    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2], "⟨U+202E⟩gnp.exe⟨U+202C⟩", "⟨U+D800⟩ lone"):
        assert text in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
    assert max(map(len, html.splitlines())) < 20_000
    assert len(html) < 2_000_000


def test_a_step_with_endless_reasons_does_not_make_an_endless_page():
    funnel = small()
    step, example = funnel.steps[0], funnel.steps[0].rejected["too_long"]
    step.reasons.update({f"reason_{number}": 1 for number in range(5_000)})
    step.rejected = dict.fromkeys(step.reasons, example)
    assert len(render_page(report(funnel))) < 200_000


def test_a_run_that_is_not_finished_says_so():
    assert "not finished" in render_page(report(unfinished()))
    assert "779,120 still waiting" in re.sub("<[^>]+>", "", render_page(report(unfinished())))
    assert "not finished" not in render_page(report(large()))
