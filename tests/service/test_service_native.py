"""The service's own paths over a scripted back end: replies, refusals, tenants, hostile bodies."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from serving import serving

from veristone import SandboxFailure
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import Job
from veristone.service.admission import Admission

TOKEN = "a-token-of-sixteen-or-more"
TENANTS = {"lab": {"token": TOKEN, "most_waiting": 1}, "other": {"token": TOKEN[::-1]}}


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def by_code(job: Job) -> Any:
    """Exit with 1 where the program says so; a sandbox breaks where it says that."""
    code = job.files["main.py"]
    if b"break" in code:
        return SandboxFailure("gone")
    return report(exit_code=1 if b"fail" in code else 0, stdout=code)


async def test_a_verdict() -> None:
    async with serving(FakeBackend(by_code)) as client:
        passed = await client.post("/v1/verify", json={"code": "pass", "id": "a"})
        failed = await client.post("/v1/verify", json={"code": "fail", "id": "b"})
    assert passed.status_code == failed.status_code == 200
    assert (passed.json()["decision"], passed.json()["stdout"]["head"]) == ("pass", "pass")
    assert (failed.json()["id"], failed.json()["reason"]) == ("b", "runtime_error")


async def test_a_request_goes_through_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Litestar calls in one what is no coroutine: for the guard that was a fifth of a request."""
    calls: list[Any] = []

    def note(*given: Any) -> None:
        calls.append(given)

    async with serving(FakeBackend(by_code)) as client:
        monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", note)
        answer = await client.post("/v1/verify", json={"code": "pass"})
    assert (answer.status_code, calls) == (200, [])


async def test_a_fault_of_ours_is_no_wrong_answer() -> None:
    async with serving(FakeBackend(by_code)) as client:
        answer = await client.post("/v1/verify", json={"code": "break"})
    assert (answer.status_code, answer.json()["decision"]) == (200, "undecided")


