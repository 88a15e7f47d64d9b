"""Golden files: what a host's own client sends, and every word of the answer.

A file in `golden/` is one client. Its exchanges were written from the client's source, which the
file names, and go over HTTP to real sandboxes; `no_verdict` is what it is told where no sandbox
works. In an answer ``<text>`` stands for some text and ``<seconds>`` for a number from 0 on; an
answer that is a text is no JSON.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import served, serving

from veristone import SandboxFailure
from veristone.engine.backends.fake import FakeBackend

GOLDEN: dict[str, Any] = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "golden").glob("*.json"))
}
EXCHANGES = [
    pytest.param(exchange, id=f"{client}: {exchange['name']}")
    for client, written in GOLDEN.items()
    for exchange in written["exchanges"]
]


@pytest.fixture(scope="module")
def client() -> Generator[httpx.Client]:
    """A client of a service with real sandboxes."""
    with served() as (url, _), httpx.Client(base_url=url, timeout=60) as opened:
        yield opened


def differences(given: Any, wanted: Any, place: str = "reply") -> list[str]:
    """Return where an answer is another than the one that is written down."""
    if isinstance(wanted, dict) and isinstance(given, dict) and given.keys() == wanted.keys():
        pairs = [(given[name], wanted[name], f"{place}.{name}") for name in wanted]
    elif isinstance(wanted, list) and isinstance(given, list) and len(given) == len(wanted):
        pairs = [(*pair, f"{place}[{n}]") for n, pair in enumerate(zip(given, wanted, strict=True))]
    else:
        return [] if _same(given, wanted) else [f"{place}: {given!r} is not {wanted!r}"]
    return [found for pair in pairs for found in differences(*pair)]


def _same(given: Any, wanted: Any) -> bool:
    if wanted == "<text>":
        return isinstance(given, str) and given != ""
    if wanted == "<seconds>":
        return isinstance(given, float) and given >= 0
    # Of one type: JSON has one word for a truth and another for a number.
    return given == wanted and type(given) is type(wanted)


def request(exchange: Any) -> dict[str, Any]:
    return {
        "url": exchange["path"],
        "json": exchange["sent"],
        "headers": exchange.get("headers"),
    }


def check(answer: httpx.Response, exchange: Any) -> None:
    assert answer.status_code == exchange["status"], answer.text
    wanted = exchange["reply"]
    assert not differences(answer.text if isinstance(wanted, str) else answer.json(), wanted)


@pytest.mark.bubblewrap
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_client_is_answered_word_for_word(client: httpx.Client, exchange: Any) -> None:
    check(client.post(**request(exchange)), exchange)


@pytest.mark.parametrize("name", GOLDEN)
async def test_a_client_is_told_word_for_word_that_there_is_no_verdict(name: str) -> None:
    exchange = GOLDEN[name]["no_verdict"]
    async with serving(FakeBackend(lambda job: SandboxFailure("gone"))) as fake:
        check(await fake.post(**request(exchange)), exchange)


def test_the_comparison_finds_a_difference() -> None:
    """The tests above can fail."""
    assert differences({"a": [1.0]}, {"a": ["<seconds>"]}) == []
    assert differences({"a": 1.0}, {"a": 1}) == ["reply.a: 1.0 is not 1"]
    assert differences({"a": 1}, {"b": 1}) != []
    assert differences([1], [1, 1]) != []
    assert differences("", "<text>") != []
