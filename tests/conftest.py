"""Fixtures that the tests of every room share.

`engine` is an open engine with one sandbox, once per back end; `watched` adds a look into that
sandbox before and after. Both live as long as their module, so a module that uses them says
``pytestmark = pytest.mark.asyncio(loop_scope="module")``.
"""

import collections
import signal
from collections.abc import AsyncIterator

import backends
import pytest
import pytest_asyncio
from backends import Watched, need, on, open_engine

from veristone.engine import Engine

# A shell that runs this in the background has Ctrl-C ignored, and every program that a test starts
# would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests of Docker's sandboxes run under another runtime."""
    parser.addoption("--runtime", help="Docker's runtime for sandboxes: runsc is gVisor")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the helpers."""
    backends.runtime = config.getoption("--runtime")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, then those with many: a long one at the end has nothing beside
    it."""
    tests = collections.Counter(item.path for item in items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, -tests[item.path]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that names a back end is skipped where there is none, and fails where CI=true.

    Before its fixtures: they may start sandboxes.
    """
    for name in on:
        if item.get_closest_marker(name) is not None:
            need(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one short table what was skipped and why."""
    reasons: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        if isinstance(report.longrepr, tuple):
            reasons[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("skipped, by reason")
        for reason, number in reasons.most_common():
            terminalreporter.write_line(f"{number:5}  {reason}")


@pytest.fixture(scope="module", params=list(on.values()))
def backend(request: pytest.FixtureRequest) -> str:
    """The name of a back end; each test runs on both."""
    return request.param


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(backend: str) -> AsyncIterator[Engine]:
    """An open engine with one sandbox."""
    async with open_engine(backend) as opened:
        yield opened


@pytest.fixture(scope="module")
def watched(engine: Engine) -> Watched:
    """The same engine, with an eye on its sandbox."""
    return Watched(engine)
