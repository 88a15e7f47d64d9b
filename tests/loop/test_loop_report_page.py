"""The page and the Markdown, read as text and parsed; `test_loop_report_browser` looks at them."""

import base64
import hashlib
import re
from pathlib import Path

from page_reader import Page
from report_responses import HOSTILE

from veristone.generators.pages.page import render_page
from veristone.loop.report.facts import Difference, Facts, Result
from veristone.loop.report.sections import report
from veristone.loop.report.write import write_report
from veristone.training.evaluation.passk import Score
from veristone.training.evaluation.results import Summary

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "nav", "a"),
    *("h1", "h2", "h3", "p", "bdi", "span", "div", "ul", "li", "figure", "figcaption", "input"),
    *(
        "label",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "wbr",
        "details",
        "summary",
        "article",
    ),
    *("pre", "svg", "desc", "g", "text", "rect", "line", "path", "circle"),
}


def check(html: str) -> Page:
    assert html.startswith("<!doctype html>\n")
    page = Page(html)
    assert page.tags <= ALLOWED
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in {"src", "style"}}
    links = [value or "" for name, value in page.attributes if name == "href"]
    ids = [value or "" for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert all(link[1:] in ids for link in links)
    assert all(link.startswith("#") for link in links)
    return page


def test_the_page_of_a_whole_run_has_every_section(whole: Facts) -> None:
    html = render_page(report(whole))
    assert html == render_page(report(whole))
    assert check(html).headings == [
        "Evaluation",
        "Rounds and variants",
        "From source files to training rows",
        "Verdicts and refusals",
        "What the data are about",
        "Similarity to the benchmarks",
        "Training",
        "Samples to read",
        "Cost and time",
        "Made from and with",
    ]


def test_an_empty_run_has_a_page() -> None:
    assert check(render_page(report(Facts(name="nothing")))).headings == []
    assert "Not evaluated yet" in render_page(report(Facts(name="nothing")))


def test_the_policy_allows_the_page_s_own_style_sheet_and_nothing_else(whole: Facts) -> None:
    html = render_page(report(whole))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    rules = policy[1].replace("&#39;", "'").split("; ")
    assert rules[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert not re.search(r"url\(|@import", style[1])


def test_hostile_text_is_shown_and_is_no_markup(hostile: Path) -> None:
    html = write_report(hostile)[0].read_text(encoding="utf-8")
    page = check(html)
    assert not re.search("<(script|img)", html, re.IGNORECASE)
    assert str(7919 * 7907) not in html
    shown = "".join(page.code)
    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2], "safe⟨U+202E⟩gnp.exe⟨U+202C⟩"):
        assert text in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
    assert len(html) < 2_000_000


def facts(mean: float, low: float, high: float) -> Facts:
    """A run with one benchmark, its base model and a control."""

    def result(variant: str, number: int, share: float) -> Result:
        score = Score(k=1, mean=share, low=share, high=share, tasks=50)
        figures = Summary("he", 50, 50, 0, [score], [], [])
        return Result(label="he", variant=variant, round=number, settings="n 1", figures=figures)

    differences = [
        Difference(
            label="he",
            round=1,
            other=other,
            other_round=number,
            mean=mean,
            low=low,
            high=high,
            tasks=50,
        )
        for other, number in (("base", 0), ("control", 1))
    ]
    found = [result("base", 0, 0.3), result("main", 1, 0.3 + mean), result("control", 1, 0.3)]
    return Facts(name="n", results=found, differences=differences, variants={"control": ""})


def test_a_clear_gain_is_said_with_its_interval() -> None:
    found = facts(0.1, 0.04, 0.16)
    assert report(found).headline == "he: 30.0% before, 40.0% after"
    assert report(found).findings == [
        "he: +10.0 points [+4.0, +16.0] over the base model; +10.0 points [+4.0, +16.0] over the"
        " control control (50 tasks, 95% interval)."
    ]


def test_what_may_be_chance_is_said_to_be() -> None:
    said = report(facts(0.1, -0.02, 0.22)).findings[0]
    assert said.count("which may be chance") == 2


def test_a_loss_is_said_as_plainly_as_a_gain() -> None:
    found = facts(-0.1, -0.16, -0.04)
    assert report(found).headline == "he: 30.0% before, 20.0% after"
    assert "−10.0 points [−16.0, −4.0] over the base model" in report(found).findings[0]
