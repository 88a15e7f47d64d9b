"""Chromium, driven over the WebDriver protocol (W3C) with nothing but HTTP.

`chromedriver` starts on a free port and ends with the `with` block, and the browser with it.
"""

import base64
import contextlib
import http.client
import json
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

__all__ = ["CONTRAST", "OVERLAPS", "Browser", "chromium", "missing"]

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",  # in containers there is none; the page under test runs no script
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


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


def missing() -> str:
    """Return why there is no browser to test with; empty if there is one."""
    for name in ("chromium", "chromedriver"):
        if shutil.which(name) is None:
            return f"no {name} on PATH (Debian: apt-get install chromium chromium-driver)"
    return ""


class Browser:
    """One tab."""

    def __init__(self, port: int, profile: Path) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._session = ""
        options = {
            "binary": shutil.which("chromium"),
            "args": [*_ARGUMENTS, f"--user-data-dir={profile}"],
            "perfLoggingPrefs": {"enableNetwork": True, "enablePage": False},
        }
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        asked = {"capabilities": {"alwaysMatch": capabilities}}
        self._session = "/session/" + self._ask("POST", "/session", asked)["sessionId"]

    def close(self) -> None:
        """End the browser."""
        try:
            self._ask("DELETE", "")
        finally:
            self._connection.close()

    def show(self, url: str, width: int, *, dark: bool = False) -> None:
        """Open a page in a window of some width, in CSS pixels."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", metrics)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", {"features": [theme]})
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str) -> Any:
        """Return what a script returns; it is not subject to the page's policy."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Give a command of the DevTools protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def console(self) -> list[str]:
        """Return what was written to the console since the last call."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last call.

        What the page's policy blocked was not; the console tells of it.
        """
        entries = self._ask("POST", "/se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        failed = [one["params"] for one in messages if one["method"] == "Network.loadingFailed"]
        blocked = {one["requestId"] for one in failed if one.get("blockedReason") == "csp"}
        sent = [one for one in messages if one["method"] == "Network.requestWillBeSent"]
        # The tab that the browser began with asks for parts of its own.
        asked = [one["params"] for one in sent if "chrome://" not in one["params"]["documentURL"]]
        return [one["request"]["url"] for one in asked if one["requestId"] not in blocked]

    def screenshot(self, path: Path) -> None:
        """Write a picture of the whole page."""
        options = {"format": "png", "captureBeyondViewport": True}
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", options)["data"]))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, self._session + path, data)
        answer = json.loads(self._connection.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"{answer['error']}: {answer.get('message', '')}")
        return answer


@contextlib.contextmanager
def chromium(profile: Path) -> Generator[Browser]:
    """Start a browser with a new profile."""
    arguments = ["chromedriver", "--port=0", "--allowed-ips=127.0.0.1"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as driver:
        try:
            browser = Browser(_port(driver), profile)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()


def _port(driver: subprocess.Popen[str]) -> int:
    assert driver.stdout is not None
    for line in driver.stdout:
        if "started successfully on port" in line:
            return int(line.split()[-1].rstrip("."))
    raise RuntimeError("chromedriver ended before it listened")
