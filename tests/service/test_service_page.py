"""The status page in a real browser: it fits, asks nobody else, and shows a verdict per test."""

import time
from collections.abc import Generator
from typing import Any

import httpx
import pytest
from report_browser import CONTRAST, Browser, chromium, missing
from serving import served, serving

from veristone import Reason, Verdict
from veristone.service.status import BUCKET_S, History

browsing = [pytest.mark.bubblewrap, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.fixture(scope="module")
def address() -> Generator[str]:
    """A service that has judged something."""
    with served() as (url, _):
        for code in ("print(1)", "print(1)", "1/0"):
            httpx.post(f"{url}/v1/verify", json={"code": code}, timeout=60)
        yield url


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    """A browser for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def until(browser: Browser, script: str) -> Any:
    deadline = time.monotonic() + 30
    while not (found := browser.run(script)):
        assert time.monotonic() < deadline, script
        time.sleep(0.05)
    return found


DRAWN = "return document.querySelectorAll('#chart rect').length > 0"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
class TestPage:
    pytestmark = browsing

    def test_it_fits_can_be_read_and_asks_nobody_else(
        self, browser: Browser, address: str, width: int, dark: bool
    ) -> None:
        browser.console()
        browser.requests()
        browser.show(f"{address}/", width, dark=dark)
        until(browser, DRAWN)
        assert browser.run("return document.documentElement.scrollWidth") == width
        assert browser.run(CONTRAST) == {}
        assert browser.console() == []
        asked = [url for url in browser.requests() if not url.startswith("data:")]
        assert asked
        assert all(url.startswith(address) for url in asked), asked
        assert browser.run("return document.querySelector('[data-sum=pass]').textContent") >= "2"

    def test_the_form_shows_a_verdict_for_each_test(
        self, browser: Browser, address: str, width: int, dark: bool
    ) -> None:
        browser.show(f"{address}/", width, dark=dark)
        until(browser, "return document.getElementById('language').value === 'python'")
        browser.run(
            "document.getElementById('tests').value ="
            " 'assert add(1, 2) == 3\\nassert add(1, 1) == \"<img src=x>\"';"
            "document.querySelector('#form button').click()"
        )
        until(browser, "return document.querySelectorAll('#verdict td').length > 0")
        cells = browser.run(
            "return [...document.querySelectorAll('#verdict tr')].slice(1)"
            ".map(row => row.children[1].textContent)"
        )
        assert cells == ["pass", "assertion_failed"]
        said = browser.run("return document.querySelector('#verdict .said').textContent")
        assert said.startswith("fail assertion_failed")
        assert browser.run("return document.querySelectorAll('#verdict img').length") == 0
        assert browser.run("return document.documentElement.scrollWidth") == width
        assert browser.run(CONTRAST) == {}


async def test_the_pages_policy_allows_its_own_files_and_no_more() -> None:
    async with serving() as client:
        page = await client.get("/")
        for path, kind in (("/status.css", "text/css"), ("/status.js", "text/javascript")):
            assert (await client.get(path)).headers["content-type"].startswith(kind)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "http" not in page.text.replace("https://", "http://"), "no assets of others"


async def test_what_the_page_shows() -> None:
    async with serving() as client:
        await client.post("/v1/verify", json={"code": "x"})
        status = (await client.get("/v1/status")).json()
    assert status["pools"] == [{"language": "python", "sandboxes": 2, "busy": 0, "replaced": 0}]
    assert len(status["history"]) == 180
    assert sum(each["pass"] for each in status["history"]) == 1


def test_outcomes_are_counted_by_time_and_forgotten() -> None:
    now = 1000.0
    history = History(lambda: now)
    reason = Reason.PASSED
    history.judged(Verdict(id="x", decision=reason.decision, reason=reason))
    now += BUCKET_S
    history.refused()
    moments = history.moments()
    assert [(each.passed, each.refused) for each in moments[-2:]] == [(1, 0), (0, 1)]
    now += 179 * BUCKET_S
    assert [each.refused for each in history.moments()][:2] == [1, 0]
    now += BUCKET_S
    assert not any(each.refused for each in history.moments())
