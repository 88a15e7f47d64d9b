"""The door: an overload is refused before a body is read, in the words of whose client asks."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import Job, Report
from veristone.service import Service, ServiceConfig
from veristone.service.admission import Overloaded
from veristone.service.dialects import DIALECTS

TOKEN = "a-token-of-sixteen-or-more"


@contextlib.asynccontextmanager
async def full(**settings: Any) -> AsyncGenerator[Any]:
    """Yield an application that has as much to do as it may."""
    settings = {"most_waiting": 1} | settings
    config = EngineConfig(sandboxes=1, attempts=1)
    async with Engine(config, backend=FakeBackend(delay_s=0.5)) as engine:
        app = Service(engine, ServiceConfig.model_validate(settings))
        body = b'{"code": "x"}'
        first = asyncio.ensure_future(ask(app, "/v1/verify", body=body, token=TOKEN))
        await asyncio.sleep(0.1)
        yield app
        assert (await first)[0] == 200


async def ask(
    app: Any,
    path: str,
    *,
    body: bytes | None = None,
    length: int | None = None,
    query: bytes = b"",
    token: str = "",
    sent: list[dict[str, Any]] | None = None,
    never: bool = False,
) -> tuple[int, bytes, dict[bytes, bytes]]:
    """Return status, body and headers; without a body, to read it is a mistake."""
    headers = [(b"content-length", str(len(body or b"") if length is None else length).encode())]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "query_string": query,
        "headers": headers,
        "client": ("test", 1),
        "server": ("test", 1),
    }
    messages = iter([] if body is None else [{"type": "http.request", "body": body}])
    sent = [] if sent is None else sent

    async def receive() -> dict[str, Any]:
        message = next(messages, None)
        if message is None:
            assert body is not None or never, "the body was asked for"
            await asyncio.sleep(3600)
        return message  # pyright: ignore[reportReturnType]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/verify", 429),
        ("/v1/verify_batch", 429),
        ("/run_code", 504),
        ("/api/v2/execute", 500),
        ("/py_exec", 503),
    ],
)
async def test_an_overload_is_refused_unread_in_each_dialects_words(path: str, status: int) -> None:
    async with full() as app:
        answer, body, headers = await ask(app, path)
    assert answer == status
    assert b"under way already" in body
    assert int(headers[b"content-length"]) == len(body)
    if status == 429:
        assert int(headers[b"retry-after"]) >= 1
        assert msgspec.json.decode(body)["code"] == "overloaded"


OVERLOAD = {
    504: "/run_code /run_jupyter /submit /common_evaluate /common_evaluate_batch /list_ids"
    " /get_prompts /get_prompt_by_id",
    500: "/api/v2/execute",
    502: "/execute",
    503: "/py_exec /test_program /test_program_stdio /submissions /submissions/batch"
    " /reward/slime /reward/openrlhf /validate /verify /seed_session /aggregate_metrics"
    " /execute_batch",
    429: "/e2b/execute /e2b/contexts /e2b/contexts/{name:str}/restart /reset /step"
    " /veristone/tasks /veristone/num_tasks /veristone/task /veristone/task_range",
}
"""What each dialect's own clients ask again after, or tell from a failure."""


def test_every_dialect_has_its_words_for_an_overload() -> None:
    found = {
        path: dialect.refuse(Overloaded("the queue is full", 3))
        for dialect in DIALECTS
        for path in dialect.paths()
    }
    wanted = {path: status for status, paths in OVERLOAD.items() for path in paths.split()}
    assert {path: reply.status for path, reply in found.items()} == wanted
    assert all(b"the queue is full" in reply.content() for reply in found.values())


async def test_an_overload_where_the_reply_repeats_the_request() -> None:
    """NeMo Gym would take a 503 for a failed rollout, Data Designer for a broken column."""
    response = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]}
    gym = {"response": response, "verifier_metadata": {"unit_tests": "assert x"}, "mine": 1}
    rows = {"data": [{"code": "x", "tests": "assert x"}]}
    async with full() as app:
        status, body, _ = await ask(app, "/verify", body=msgspec.json.encode(gym))
        reply = msgspec.json.decode(body)
        assert (status, reply["mine"], reply["mask_sample"]) == (200, 1, True)
        assert (reply["reward"], reply["_ng_failure_class"]) == (0.0, "undecided")
        status, body, _ = await ask(app, "/validate", body=msgspec.json.encode(rows))
        assert (status, msgspec.json.decode(body)["data"][0]["is_valid"]) == (200, None)


