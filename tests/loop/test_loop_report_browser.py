"""The page in a real browser: nothing asked for, nothing complained of, nothing out of place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from report_browser import CONTRAST, OVERLAPS, Browser, chromium, missing

from veristone.generators.pages.page import render_page
from veristone.loop.report.facts import Facts
from veristone.loop.report.sections import report
from veristone.loop.report.write import write_report

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

NAMES = ("whole", "hostile", "empty")
OPEN = "document.querySelectorAll('details').forEach(d => { d.open = true })"


@pytest.fixture(scope="module")
def pages(whole: Facts, hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every page."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "whole.html").write_text(render_page(report(whole)), encoding="utf-8")
    (folder / "hostile.html").write_bytes(write_report(hostile)[0].read_bytes())
    empty = Facts(name="empty", missing=["every step: nothing has run yet"])
    (folder / "empty.html").write_text(render_page(report(empty)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_fits_and_is_quiet(browser: Browser, pages: Path, name: str, width: int) -> None:
    url = (pages / f"{name}.html").as_uri()
    browser.console()
    browser.requests()
    browser.show(url, width)
    for _ in range(2):
        assert browser.run("return document.documentElement.scrollWidth") == width
        assert browser.run("return document.scripts.length") == 0
        assert browser.run("return typeof window.pwned") == "undefined"
        browser.run(OPEN)
    assert browser.console() == []
    assert browser.requests() == [url]


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 900])
@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_plot_covers_another(
    browser: Browser, pages: Path, name: str, width: int
) -> None:
    browser.show((pages / f"{name}.html").as_uri(), width)
    assert browser.run(OVERLAPS) == []
    browser.run("document.querySelectorAll('input:not(:checked)').forEach(i => i.click())")
    assert browser.run(OVERLAPS) == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_text_can_be_read(browser: Browser, pages: Path, name: str, dark: bool) -> None:
    browser.show((pages / f"{name}.html").as_uri(), 1280, dark=dark)
    browser.run(OPEN)
    assert browser.run(CONTRAST) == {}


def test_lines_of_curves_differ_in_colour(browser: Browser, pages: Path) -> None:
    browser.show((pages / "whole.html").as_uri(), 1280)
    script = """
    const first = document.querySelector('#training svg svg');
    return [...first.querySelectorAll('path.curve')].map(e => getComputedStyle(e).stroke);
    """
    colours = browser.run(script)
    assert len(colours) == len(set(colours)) == 6


def test_curves_fill_the_width_that_the_page_gives(browser: Browser, pages: Path) -> None:
    for width in (390, 1280):
        browser.show((pages / "whole.html").as_uri(), width)
        script = """
        const outer = document.querySelector('#training figure svg');
        const inner = outer.querySelector('svg path.curve');
        return inner.getBoundingClientRect().width / outer.getBoundingClientRect().width;
        """
        assert 0.8 < browser.run(script) < 0.9


def test_a_link_leads_to_its_section(browser: Browser, pages: Path) -> None:
    browser.show((pages / "whole.html").as_uri(), 1280)
    browser.run("document.querySelector('nav a[href=\"#training\"]').click()")
    top = browser.run("return document.getElementById('training').getBoundingClientRect().top")
    assert -1 <= top <= 200


def test_the_policy_stops_a_script_that_got_into_the_page(browser: Browser, pages: Path) -> None:
    html = (pages / "whole.html").read_text(encoding="utf-8")
    path = pages / "broken.html"
    bad = "<script>window.pwned = 1</script><img src='x.png'></main>"
    path.write_text(html.replace("</main>", bad), encoding="utf-8")
    browser.console()
    browser.requests()
    browser.show(path.as_uri(), 1280)
    assert browser.run("return typeof window.pwned") == "undefined"
    assert browser.requests() == [path.as_uri()]
    assert len(browser.console()) >= 2
