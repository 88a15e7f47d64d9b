"""The page in a real browser: nothing asked for, nothing complained of, nothing out of place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import report_funnels
from report_browser import Browser, chromium, missing

from generators.seeds.report.page import render_page

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

NAMES = ("large", "hostile", "small", "unfinished", "empty")

# Texts of a plot that lie over one another or leave it, in the drawings that are shown.
OVERLAPS = """
const wrong = [];
document.querySelectorAll('svg').forEach(svg => {
  const frame = svg.getBoundingClientRect();
  if (!frame.width) return;
  const boxes = [...svg.querySelectorAll('text')]
    .map(text => [text.textContent, text.getBoundingClientRect()])
    .filter(([_, box]) => box.width);
  boxes.forEach(([a, p], i) => {
    if (p.left < frame.left - 1 || p.right > frame.right + 1) wrong.push(['outside', a]);
    boxes.slice(i + 1).forEach(([b, q]) => {
      const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (wide > 1 && high > 4) wrong.push([a, b]);
    });
  });
});
return wrong;
"""

# Contrast of every visible text with what is behind it (WCAG 2.2, 1.4.3), where it is too low.
CONTRAST = """
const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = rgb => rgb.slice(0, 3).map(c => linear(c / 255))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const parse = text => text.match(/[0-9.]+/g).map(Number);
const behind = e => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const poor = {};
document.querySelectorAll('body *').forEach(e => {
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) return;
  if (!e.getBoundingClientRect().width || e.closest('title,desc')) return;
  const style = getComputedStyle(e);
  const ink = parse(e.namespaceURI.endsWith('svg') ? style.fill : style.color);
  const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) poor[e.tagName + '.' + (e.getAttribute('class') || '')] = ratio;
});
return poor;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every page."""
    path = tmp_path_factory.mktemp("pages")
    for name in NAMES:
        html = render_page(getattr(report_funnels, name)())
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
    browser.run("document.getElementById('funnel-linear').click()")
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