async def test_what_is_refused_unread_is_counted_and_written_down(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    tenants = {"lab": {"token": TOKEN, "most_waiting": 1}}
    async with full(audit=audit, tenants=tenants) as app:
        assert (await ask(app, "/run_code", token=TOKEN))[0] == 504
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            counted = (await client.get("/metrics")).text
            history = (await client.get("/v1/status")).json()["history"]
    assert 'veristone_refused_total{tenant="lab",why="overloaded"} 1.0' in counted
    assert sum(each["refused"] for each in history) == 1
    entries = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [(each["tenant"], each["outcome"]) for each in entries] == [
        ("lab", "refused"),
        ("lab", "pass"),
    ]
    assert entries[1]["reason"] == "passed"
    assert "code" not in audit.read_text()
    assert audit.stat().st_mode & 0o077 == 0


async def test_a_queue_that_is_longer_than_the_deadline_is_seen_from_outside() -> None:
    async with full(most_waiting=100) as app:
        body = b'{"code": "x"}'
        await ask(app, "/v1/verify", body=body)  # now it is known how long a sample takes
        waiting = [asyncio.ensure_future(ask(app, "/v1/verify", body=body)) for _ in range(8)]
        await asyncio.sleep(0.05)
        answer, said, _ = await ask(app, "/v1/verify", query=b"deadline_s=0.6")
        assert (answer, b"the queue is" in said) == (429, True)
        assert {each[0] for each in await asyncio.gather(*waiting)} == {200}


async def test_a_tenant_that_has_its_share_is_refused_unread() -> None:
    tenants = {"lab": {"token": TOKEN, "most_waiting": 1}, "other": {"token": TOKEN[::-1]}}
    async with full(most_waiting=100, tenants=tenants) as app:
        assert (await ask(app, "/run_code", token=TOKEN))[0] == 504
        other = await ask(app, "/run_code", body=b'{"code": "x"}', token=TOKEN[::-1])
        assert other[0] == 200


async def test_bodies_under_way_are_bounded_together() -> None:
    async with full(most_waiting=100, max_bodies_mib=1) as app:
        answer, body, _ = await ask(app, "/v1/verify", length=2**20)
        assert (answer, b"as large as memory allows" in body) == (429, True)
        assert (await ask(app, "/v1/verify", body=b'{"code": "x"}'))[0] == 200


@contextlib.asynccontextmanager
async def slow(sample_s: float = 30) -> AsyncGenerator[Any]:
    """Yield an application whose samples take long."""

    async def answer(job: Job) -> Report:
        await asyncio.sleep(sample_s)
        return report()

    config = EngineConfig(sandboxes=1, attempts=1)
    async with Engine(config, backend=FakeBackend(answer)) as engine:
        yield Service(engine, ServiceConfig())


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/verify", 503), ("/run_code", 504), ("/py_exec", 503)]
)
async def test_what_is_cancelled_is_refused_in_each_dialects_words(path: str, status: int) -> None:
    async with slow() as app:
        asking = asyncio.ensure_future(ask(app, path, body=b'{"code": "x"}'))
        await asyncio.sleep(0.1)
        asking.cancel()
        answer, body, headers = await asking
    assert answer == status
    assert b"the service ends before" in body
    if path == "/v1/verify":
        assert headers[b"retry-after"] == b"1"


async def test_a_batch_that_is_cancelled_is_broken_off() -> None:
    """Whoever reads it sees that it is not whole: it has no end."""
    messages: list[dict[str, Any]] = []
    async with slow(0.2) as app:
        body = b'{"code": "x"}\n' * 50
        asking = asyncio.ensure_future(ask(app, "/v1/verify_batch", body=body, sent=messages))
        while len(messages) < 3:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert messages[0]["status"] == 200
    assert all(message["more_body"] for message in messages[1:])


@pytest.mark.parametrize(("path", "status"), [("/v1/verify", 408), ("/run_code", 408)])
async def test_a_body_that_does_not_come_is_not_waited_for(path: str, status: int) -> None:
    """Its bytes are counted from its beginning, and others want the room."""
    config = EngineConfig(sandboxes=1, attempts=1)
    async with Engine(config, backend=FakeBackend()) as engine:
        app = Service(engine, ServiceConfig(deadline_s=0.2, max_bodies_mib=1))
        answer, body, _ = await ask(app, path, length=2**20, never=True)
        assert (answer, b"did not come within 0.2 s" in body) == (status, True)
        assert (await ask(app, path, body=b'{"code": "x"}', query=b"deadline_s=9"))[0] == 200
