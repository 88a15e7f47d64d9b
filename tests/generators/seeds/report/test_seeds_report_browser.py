"""The page in a real browser: nothing asked for, nothing complained of, nothing out of place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import report_funnels
from report_browser import CONTRAST, OVERLAPS, Browser, chromium, missing

from veristone.generators.pages.page import render_page
from veristone.generators.seeds.report.sections import report

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

NAMES = ("large", "hostile", "small", "unfinished", "empty")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every page."""
    path = tmp_path_factory.mktemp("pages")
    for name in NAMES:
        html = render_page(report(getattr(report_funnels, name)()))
        (path / f"{name}.html").write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_fits_and_is_quiet(browser: Browser, folder: Path, name: str, width: int):
    url = (folder / f"{name}.html").as_uri()
    browser.console()
    browser.requests()
    browser.show(url, width)
    for _ in range(2):
        assert browser.run("return document.documentElement.scrollWidth") == width
        assert browser.run("return document.scripts.length") == 0
        assert browser.run("return typeof window.pwned") == "undefined"
        browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert browser.console() == []
    assert browser.requests() == [url]


@pytest.mark.parametrize("width", [360, 900])
@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_plot_covers_another(browser: Browser, folder: Path, name: str, width: int):
    browser.show((folder / f"{name}.html").as_uri(), width)
    assert browser.run(OVERLAPS) == []
    browser.run("document.querySelectorAll('input:not(:checked)').forEach(i => i.click())")
    assert browser.run(OVERLAPS) == []


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(browser: Browser, folder: Path, dark: bool):
    browser.show((folder / "unfinished.html").as_uri(), 1280, dark=dark)
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert browser.run(CONTRAST) == {}


def test_light_and_dark_differ(browser: Browser, folder: Path):
    grounds = set()
    for dark in (False, True):
        browser.show((folder / "small.html").as_uri(), 1280, dark=dark)
        grounds.add(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_the_switch_changes_the_axis(browser: Browser, folder: Path):
    browser.show((folder / "large.html").as_uri(), 1280)
    shown = "return [...document.querySelectorAll('#funnel .linear, #funnel .log')]"
    shown += ".filter(e => e.getBoundingClientRect().height > 0).map(e => e.className)"
    assert browser.run(shown) == ["log"]
    browser.run("document.getElementById('funnel-1-1-linear').click()")
    assert browser.run(shown) == ["linear"]


def test_the_policy_stops_a_script_that_got_into_the_page(browser: Browser, folder: Path):
    html = (folder / "small.html").read_text(encoding="utf-8")
    path = folder / "broken.html"
    path.write_text(
        html.replace("</main>", "<script>window.pwned = 1</script><img src='x.png'></main>"),
        encoding="utf-8",
    )
    browser.console()
    browser.requests()
    browser.show(path.as_uri(), 1280)
    assert browser.run("return typeof window.pwned") == "undefined"
    assert browser.requests() == [path.as_uri()]
    assert len(browser.console()) >= 2
