"""The client against scripted services: what it asks again, what it gives up, what it says."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from veristone import ConfigError, Decision, InvalidSample, Reason, Sample, Verdict
from veristone.client import Client
from veristone.client.endpoints import Endpoints

SAMPLE = Sample(code="pass", id="a")
ONE, TWO = "http://one", "http://two"
Script = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veristone.client.client._PAUSE_S", 0.001)


def passed(request: httpx.Request) -> httpx.Response:
    sample = json.loads(request.content)
    return httpx.Response(200, json={"id": sample["id"], "decision": "pass", "reason": "passed"})


def client(script: Script, *urls: str, deadline_s: float = 5.0) -> Client:
    transport = httpx.MockTransport(script)
    return Client(*(urls or (ONE,)), deadline_s=deadline_s, transport=transport)


def answers(*responses: httpx.Response | Exception) -> Script:
    """Answer in this order, and then well."""
    left = list(responses)

    def script(request: httpx.Request) -> httpx.Response:
        if not left:
            return passed(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return script


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429, json={"error": "busy", "code": "overloaded"}),
        httpx.Response(503, text="no sandbox"),
        httpx.Response(502),
        httpx.Response(504),
        httpx.Response(500),
        httpx.Response(200, text="no verdict"),
        httpx.Response(200, content=b'{"id":' + b"[" * 5000),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
)
async def test_what_may_pass_is_asked_again(trouble: httpx.Response | Exception) -> None:
    async with client(answers(trouble, trouble)) as asked:
        assert (await asked.verify(SAMPLE)).decision is Decision.PASS


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, InvalidSample), (413, InvalidSample), (401, ConfigError), (404, ConfigError)],
)
async def test_what_will_not_pass_is_raised(status: int, error: type[Exception]) -> None:
    answer = httpx.Response(status, json={"error": "limits.cpu_s: no", "code": "x"})
    async with client(answers(answer)) as asked:
        with pytest.raises(error, match=r"limits\.cpu_s: no"):
            await asked.verify(SAMPLE)


@pytest.mark.parametrize(
    ("trouble", "reason", "says"),
    [
        (httpx.Response(429, json={"error": "busy"}), Reason.OVERLOADED, "one: busy"),
        (httpx.ConnectError("refused"), Reason.SANDBOX_ERROR, "one: refused"),
    ],
)
async def test_at_the_deadline_it_is_undecided(
    trouble: httpx.Response | Exception, reason: Reason, says: str
) -> None:
    async with client(answers(*[trouble] * 10_000), deadline_s=0.1) as asked:
        verdict = await asked.verify(SAMPLE)
    assert (verdict.id, verdict.decision, verdict.reason) == ("a", Decision.UNDECIDED, reason)
    assert says in verdict.message


async def test_the_service_is_told_how_long_there_is() -> None:
    seen: list[float] = []

    def script(request: httpx.Request) -> httpx.Response:
        seen.append(float(request.url.params["deadline_s"]))
        return httpx.Response(503) if len(seen) < 3 else passed(request)

    async with client(script, deadline_s=2.0) as asked:
        await asked.verify(SAMPLE)
    assert seen[0] <= 2.0
    assert seen == sorted(seen, reverse=True)


async def test_a_service_that_is_away_costs_nothing_where_there_is_another() -> None:
    def script(request: httpx.Request) -> httpx.Response:
        if request.url.host == "one":
            raise httpx.ConnectError("refused")
        return passed(request)

    async with client(script, ONE, TWO) as asked:
        verdicts = [each async for each in asked.verify_stream([SAMPLE] * 100)]
    assert {each.decision for each in verdicts} == {Decision.PASS}


async def test_a_stream_survives_a_sample_that_is_none() -> None:
    def script(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["id"] == "b":
            return httpx.Response(400, json={"error": "no language"})
        return passed(request)

    samples = [Sample(code="", id=name) for name in "abc"]
    async with client(script) as asked:
        verdicts = [each async for each in asked.verify_stream(samples)]
    assert [each.decision.value for each in verdicts] == ["pass", "undecided", "pass"]
    assert verdicts[1].message == "not accepted: no language"


async def test_no_more_is_under_way_than_a_service_takes() -> None:
    running = most = 0

    async def script(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return passed(request)

    transport = httpx.MockTransport(script)
    async with Client(ONE, transport=transport) as asked:
        verdicts: list[Verdict] = []
        async for each in asked.verify_stream([SAMPLE] * 300):
            verdicts.append(each)  # noqa: PERF401 - looked at while they come
    assert len(verdicts) == 300
    assert most < 64, "it grows by one for each full round of answers, from 16"


def test_an_address_that_is_none() -> None:
    with pytest.raises(ConfigError, match="http://HOST:PORT"):
        Client("localhost:8080")
    with pytest.raises(ConfigError, match="give the address"):
        Client()


def test_the_least_loaded_service_is_next_and_limits_follow_its_answers() -> None:
    services = Endpoints((ONE, TWO))
    first, second = services.take(0.0), services.take(0.0)
    assert first is not None
    assert second is not None
    assert {first.url, second.url} == {ONE, TWO}
    services.refused(first)
    assert first.limit == 8.0
    for _ in range(8):
        services.answered(second)
        second.in_flight += 1
    assert 16.4 < second.limit < 16.6
    services.lost(second, now=0.0)
    taken = [services.take(0.1) for _ in range(8)]
    assert {each.url for each in taken if each} == {first.url}, "the other one is away"
    assert services.take(0.1) is second, "all others have enough to do"


def test_a_limit_never_falls_below_one() -> None:
    services = Endpoints((ONE,))
    for _ in range(20):
        endpoint = services.take(0.0)
        assert endpoint is not None
        services.refused(endpoint)
    last = services.take(0.0)
    assert last is not None
    assert last.limit == 1.0
    assert services.take(0.0) is None