async def test_an_unforeseen_error_is_in_the_log_and_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*args: Any) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    async with serving(FakeBackend(by_code)) as client:
        monkeypatch.setattr(Admission, "verify", broken)
        answer = await client.post("/v1/verify", json={"code": "pass"})
        other = await client.post("/run_code", json={"code": "pass"})
    assert (answer.status_code, answer.json()["code"]) == (503, "fault")
    assert answer.headers["retry-after"] == "1"
    assert (other.status_code, other.json()["status"]) == (504, "SandboxError")
    assert "nobody foresaw" not in answer.text + other.text
    assert "nobody foresaw this" in caplog.text
    assert "/v1/verify" in caplog.text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"cod": "x"}', "missing required field `code`"),
        (b'{"code": 1}', "Expected `str`, got `int` - at `$.code`"),
        (b'{"code": "x", "check": {"kind": "guess"}}', "Invalid value 'guess'"),
        (b'{"code": "x"', "truncated"),
        (b'{"code": "x\xff"}', "utf-8"),
        (b'{"code": "x", "metadata": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", "deeper"),
        (b'{"code": "x", "language": "pyton"}', "did you mean 'python'"),
        (b'{"code": "x", "limits": {"memory_mib": 99999}}', "this engine allows 2048"),
        (b'{"code": "x", "files": {"../x": ""}}', "no relative path"),
        (b'{"code": "x", "check": {"kind": "program", "show_bytes": -1}}', "show_bytes"),
        (b'{"code": "x", "limits": {"cpu": 1}}', "limits has no field 'cpu'"),
        (b'{"code": "x", "tests": "assert f() == 1"}', "the field 'tests' is not read"),
        (b"[]", "Expected `object`"),
        (b"", "a body is expected"),
    ],
)
async def test_what_is_no_sample_is_explained(body: bytes, says: str) -> None:
    async with serving() as client:
        answer = await client.post("/v1/verify", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert says in answer.json()["error"]


async def test_a_body_that_is_too_large_is_refused() -> None:
    async with serving(max_body_mib=1) as client:
        answer = await client.post("/v1/verify", json={"code": "x" * 2**21})
        batch = await client.post("/v1/verify_batch", json=[{"code": "x" * 2**21}])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert batch.status_code == 413


async def test_a_deadline_that_passes_is_an_overload_and_says_when_to_come_again() -> None:
    async with serving(FakeBackend(delay_s=1), sandboxes=1) as client:
        answer = await client.post("/v1/verify", json={"code": "x"}, params={"deadline_s": 0.05})
    assert (answer.status_code, answer.json()["code"]) == (429, "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("deadline", ["0", "-1", "nan", "x"])
async def test_a_deadline_that_makes_no_sense(deadline: str) -> None:
    async with serving() as client:
        answer = await client.post(
            "/v1/verify", json={"code": "x"}, params={"deadline_s": deadline}
        )
    assert answer.status_code == 400
    assert "deadline_s" in answer.json()["error"]


@pytest.mark.parametrize("as_array", [True, False])
async def test_a_batch_answers_every_line_by_its_id(as_array: bool) -> None:
    samples = [{"code": "pass", "id": "a"}, {"code": "fail", "id": "b"}, {"cod": ""}]
    body = json.dumps(samples) if as_array else "\n\n".join(map(json.dumps, samples)) + "\n"
    async with serving(FakeBackend(by_code)) as client:
        answer = await client.post("/v1/verify_batch", content=body)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    records = lines(answer)
    verdicts = {each["id"]: each["decision"] for each in records if "id" in each}
    assert verdicts == {"a": "pass", "b": "fail"}
    (rejected,) = (each for each in records if "rejected" in each)
    assert rejected["line"] == (3 if as_array else 5)


async def test_a_batch_is_streamed_and_stops_where_it_was_told_to() -> None:
    samples = [{"code": "fail", "id": str(number)} for number in range(200)]
    samples.insert(3, {"code": "pass", "id": "right"})
    backend = FakeBackend(by_code, delay_s=0.001)
    async with serving(backend) as client:
        answer = await client.post("/v1/verify_batch", json=samples, params={"stop_on": "pass"})
    assert lines(answer)[-1]["id"] == "right"
    assert len(backend.jobs) < 100


async def test_in_a_batch_what_has_no_time_is_undecided() -> None:
    samples = [{"code": "x", "id": str(number)} for number in range(8)]
    async with serving(FakeBackend(delay_s=0.2), sandboxes=1) as client:
        answer = await client.post("/v1/verify_batch", json=samples, params={"deadline_s": 0.5})
    reasons = [each["reason"] for each in lines(answer)]
    assert len(reasons) == 8
    assert {"passed", "overloaded"} == set(reasons)


@pytest.mark.parametrize("header", [None, "Bearer nobody-knows-this-one", f"Basic {TOKEN}", TOKEN])
async def test_without_a_known_token_nothing_is_judged(header: str | None) -> None:
    backend = FakeBackend()
    headers = {"Authorization": header} if header else {}
    async with serving(backend, tenants=TENANTS) as client:
        for path in ("/v1/verify", "/v1/verify_batch", "/run_code", "/api/v2/execute", "/py_exec"):
            answer = await client.post(path, json={"code": "x"}, headers=headers)
            assert answer.status_code == 401, path
        assert (await client.get("/health")).status_code == 200
    assert not backend.jobs


async def test_a_tenant_has_its_share_and_no_more() -> None:
    async with serving(FakeBackend(delay_s=0.05), tenants=TENANTS) as client:

        async def ask(token: str) -> int:
            answer = await client.post(
                "/v1/verify", json={"code": "x"}, headers={"Authorization": f"Bearer {token}"}
            )
            return answer.status_code

        answers = await asyncio.gather(*(ask(TOKEN) for _ in range(3)), ask(TOKEN[::-1]))
    assert sorted(answers[:3]) == [200, 429, 429]
    assert answers[3] == 200


async def test_what_there_is_and_how_busy_it_is() -> None:
    async with serving(FakeBackend(by_code)) as client:
        await client.post("/v1/verify", json={"code": "fail"})
        await client.post("/v1/verify", json={"code": "x", "language": "nothing"})
        languages = (await client.get("/v1/languages")).json()
        health = (await client.get("/health")).json()
        metrics = (await client.get("/metrics")).text
        described = (await client.get("/openapi.json")).json()
    assert {"name": "python", "aliases": ["python3", "py"]} in languages
    assert (health["status"], health["backend"], health["running"]) == ("ok", "fake", 0)
    assert (
        'veristone_verdicts_total{decision="fail",reason="runtime_error",tenant=""} 1.0' in metrics
    )
    assert 'veristone_refused_total{tenant="",why="invalid"} 1.0' in metrics
    assert "veristone_slots 4.0" in metrics
    assert {"/v1/verify", "/v1/verify_batch", "/run_code", "/py_exec"} <= set(described["paths"])
    assert "Sample" in described["components"]["schemas"]
